import Domain
import JSON
import Testing

@testable import Engine
@testable import Store

private let refused = Failure(.connectRefused, .connect, "10.0.0.7:8080 refused the connection.")

@Test("entry into down opens one incident, moves its services and tells each channel once")
func entryIntoDown() async throws {
  let world = try await IncidentWorld(channels: 2)
  try await world.service("API", monitors: [1])
  try await world.change(.unconfirmed, .down, failure: refused)
  try await world.change(.down, .down, failure: refused)
  let all = try await world.list()
  #expect(all.count == 1)
  #expect(all[0].cause == .monitor && all[0].status == .investigating && all[0].title == "API is down")
  #expect(all[0].impacts.map { [$0.from, $0.to] } == [[.operational, .major]])
  #expect(all[0].monitors == [IncidentWorld.monitor(1)])
  #expect(try await world.service(named: "API").status == .major)
  #expect(try await world.told() == ["monitor.down", "monitor.down"])
}

@Test("what visitors read names the service and the reason, never an address")
func words() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.unconfirmed, .down, failure: refused)
  let message = try #require(try await world.list().first?.updates.first?.message)
  #expect(message.hasPrefix("API is down since ") && message.contains(" UTC. Connections are refused, seen from fra."))
  for (_, data) in try await world.events() {
    #expect(!data.text.contains("10.0.0.7") && !data.text.contains("secret") && !data.text.contains("monitor-1"))
  }
}

@Test("recovery resolves the incident, says how long it took, and comes after down in the outbox")
func recovery() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.unconfirmed, .down, failure: refused)
  try await world.change(.down, .up, after: 720_000)
  let incident = try #require(try await world.list().first)
  #expect(incident.status == .resolved)
  #expect(incident.resolvedAt.map { $0 - incident.startedAt } == 720_000)
  #expect(incident.updates.last?.message.hasSuffix(", after 12 min.") == true)
  #expect(try await world.service(named: "API").status == .operational)
  #expect(try await world.told() == ["monitor.down", "monitor.resolved"])
}

@Test("each entry into down is an incident of its own")
func again() async throws {
  let world = try await IncidentWorld()
  for _ in 1...2 {
    try await world.change(.unconfirmed, .down, failure: refused)
    try await world.change(.down, .up)
  }
  #expect(try await world.list().map(\.status) == [.resolved, .resolved])
  #expect(try await world.told() == ["monitor.down", "monitor.resolved", "monitor.down", "monitor.resolved"])
}

@Test("degraded opens nothing and tells nobody, but shows")
func degraded() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.up, .degraded)
  #expect(try await world.list().isEmpty)
  #expect(try await world.told().isEmpty)
  #expect(try await world.service(named: "API").status == .degraded)
}

@Test("a failure being verified changes nothing for visitors")
func unconfirmed() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  let before = try await world.events().count
  try await world.change(.up, .unconfirmed)
  #expect(try await world.events().count == before)
  #expect(try await world.service(named: "API").status == .operational)
}

@Test("a monitor that is not seen any more makes the service stale, not down, and visitors hear of it")
func unknown() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.up, .unknown)
  let service = try await world.service(named: "API")
  #expect(service.status == .operational && service.observed == .stale)
  #expect(try await world.events().last?.data["observed"] == "stale")
  #expect(try await world.list().isEmpty)
}

@Test("a channel made during the outage does not hear of its end alone")
func lateChannel() async throws {
  let world = try await IncidentWorld(channels: 0)
  try await world.change(.unconfirmed, .down, failure: refused)
  let store = world.test.store
  try await store.write { [scope = world.scope, principal = world.principal] db in
    _ = try ChannelQueries.create(
      ChannelDraft(kind: "slack", name: "late", settings: [:], summary: "", enabled: true), scope: scope, by: principal,
      in: db, world: store.world, sealer: store.sealer)
  }
  try await world.change(.down, .up)
  #expect(try await world.told().isEmpty)
}

@Test("when a person resolved it first, the message that it is up still comes, once")
func resolvedByHand() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.unconfirmed, .down, failure: refused)
  let id = try #require(try await world.list().first).publicID
  _ = try await world.incidents { try $0.update(id, to: .resolved, message: "Known.") }
  #expect(try await world.told() == ["monitor.down"])
  #expect(try await world.service(named: "API").status == .major)
  try await world.change(.down, .up)
  try await world.change(.unknown, .up)
  #expect(try await world.told() == ["monitor.down", "monitor.resolved"])
  #expect(try await world.list().count == 1)
  #expect(try await world.service(named: "API").status == .operational)
}

@Test("switching the monitor off ends its incident without saying that it is up")
func paused() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  try await world.change(.unconfirmed, .down, failure: refused)
  try await world.change(.down, .paused)
  #expect(try await world.list().first?.status == .resolved)
  // Nor long after, when it is watched again and seen after a time in which it was not.
  try await world.change(.unknown, .up)
  #expect(try await world.told() == ["monitor.down"])
  #expect(try await world.service(named: "API").status == .operational)
}

@Test("everything of a change rolls back together")
func rollback() async throws {
  struct Stop: Error {}
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  let before = try await world.events().count
  let change = MonitorChange(
    monitor: MonitorID(1), publicID: IncidentWorld.monitor(1), organization: world.scope.organization, name: "m",
    url: "", from: .up, to: .down, since: world.test.clock.now, at: world.test.clock.now, failure: refused)
  let store = world.test.store
  await #expect(throws: Stop.self) {
    try await store.write { db in
      try IncidentFlow.apply(change, in: db, world: store.world)
      throw Stop()
    }
  }
  #expect(try await world.list().isEmpty)
  #expect(try await world.told().isEmpty)
  #expect(try await world.events().count == before)
  #expect(try await world.service(named: "API").status == .operational)
}

@Test("every change that visitors see raises the page's revision")
func revision() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  func revision() async throws -> Int64? {
    try await world.test.store.read { db in try db.first("SELECT revision FROM status_page WHERE id = 1") { $0.int(0) }
    }
  }
  let first = try #require(try await revision())
  try await world.change(.unconfirmed, .down, failure: refused)
  let second = try #require(try await revision())
  try await world.change(.down, .up)
  #expect(second > first)
  #expect(try #require(try await revision()) > second)
  #expect(try await world.events(page: 2).isEmpty)
}

@Test("deleting the monitor ends its incident, frees its services and tells nobody that it is up")
func deleted() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1, 2])
  try await world.change(.unconfirmed, .down, failure: refused)
  let store = world.test.store
  let isGone = try await store.write { [scope = world.scope, principal = world.principal] db in
    try IncidentFlow.deleteMonitor(
      IncidentWorld.monitor(1), scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
  }
  #expect(isGone)
  #expect(try await world.list().first?.status == .resolved)
  #expect(try await world.told() == ["monitor.down"])
  let service = try await world.service(named: "API")
  #expect(service.status == .operational)
  #expect(service.monitors.map(\.publicID) == [IncidentWorld.monitor(2)])
}
