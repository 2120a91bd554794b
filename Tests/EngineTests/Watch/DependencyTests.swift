import Domain
import SQLite
import TestSupport
import Testing

@testable import Engine
@testable import Store

/// An engine whose changes become incidents; the shop needs the gateway, whose own next look is an hour away.
private struct Pair {
  let world: WatchWorld
  let gateway: MonitorID
  let shop: MonitorID

  init() async throws {
    let store = TestWorldBox()
    world = try await WatchWorld(onChange: { change, db in
      try IncidentFlow.apply(change, in: db, world: try #require(store.world))
    })
    store.world = world.test.store.world
    try await world.webhook()
    gateway = try await world.monitor("Gateway", intervalS: 3600, attempts: 1)
    shop = try await world.monitor("Shop", intervalS: 10, attempts: 1)
    let (shop, gateway) = (shop, gateway)
    try await world.test.store.write { [scope = world.scope] db in
      let parent = try #require(try DependencyQueries.monitor(gateway, scope: scope, in: db))
      try DependencyQueries.replace(of: shop, with: [parent.publicID], scope: scope, in: db)
    }
    try await world.start()
    // Both are looked at once, by hand where their slots are far away.
    _ = await world.engine.checkNow(gateway)
    try await run(seconds: 15, failing: [])
  }

  /// Moves the clock second by second; those named fail.
  func run(seconds: Int, failing: Set<String>) async throws {
    for _ in 0..<seconds {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
      let runs = world.prober.due()
      for run in runs { world.prober.report(run, failing.contains(run.target.settings.name) ? .down : .up) }
      if !runs.isEmpty { await world.engine.drained() }
    }
  }

  /// Kinds and incidents' monitors of the messages that may go by now.
  func due() async throws -> [String] {
    let now = world.test.clock.now
    return try await world.test.store.read { db in
      try db.rows(
        """
        SELECT n.kind, m.name FROM notification n JOIN incident_monitor im ON im.incident_id = n.incident_id
        JOIN monitor m ON m.id = im.monitor_id WHERE n.next_ms <= $1 ORDER BY n.id
        """, [.int(now.ms)]
      ) { "\($0.text(0)) \($0.text(1))" }
    }
  }
}

/// The world is known only when the store is.
private final class TestWorldBox: @unchecked Sendable {
  var world: World?
}

extension WatchWorld {
  fileprivate func webhook() async throws {
    let store = test.store
    try await store.write { [scope, principal] db in
      _ = try ChannelQueries.create(
        ChannelDraft(kind: "slack", name: "c", settings: [:], summary: "", enabled: true), scope: scope, by: principal,
        in: db, world: store.world, sealer: store.sealer)
    }
  }
}

@Suite("The engine and what needs what")
struct DependencyTests {
  @Test("a parent is looked at because its child fails, and when it is well the child's message goes at once")
  func parentIsWell() async throws {
    let pair = try await Pair()
    #expect(try await pair.world.status(pair.gateway) == .up)
    let looks = try await pair.world.count("SELECT count(*) FROM result_log WHERE monitor_id = \(pair.gateway.raw)")
    try await pair.run(seconds: 12, failing: ["Shop"])
    #expect(try await pair.world.status(pair.shop) == .down)
    #expect(try await pair.due() == ["monitor.down Shop"])
    let after = try await pair.world.count("SELECT count(*) FROM result_log WHERE monitor_id = \(pair.gateway.raw)")
    #expect(after == looks + 1, "once, however often the child fails")
    await pair.world.engine.stop()
  }

  @Test("a parent that fails with its child is found out at once, and only it is told of")
  func parentFails() async throws {
    let pair = try await Pair()
    try await pair.run(seconds: 12, failing: ["Shop", "Gateway"])
    #expect(try await pair.world.status(pair.gateway) == .down)
    #expect(try await pair.due() == ["monitor.down Gateway"])
    try await pair.run(seconds: 400, failing: ["Shop", "Gateway"])
    #expect(try await pair.due() == ["monitor.down Gateway"])
    #expect(try await pair.world.status(pair.shop) == .down)
    await pair.world.engine.stop()
  }
}
