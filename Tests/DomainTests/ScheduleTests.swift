import Domain
import Testing

@Suite("The schedule")
struct ScheduleTests {
  private func row(from: Int64, to: Int64? = nil, interval: Int64 = 60_000, phase: Int64 = 7) -> PlanRow {
    PlanRow(
      id: 1, monitor: MonitorID(1), region: RegionID(1), from: Instant(ms: from), to: to.map(Instant.init(ms:)),
      intervalMs: interval, phaseMs: phase)
  }

  @Test("puts slots on phase + k × interval from the row's first moment to before its last")
  func slots() {
    let plan = row(from: 60_007, to: 240_007)
    let all = plan.slots(from: Instant(ms: 0), to: Instant(ms: 1_000_000)).map(\.ms)
    #expect(Array(all) == [60_007, 120_007, 180_007])
    #expect(plan.firstSlot(atOrAfter: Instant(ms: 120_008))?.ms == 180_007)
    #expect(plan.firstSlot(atOrAfter: Instant(ms: 180_008)) == nil)
    #expect(plan.contains(Instant(ms: 120_007)))
    #expect(!plan.contains(Instant(ms: 120_008)))
  }

  @Test(
    "counts as many slots as it lists",
    arguments: [(0, 0), (0, 7), (0, 8), (7, 7), (-130_000, 500_001), (60_007, 60_008)])
  func counts(from: Int64, to: Int64) {
    for plan in [row(from: -200_000), row(from: 60_008, to: 300_000), row(from: 0, to: 0)] {
      let listed = Array(plan.slots(from: Instant(ms: from), to: Instant(ms: to)))
      #expect(plan.slotCount(from: Instant(ms: from), to: Instant(ms: to)) == Int64(listed.count))
      #expect(listed.allSatisfy { $0.ms >= from && $0.ms < to })
    }
  }

  @Test("staggers three regions at 60 s every 20 s, and spreads monitors over the interval")
  func phases() {
    var seen = Set<Int64>()
    for i in 0..<200 {
      let id = PublicID<MonitorTag>(random: (0..<16).map { UInt8(truncatingIfNeeded: i &* 31 &+ $0) })
      let phases = Schedule.phases(of: id, regions: 3, intervalMs: 60_000).sorted()
      #expect(phases[1] - phases[0] == 20_000 && phases[2] - phases[1] == 20_000)
      #expect(phases.allSatisfy { (0..<60_000).contains($0) })
      seen.insert(phases[0] / 2000)
    }
    #expect(seen.count == 10)
  }
}
