import Domain
import JSON
import Testing

@testable import Engine
@testable import Store

@Test("an incident of a person moves services, goes forward, and puts them back")
func byHand() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [])
  let opened = try await world.open("Slow", [("API", .degraded)])
  #expect(opened.updates.map(\.message) == ["We look."] && opened.updates[0].author == "Ines")
  #expect(try await world.service(named: "API").status == .degraded)
  _ = try await world.incidents { try $0.update(opened.publicID, to: .monitoring, message: "Better.") }
  await #expect(throws: IncidentRefusal.cannotGo(from: .monitoring, to: .identified)) {
    try await world.incidents { try $0.update(opened.publicID, to: .identified, message: "Back.") }
  }
  let ended = try await world.incidents { try $0.update(opened.publicID, to: .resolved, message: "Well.") }
  #expect(ended.resolvedAt != nil)
  #expect(try await world.service(named: "API").status == .operational)
  await #expect(throws: IncidentRefusal.cannotGo(from: .resolved, to: .resolved)) {
    try await world.incidents { try $0.update(opened.publicID, to: .resolved, message: "Again.") }
  }
}

@Test("an incident never makes a service look better, and nothing is written when one move is refused")
func onlyWorsens() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [])
  try await world.service("Web", monitors: [])
  _ = try await world.open("Bad", [("API", .partial)])
  await #expect(throws: IncidentRefusal.cannotMove(index: 1, from: .partial, to: .degraded)) {
    _ = try await world.open("Odd", [("Web", .major), ("API", .degraded)])
  }
  #expect(try await world.list().count == 1)
  #expect(try await world.service(named: "Web").status == .operational)
}

@Test("after one of two incidents ends, the other rules; after a deletion too")
func newestOther() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [])
  _ = try await world.open("First", [("API", .degraded)])
  world.test.clock.advance(ms: 1000)
  let second = try await world.open("Second", [("API", .major)])
  _ = try await world.incidents { try $0.update(second.publicID, to: .resolved, message: "Over.") }
  #expect(try await world.service(named: "API").status == .degraded)
  let first = try #require(try await world.list().first { $0.title == "First" })
  try await world.incidents { try $0.delete(first.publicID) }
  #expect(try await world.service(named: "API").status == .operational)
  #expect(try await world.events().last?.data == ["id": .string(first.publicID.text), "is_deleted": true])
  #expect(try await world.list().map(\.title) == ["Second"])
}

@Test("after an incident a service is what its monitors say")
func monitorsRule() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  let incident = try await world.open("Odd", [("API", .partial)])
  try await world.change(.up, .degraded)
  #expect(try await world.service(named: "API").status == .partial)
  _ = try await world.incidents { try $0.update(incident.publicID, to: .resolved, message: "Over.") }
  #expect(try await world.service(named: "API").status == .degraded)
}

@Test("what a person sets stays until something worse or an incident's end; a maintenance stays until it is left")
func setByHand() async throws {
  let world = try await IncidentWorld()
  let service = try await world.service("API", monitors: [1])
  let draft = ServiceDraft(name: "API", monitors: [IncidentWorld.monitor(1)])
  _ = try await world.desk { try $0.update(service.publicID, to: draft, state: .set(.partial)) }
  try await world.change(.unconfirmed, .up)
  #expect(try await world.service(named: "API").status == .partial)
  _ = try await world.desk { try $0.update(service.publicID, to: draft, state: .byMonitors) }
  #expect(try await world.service(named: "API").status == .operational)
  _ = try await world.desk { try $0.update(service.publicID, to: draft, state: .set(.maintenance)) }
  try await world.change(.unconfirmed, .down)
  try await world.change(.down, .up)
  #expect(try await world.service(named: "API").status == .maintenance)
}

@Test("another organization's ids are absent ids")
func crossing() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [])
  let incident = try await world.open("Ours", [("API", .degraded)])
  await #expect(throws: IncidentRefusal.notFound) {
    try await world.incidents(scope: world.other) { try $0.delete(incident.publicID) }
  }
  let service = try await world.service(named: "API").publicID
  let theirs = IncidentDesk.Opening(
    title: "x", description: "", status: .investigating, message: "x", startedAt: world.test.clock.now,
    services: [(service, .major)])
  await #expect(throws: IncidentRefusal.unknownService(0)) {
    try await world.incidents(scope: world.other) { try $0.open(theirs) }
  }
}

@Test("each change of a person leaves one audit row")
func audited() async throws {
  let world = try await IncidentWorld(channels: 0)
  try await world.service("API", monitors: [])
  let incident = try await world.open("Ours", [("API", .degraded)])
  _ = try await world.incidents { try $0.acknowledge(incident.publicID) }
  _ = try await world.incidents { try $0.acknowledge(incident.publicID) }
  _ = try await world.incidents { try $0.update(incident.publicID, to: .resolved, message: "Over.") }
  try await world.incidents { try $0.delete(incident.publicID) }
  let actions = try await world.test.store.read { db in
    try db.rows("SELECT action FROM audit_log ORDER BY id") { $0.text(0) }
  }
  #expect(
    actions == ["service.create", "incident.create", "incident.acknowledge", "incident.update", "incident.delete"])
}
