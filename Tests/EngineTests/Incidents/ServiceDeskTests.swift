import Domain
import JSON
import Testing

@testable import Engine
@testable import Store

/// Gives a service other monitors and says nothing of its state.
private func give(_ monitors: [Int64], to name: String, in world: IncidentWorld) async throws {
  let id = try await world.service(named: name).publicID
  let draft = ServiceDraft(name: name, monitors: monitors.map(IncidentWorld.monitor))
  _ = try await world.desk { try $0.update(id, to: draft, state: .asItIs) }
}

@Test("a service that gains a monitor with an open incident is where the incident puts it, whatever is seen just now")
func joins() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [])
  try await world.change(.unconfirmed, .down)
  try await world.change(.down, .unknown)
  try await give([1], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .major)
  let impacts = try #require(try await world.list().first?.impacts)
  #expect(impacts.map { [$0.from, $0.to] } == [[.operational, .major]])
  #expect(try await world.events().last?.data["status"] == "major")
}

@Test("a service that loses a monitor leaves its open incident and is what the others say; its page hears of both")
func leaves() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1, 2])
  try await world.change(.unconfirmed, .down)
  let incident = try #require(try await world.list().first)
  #expect(try await world.service(named: "API").status == .major)
  try await give([2], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .operational)
  let after = try #require(try await world.list().first)
  #expect(after.isOpen && after.impacts.isEmpty)
  let events = try await world.events().suffix(2)
  #expect(events.map(\.type) == ["incident_update", "service_status_update"])
  #expect(events.first?.data == ["id": .string(incident.publicID.text), "is_deleted": true])
  #expect(events.last?.data["status"] == "operational")
  // And back again.
  try await give([1], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .major)
  #expect(try await world.list().first?.impacts.map(\.name) == ["API"])
}

@Test("who leaves one of two incidents is where the other puts it, and stays in what its other monitors brought")
func leavesOne() async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1, 2])
  _ = try await world.open("Odd", [("API", .degraded)])
  try await world.change(.unconfirmed, .down)
  try await give([2], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .degraded)
  try await world.change(.unconfirmed, .down, monitor: 2)
  try await give([2, 1], to: "API", in: world)
  try await give([2], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .major)
  let open = try await world.list().filter { !$0.impacts.isEmpty }.map(\.cause)
  #expect(open.count == 2 && Set(open) == [.manual, .monitor])
}

@Test("what a person set stays when a monitor goes, and what they say with a new one holds")
func byHandStays() async throws {
  let world = try await IncidentWorld()
  let service = try await world.service("API", monitors: [1, 2])
  try await world.change(.unconfirmed, .down)
  let both = ServiceDraft(name: "API", monitors: [IncidentWorld.monitor(1), IncidentWorld.monitor(2)])
  _ = try await world.desk { try $0.update(service.publicID, to: both, state: .set(.partial)) }
  try await give([2], to: "API", in: world)
  #expect(try await world.service(named: "API").status == .partial)
  let made = try await world.desk {
    try $0.create(ServiceDraft(name: "Web", monitors: [IncidentWorld.monitor(1)]), state: .set(.degraded))
  }
  #expect(made.status == .degraded && made.isSetByHand)
  _ = try await world.desk { try $0.update(service.publicID, to: both, state: .set(.degraded)) }
  #expect(try await world.service(named: "API").status == .degraded)
}
