import Testing

@testable import Domain

@Suite("Slots without an outcome")
struct SlotAlarmTests {
  private let start = Instant(ms: 1_790_000_000_000)

  @Test("are told once when they are a minute over, and once when none is left, however many they are")
  func once() {
    var alarm = SlotAlarm()
    var changes: [SlotAlarm.Change] = []
    // Every five seconds a look; from 0 on a slot closes each second and none is accounted for until 300.
    for s in stride(from: Int64(-60), through: 600, by: 5) {
      let now = start + s * 1000
      let closes = s < 0 ? nil : s < 300 ? start : now + 1000
      if let change = alarm.look(oldestCloses: closes, now: now) { changes.append(change) }
    }
    #expect(
      changes == [
        .init(isOver: false, since: start, at: start + 70_000), .init(isOver: true, since: start, at: start + 300_000),
      ])
  }

  @Test("that one look alone finds late are being stored just then")
  func oneLook() {
    var alarm = SlotAlarm()
    for s in stride(from: Int64(0), through: 600, by: 5) {
      let now = start + s * 1000
      #expect(alarm.look(oldestCloses: s % 10 == 0 ? now - 90_000 : nil, now: now) == nil)
    }
  }

  @Test("stay told while the oldest of them changes, until none is over its time")
  func others() {
    var alarm = SlotAlarm(since: start)
    #expect(alarm.look(oldestCloses: start + 100_000, now: start + 120_000) == nil)
    #expect(alarm.since == start)
    #expect(alarm.look(oldestCloses: nil, now: start + 125_000)?.isOver == true)
    #expect(alarm.since == nil)
  }
}
