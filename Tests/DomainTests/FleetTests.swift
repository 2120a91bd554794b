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
