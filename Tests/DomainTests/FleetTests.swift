import Testing

@testable import Domain

@Suite("A fleet of workers")
struct FleetTests {
  private let start = Instant(ms: 1_000_000)
  private let fra = RegionID(2)
  private let one = WorkerID(1)

  private func report(_ change: (inout WorkerReport) -> Void = { _ in }) -> WorkerReport {
    var report = WorkerReport()
    change(&report)
    return report
  }

  @Test("what a region was before a restart holds until its workers are back; then it is healthy again")
  func known() {
    var fleet = Fleet(begun: start, known: [fra: .offline])
    #expect(fleet.state(of: fra) == .offline)
    #expect(fleet.handle(.timePassed, regions: [fra], now: start + 1000).isEmpty)
    #expect(fleet.handle(.timePassed, regions: [fra], now: start + Limits.workersReturnMs).isEmpty)
    let back = fleet.handle(.seen(one, fra, waitMs: 0, report()), regions: [fra], now: start + 60_000)
    #expect(back == [.regionChanged(fra, from: .offline, to: .healthy)])
  }

  @Test("nothing is concluded of a region without workers right after the start, and then it is offline")
  func grace() {
    var fleet = Fleet(begun: start)
    #expect(fleet.handle(.timePassed, regions: [fra], now: start + Limits.workersReturnMs - 1).isEmpty)
    #expect(
      fleet.handle(.timePassed, regions: [fra], now: start + Limits.workersReturnMs) == [
        .regionChanged(fra, from: .healthy, to: .offline)
      ])
  }

  @Test("people see those who are heard of, and what each says of itself")
  func sight() {
    var fleet = Fleet(begun: start)
    _ = fleet.handle(.seen(one, fra, waitMs: 5000, report { $0.resolverWorks = false }), regions: [fra], now: start)
    _ = fleet.handle(
      .seen(WorkerID(2), fra, waitMs: 0, report { $0.loopLagP99Us = Limits.loopLagOverloadedUs + 1 }), regions: [fra],
      now: start)
    let sight = fleet.sight(at: start + 1)
    #expect(sight.members[one]?.state == .suspect)
    #expect(sight.members[WorkerID(2)]?.state == .overloaded)
    #expect(sight.states[fra] == .healthy, "one of two is no reason to mute the region")
    let later = fleet.sight(at: start + Limits.workerSilentMs + 1)
    #expect(later.members.keys.sorted() == [one], "the other was silent for too long")
  }

  @Test("the pace is that of the last minute, and unknown before there was one")
  func pace() {
    var pace = Pace()
    #expect(pace.perSecond(at: start) == nil)
    for second in 0..<120 as Range<Int64> { pace.count(10, at: start + second * 1000) }
    #expect(abs(pace.perSecond(at: start + 119_999)! - 10) < 1)
    #expect(pace.perSecond(at: start + 300_000) == 0)
    var young = Pace()
    young.count(5, at: start)
    #expect(young.perSecond(at: start + 1000) == nil)
    #expect(young.perSecond(at: start + 10_000) == 0.5)
  }
}

@Suite("The guard of a region")
struct RegionGuardTests {
  private let start = Instant(ms: 1_000_000)

  private func fail(_ watch: inout RegionGuard, _ targets: Range<Int>, at ms: Int64, hasWayOut: Bool? = nil) {
    for n in targets { _ = watch.see("t\(n).test", failed: true, hasWayOut: hasWayOut, at: start + ms) }
  }

  private func isSuspect(_ watch: inout RegionGuard, at ms: Int64) -> Bool {
    _ = watch.conclude(now: start + ms)
    return watch.isSuspect
  }

  @Test("targets that fail together are the region's trouble, unless there was a way out as they did")
  func together() {
    for hasWayOut in [nil, false, true] as [Bool?] {
      var watch = RegionGuard()
      for n in 0..<6 { _ = watch.see("t\(n).test", failed: false, at: start) }
      fail(&watch, 0..<5, at: 10_000, hasWayOut: hasWayOut)
      #expect(isSuspect(&watch, at: 10_001) == (hasWayOut != true))
      // As they go on failing nobody is asked any more.
      fail(&watch, 0..<5, at: 20_000)
      #expect(isSuspect(&watch, at: 20_001) == (hasWayOut != true))
      #expect(watch.witnesses(besides: "x.test", count: 9) == ["t5.test"])
    }
  }

  @Test("what failed by itself is the region's trouble again when the way out goes")
  func wayOutGoes() {
    var watch = RegionGuard()
    fail(&watch, 0..<5, at: 0, hasWayOut: true)
    #expect(!isSuspect(&watch, at: 1))
    fail(&watch, 0..<5, at: 300_000, hasWayOut: false)
    #expect(isSuspect(&watch, at: 300_001))
  }

  @Test("the suspicion ends when most that are looked at work, or fail with a way out")
  func recovers() {
    var watch = RegionGuard()
    fail(&watch, 0..<4, at: 0)
    #expect(isSuspect(&watch, at: 0))
    // One good second of a network that comes and goes is not enough.
    fail(&watch, 4..<5, at: 9000, hasWayOut: true)
    fail(&watch, 0..<4, at: 9500, hasWayOut: false)
    #expect(isSuspect(&watch, at: 20_000))
    fail(&watch, 0..<4, at: 21_000, hasWayOut: true)
    #expect(!isSuspect(&watch, at: 21_001))
    fail(&watch, 0..<4, at: 22_000)
    #expect(!isSuspect(&watch, at: 22_001))
  }
}
