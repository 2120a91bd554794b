import Domain
import JSON
import Notify
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("Telling of slots without an outcome")
struct SlotFlowTests {
  @Test("a store that refuses for minutes is told once and its end once, to the operator alone")
  func refusal() async throws {
    let told = try await IncidentWorld()
    let alarms = Alarms()
    let world = try await WatchWorld(onSlotAlarm: { change, _ in alarms.add(change) })
    for n in 0..<3 { try await world.monitor("m\(n)", intervalS: 10) }
    try await world.start()
    try await world.run(seconds: 30)
    try await world.refuse()
    try await world.run(seconds: 240)
    let since = await world.engine.currentFleet.slotsOverdueSince
    #expect(since != nil)
    #expect(alarms.all.isEmpty, "nothing can be stored")
    try await world.takeAgain()
    try await world.run(seconds: 60)
    #expect(alarms.all.map(\.isOver) == [false, true])
    #expect(alarms.all.first?.since == since)
    #expect(await world.engine.currentFleet.slotsOverdueSince == nil)

    for change in alarms.all + alarms.all {
      try await told.test.store.write { [world = told.test.store.world] in
        try SlotFlow.apply(change, in: $0, world: world)
      }
    }
    #expect(try await told.told() == ["slots.overdue", "slots.accounted"])
    let organizations = try await told.test.store.read {
      try $0.rows("SELECT DISTINCT organization_id FROM notification") { $0.int(0) }
    }
    #expect(organizations == [1])
    await world.engine.stop()
  }

  @Test("a restart tells of it no second time, and tells its end")
  func restart() async throws {
    let alarms = Alarms()
    let world = try await WatchWorld(onSlotAlarm: { change, db in
      alarms.add(change)
      try EngineQueries.noteSlotsOverdue(since: change.isOver ? nil : change.since, in: db)
    })
    let since = world.test.clock.now
    _ = try await world.test.store.write { try EngineQueries.noteSlotsOverdue(since: since, in: $0) }
    try await world.start()
    #expect(await world.engine.currentFleet.slotsOverdueSince == since)
    try await world.run(seconds: 12)
    #expect(alarms.all == [.init(isOver: true, since: since, at: alarms.all.first?.at ?? since)])
    #expect(try await world.test.store.read { try EngineQueries.slotsOverdueSince(in: $0) } == nil)
    await world.engine.stop()
  }
}

/// What the engine told.
private final class Alarms: Sendable {
  private let heard = Mutex<[SlotAlarm.Change]>([])
  var all: [SlotAlarm.Change] { heard.withLock { $0 } }
  func add(_ change: SlotAlarm.Change) { heard.withLock { $0.append(change) } }
}
