import Domain
import JSON
import Notify
import SQLite
import TestSupport
import Testing
import Wire

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("A region's change")
struct RegionFlowTests {
  /// Two organizations; the first has one region of its own and both of its monitors look from it and the shared one.
  private struct World {
    let incidents: IncidentWorld
    var store: Store { incidents.test.store }
    static let own = RegionID(50)
    static let shared = RegionID(1)

    init() async throws {
      incidents = try await IncidentWorld()
      try await incidents.test.store.write { db in
        try db.run(
          "INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES (50, 'reg_own', 'own', 1, 0)")
        for monitor in 1...2 as ClosedRange<Int64> {
          for region in [Self.own.raw, Self.shared.raw] {
            try db.run(
              """
              INSERT INTO monitor_plan (monitor_id, region_id, from_ms, to_ms, interval_ms, phase_ms)
              VALUES ($1, $2, 0, NULL, 60000, 0)
              """, [.int(monitor), .int(region)])
          }
        }
      }
    }

    func change(_ from: RegionState, _ to: RegionState, of region: RegionID = own) async throws {
      incidents.test.clock.advance(ms: 60_000)
      let change = RegionChange(region: region, name: "own", from: from, to: to, at: incidents.test.clock.now)
      try await store.write { [world = store.world] in try RegionFlow.apply(change, in: $0, world: world) }
    }

    func told() async throws -> [String] { try await incidents.told() }

    func notices() async throws -> [Notice] {
      try await store.read { db in
        try db.rows("SELECT payload FROM notification ORDER BY id") { try JSON(parsing: $0.text(0)) }
          .compactMap(Notice.init(json:))
      }
    }
  }

  @Test("is told once for each kind of trouble, and once when it is over")
  func once() async throws {
    let world = try await World()
    try await world.change(.healthy, .suspect)
    try await world.change(.suspect, .offline)
    try await world.change(.offline, .suspect)
    try await world.change(.suspect, .healthy)
    #expect(try await world.told() == ["region.suspect", "region.offline", "region.healthy"])
    let last = try #require(try await world.notices().last)
    #expect(last.sentence == "Region own is healthy again after 3 min.", "counted from the first trouble")
    try await world.change(.healthy, .offline)
    #expect(try await world.told().count == 4, "the next time is another one")
    let first = try #require(try await world.notices().first)
    #expect(first.reason == "The 2 monitors it looks at go on with their other regions.")
  }

  @Test("is not told where nothing is looked at from there, nor its end to those who never heard of it")
  func nothingThere() async throws {
    let world = try await World()
    _ = try await world.store.write { try $0.run("UPDATE monitor_plan SET to_ms = 1 WHERE region_id = 50") }
    try await world.change(.healthy, .offline)
    _ = try await world.store.write { try $0.run("UPDATE monitor_plan SET to_ms = NULL WHERE region_id = 50") }
    try await world.change(.offline, .healthy)
    #expect(try await world.told() == [])
  }

  @Test("of a shared region is told to each organization that looks from there, and to no other")
  func shared() async throws {
    let world = try await World()
    try await world.change(.healthy, .overloaded, of: World.shared)
    let organizations = try await world.store.read { db in
      try db.rows("SELECT organization_id FROM notification") { $0.int(0) }
    }
    #expect(organizations == [1])
    let events = try await world.store.read { db in
      try db.rows(
        """
        SELECT f.organization_id, e.data FROM feed_event e JOIN feed f ON f.id = e.feed_id WHERE e.type = 'region_update'
        """
      ) { ($0.int(0), $0.text(1)) }
    }
    #expect(events.map(\.0) == [1])
    #expect(events.first?.1.contains("overloaded") == true)
  }

