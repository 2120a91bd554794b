import Domain
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable import Store

@Suite("A day of fifty monitors")
struct DayTests {
  private struct Hour {
    var due: Int64 = 0
    var results: Int64 = 0
    var missed: Int64 = 0
    /// Missed slots that are told one by one, and those of stretches in which nothing ran.
    var told: Int64 = 0
    var asleep: Int64 = 0
  }

  /// Ends the engine and begins again `minutes` later.
  private func pause(_ world: WatchWorld, minutes: Int64, crash: Bool) async throws {
    if crash { await world.crash() } else { await world.engine.stop(drainMs: 1) }
    world.test.clock.advance(ms: minutes * Instant.minuteMs)
    try await world.start()
  }

  /// Ten seconds at a time; answers nothing while `isMute`.
  private func step(_ world: WatchWorld, _ status: CheckStatus, isMute: Bool) async throws {
    world.test.clock.advance(ms: 10_000)
    await world.engine.turn()
    if isMute {
      _ = world.prober.due()
    } else if world.prober.answer(status) > 0 {
      await world.engine.drained()
    }
  }

  @Test(
    "of every hour, due = results + missed, through crashes, stops, edits, a mute prober and a store that refuses",
    .timeLimit(.minutes(5)))
  func hours() async throws {
    let midnight = Instant(ms: 20_700 * Instant.dayMs)
    let world = try await WatchWorld()
    world.test.clock.set(midnight)
    var monitors: [MonitorID] = []
    for n in 0..<50 { monitors.append(try await world.monitor("m\(n)", intervalS: [60, 300, 900][n % 3])) }
    let failures = Mutex<[String]>([])
    let closer = HourCloser(
      store: world.test.store, pause: {}, failed: { error in failures.withLock { $0.append("\(error)") } })
    try await world.start()
    var seed: UInt64 = 42
    func random(_ below: UInt64) -> UInt64 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (seed >> 33) % below
    }
    let end = midnight + Instant.dayMs
    var mute = 0
    var refusal = 0
    var status = CheckStatus.up
    while world.test.clock.now < end {
      if random(30) == 0 { status = random(4) == 0 ? .down : .up }
      if mute == 0, random(300) == 0 { mute = 30 }
      if refusal == 0, random(400) == 0 {
        refusal = 30
        try await world.refuse()
      }
      try await step(world, status, isMute: mute > 0)
      mute = max(mute - 1, 0)
      if refusal > 0 {
        refusal -= 1
        if refusal == 0 { try await world.takeAgain() }
      } else if random(500) == 0 {
        try await pause(world, minutes: Int64(random(20)), crash: random(2) == 0)
      } else if random(200) == 0 {
        let id = monitors[Int(random(50))]
        let interval = [60, 120, 300, 900][Int(random(4))]
        try await world.edit(id) { $0.intervalS = interval }
      } else if random(60) == 0 {
        try await closer.round()
      }
    }
    if refusal > 0 { try await world.takeAgain() }
    for _ in 0..<60 { try await step(world, .up, isMute: false) }
    await world.engine.stop()
    try await closer.round()
    #expect(failures.withLock { $0 }.isEmpty)

    let hours = try await world.test.store.read { [monitors] db in
      var out = [Hour](repeating: Hour(), count: 24)
      let gaps = try EngineQueries.gaps(from: midnight, to: end, in: db)
      for id in monitors {
        let plan = try PlanQueries.touching(id, from: midnight, to: end, in: db)
        for (n, hour) in (midnight.hour..<end.hour).enumerated() {
          let from = Instant(ms: hour * Instant.hourMs)
          let to = from + Instant.hourMs
          out[n].due += Schedule.slotCount(of: plan, from: from, to: to)
          for rollup in try RollupQueries.hours(of: id, from: hour, to: hour + 1, in: db) {
            out[n].results += rollup.rollup.n
            out[n].missed += rollup.rollup.missed
          }
          let told = try PastResults.missed(of: id, from: from, to: to, limit: 10_000, in: db)
          out[n].told += Int64(told.count)
          let known = Set(told.map(\.missed.slot))
          for gap in gaps where gap.from < to && gap.to > from {
            let slots = Schedule.slots(of: plan, from: max(gap.from, from), to: min(gap.to, to))
            out[n].asleep += Int64(slots.count { !known.contains($0.at) })
          }
        }
      }
      return out
    }
    for (n, hour) in hours.enumerated() {
      #expect(hour.due == hour.results + hour.missed, "hour \(n): \(hour)")
      #expect(hour.missed == hour.told + hour.asleep, "hour \(n): \(hour)")
    }
    let total = hours.reduce(into: Hour()) {
      $0.due += $1.due
      $0.results += $1.results
      $0.told += $1.told
      $0.asleep += $1.asleep
    }
    #expect(total.results > total.due / 2 && total.told > 0 && total.asleep > 0, "\(total)")
  }
}
