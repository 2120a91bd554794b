import Domain
import Testing

@Suite("The slot clock")
struct SlotClockTests {
  private let wall = Instant(ms: 1_790_000_000_000)
  private func ns(_ ms: Int64) -> UInt64 { UInt64(1_000_000_000 + ms * 1_000_000) }
  private func clock(floor: Int64 = 0) -> SlotClock {
    SlotClock(wall: wall, monotonicNs: ns(0), floor: Instant(ms: floor))
  }

  /// Observes a wall clock that is `offset` ahead, once a second.
  private func run(_ clock: inout SlotClock, seconds: Int64, from: Int64 = 0, offset: Int64) -> [Instant] {
    (1...seconds).map { second in
      let at = from + second * 1000
      clock.observe(wall: wall + at + offset, monotonicNs: ns(at))
      return clock.now(monotonicNs: ns(at))
    }
  }

  @Test("a right wall clock is followed to the millisecond")
  func steady() {
    var clock = clock()
    let seen = run(&clock, seconds: 3600, offset: 0)
    #expect(seen.last == wall + 3_600_000)
  }

  @Test(
    "a jump of an hour, forward or back, is worked off at one per cent and never steps",
    arguments: [3_600_000, -3_600_000])
  func jump(_ offset: Int64) {
    var clock = clock()
    let seen = run(&clock, seconds: 600, offset: offset)
    var last = wall
    for now in seen {
      let step = now - last
      #expect((989...1011).contains(step), "a second took \(step) ms")
      last = now
    }
    let drawn = seen[599] - (wall + 600_000)
    #expect(abs(drawn) <= 6001)
    #expect(abs(drawn) >= 5900)
  }

  @Test("a small offset is gone within minutes")
  func small() {
    var clock = clock()
    let seen = run(&clock, seconds: 600, offset: 400)
    #expect(abs(seen[599] - (wall + 600_400)) <= 5)
  }

  @Test("a wall clock behind the last run's mark repeats no slot")
  func floor() {
    let clock = clock(floor: wall.ms + 5000)
    #expect(clock.now(monotonicNs: ns(0)) == wall + 5000)
  }

  @Test("a process that was stopped for an hour goes on where UTC is, without going back")
  func suspended() {
    var clock = clock()
    let before = run(&clock, seconds: 60, offset: 0)
    let hour: Int64 = 3_600_000
    clock.observe(wall: wall + 60_000 + hour, monotonicNs: ns(60_000 + hour))
    #expect(clock.now(monotonicNs: ns(60_000 + hour)) == before[59] + hour)
    #expect(clock.offsetMs(wall: wall + 60_000 + hour, monotonicNs: ns(60_000 + hour)) == 0)
  }

  @Test("a machine that slept, whose monotonic clock stood still, catches up at one per cent and never steps")
  func slept() {
    var clock = clock()
    let before = run(&clock, seconds: 60, offset: 0)
    let after = run(&clock, seconds: 100, from: 60_000, offset: 600_000)
    #expect((before + after).elementsEqual((before + after).sorted()))
    #expect((after[99] - before[59]) <= 101_010)
    #expect((after[99] - before[59]) >= 100_900)
  }

  @Test("the moment of an instant is where the clock will show it")
  func inverse() {
    var clock = clock()
    _ = run(&clock, seconds: 10, offset: 3_600_000)
    for ms in stride(from: Int64(0), through: 120_000, by: 777) {
      let instant = clock.now(monotonicNs: ns(10_000)) + ms
      let shown = clock.now(monotonicNs: clock.monotonicNs(of: instant))
      #expect(abs(shown - instant) <= 1)
    }
  }
}