  @Test("is kept: when it had no voice, and why, until that is old")
  func past() async throws {
    let world = try await World()
    try await world.change(.healthy, .suspect)
    let began = world.incidents.test.clock.now
    try await world.change(.suspect, .offline)
    func past() async throws -> [String] {
      try await world.store.read { db in
        try RegionQueries.unwell(World.own, from: began + 30_000, to: began + 600_000, in: db)
          .map { "\($0.state.rawValue) \(($0.from - began) / 1000)-\(($0.to - began) / 1000)" }
      }
    }
    #expect(try await past() == ["suspect 30-60", "offline 60-600"], "the last goes on")
    try await world.change(.offline, .healthy)
    #expect(try await past() == ["suspect 30-60", "offline 60-120"])
    let gone = try await world.store.write { try RegionQueries.pruneUnwell(before: began + 90_000, limit: 9, in: $0) }
    #expect(gone == 1)
    #expect(try await past() == ["offline 60-120"])
  }

  @Test("is known after a restart, with the moment it began")
  func stored() async throws {
    let world = try await World()
    try await world.change(.healthy, .suspect)
    let began = world.incidents.test.clock.now
    try await world.change(.suspect, .offline)
    #expect(try await world.store.read { try RegionQueries.unwell(in: $0) } == [World.own: .offline])
    let scope = world.incidents.scope
    let row = try await world.store.read { try RegionQueries.list(scope: scope, in: $0).first { $0.key == World.own } }
    #expect(row?.unwellSince == began)
    try await world.change(.offline, .healthy)
    #expect(try await world.store.read { try RegionQueries.unwell(in: $0) }.isEmpty)
  }

  @Test(
    "is told with what it means",
    arguments: [
      (1, 0, "The monitor it looks at goes on with its other regions."),
      (214, 0, "The 214 monitors it looks at go on with their other regions."),
      (1, 1, "The monitor it looks at has no other region and is unknown."),
      (3, 3, "The 3 monitors it looks at have no other region and are unknown."),
      (2, 1, "One monitor goes on with its other regions; one that only it watches is unknown."),
      (9, 2, "7 monitors go on with other regions; 2 that only it watches are unknown."),
    ])
  func words(monitors: Int, alone: Int, sentence: String) {
    #expect(RegionWords.consequence(monitors: monitors, alone: alone) == sentence)
  }

  @Test(
    "is told with who looks in its place",
    arguments: [
      (1, 1, 0, "A stand-in looks in its place at the monitor it looks at."),
      (4, 4, 0, "A stand-in looks in its place at the 4 monitors it looks at."),
      (3, 1, 1, "One monitor goes on with its other regions; one that only it watches is unknown."),
    ])
  func lent(monitors: Int, lent: Int, alone: Int, sentence: String) {
    let said = RegionWords.consequence(RegionQueries.Use(monitors: monitors, lent: lent, alone: alone))
    #expect(said == (monitors == lent ? sentence : sentence + " A stand-in looks in its place at 1 more."))
  }

  @Test("counts what stand-ins look at while it has no worker and there are some")
  func use() async throws {
    let world = try await World()
    let scope = world.incidents.scope
    func use(_ isVacant: Bool) async throws -> RegionQueries.Use {
      try await world.store.read { try RegionQueries.use(of: World.shared, isVacant: isVacant, scope: scope, in: $0) }
    }
    var settings = MonitorSettings(name: "m", url: "https://a.test/")
    settings.allowsStandIn = true
    let text = MonitorCodec.plain(settings).text
    _ = try await world.store.write { db in
      try db.run("UPDATE monitor SET settings = $1 WHERE id = 1", [.text(text)])
    }
    #expect(try await use(true) == RegionQueries.Use(monitors: 2, lent: 0, alone: 0), "there is no stand-in")
    try await world.store.write { db in
      try db.run(
        "INSERT INTO region (id, public_id, name, created_ms) VALUES (60, 'reg_any', $1, 0)", [.text(StandIn.name)])
      try db.run(
        """
        INSERT INTO worker (public_id, region_id, key_id, secret_hash, hostname, version, address, enrolled_ms, seen_ms)
        VALUES ('wrk_1', 60, 'k', $1, 'h', '1', 'a', 0, 0)
        """, [.blob([1])])
    }
    #expect(try await use(true) == RegionQueries.Use(monitors: 2, lent: 1, alone: 0))
    #expect(try await use(false).lent == 0)
  }
}
