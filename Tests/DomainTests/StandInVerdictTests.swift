import Testing

@testable import Domain

@Suite("The verdict with stand-ins")
struct StandInVerdictTests {
  private let start = Instant(ms: 1_790_000_000_000)
  private let rules = VerdictRules(
    intervalMs: 60_000, budgetMs: 10_000, attempts: 1, recoveryChecks: 1, degradedChecks: 2, quorum: 0)

  private func watched(regions: Int64 = 3, vacant: [Int64]) -> Verdict {
    var verdict = Verdict(rules: rules, at: start)
    _ = verdict.handle(.configured(rules, regions: (1...regions).map { RegionID($0) }, isEnabled: true), now: start)
    for region in vacant {
      _ = verdict.handle(.regionHealth(RegionID(region), isHealthy: false), now: start)
    }
    return verdict
  }

  private func see(
    _ verdict: inout Verdict, _ status: CheckStatus, region: Int64, at s: Int64, standIn: Bool = false
  ) {
    let at = start + s * 1000
    _ = verdict.handle(
      .reported(
        .init(region: RegionID(region), trigger: .schedule, startedAt: at, status: status, isStandIn: standIn)), now: at
    )
  }

  @Test("one that looks for two regions makes no majority of three with them")
  func oneVantagePoint() {
    var verdict = watched(vacant: [2, 3])
    see(&verdict, .up, region: 1, at: 1)
    see(&verdict, .up, region: 2, at: 2, standIn: true)
    see(&verdict, .up, region: 3, at: 3, standIn: true)
    #expect(verdict.base == .up)
    see(&verdict, .down, region: 2, at: 62, standIn: true)
    see(&verdict, .down, region: 3, at: 63, standIn: true)
    #expect(verdict.base == .up)
    #expect(verdict.shown.status == .unconfirmed)
    // The same two words of the regions themselves are a majority.
    var own = watched(vacant: [])
    for region in 1...3 as ClosedRange<Int64> { see(&own, .up, region: region, at: region) }
    see(&own, .down, region: 2, at: 62)
    see(&own, .down, region: 3, at: 63)
    #expect(own.base == .down)
  }

  @Test("with the region that is there it is a majority of two")
  func agrees() {
    var verdict = watched(vacant: [2, 3])
    see(&verdict, .up, region: 1, at: 1)
    see(&verdict, .up, region: 2, at: 2, standIn: true)
    see(&verdict, .down, region: 1, at: 61)
    #expect(verdict.base == .up, "without the stand-in it would decide alone")
    see(&verdict, .down, region: 2, at: 62, standIn: true)
    #expect(verdict.base == .down)
  }

  @Test("its newest word is its word, and one failure that is still verified is none")
  func newestWord() {
    var verdict = watched(vacant: [1, 2, 3])
    let twice = VerdictRules(
      intervalMs: 60_000, budgetMs: 10_000, attempts: 2, recoveryChecks: 2, degradedChecks: 2, quorum: 0)
    _ = verdict.handle(.configured(twice, regions: (1...3).map { RegionID($0) }, isEnabled: true), now: start)
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region, standIn: true) }
    #expect(verdict.base == .up)
    see(&verdict, .down, region: 1, at: 61, standIn: true)
    see(&verdict, .down, region: 1, at: 62, standIn: true)
    #expect(verdict.base == .up, "it is the only voice, and has to see it again")
    see(&verdict, .down, region: 1, at: 63, standIn: true)
    see(&verdict, .down, region: 1, at: 64, standIn: true)
    #expect(verdict.base == .down)
    // Its first failure for the next region ends no outage.
    see(&verdict, .down, region: 2, at: 65, standIn: true)
    #expect(verdict.base == .down)
    see(&verdict, .down, region: 2, at: 66, standIn: true)
    see(&verdict, .up, region: 3, at: 67, standIn: true)
    see(&verdict, .up, region: 3, at: 68, standIn: true)
    #expect(verdict.base == .up)
    // What it said for the others is older, and the first good check of each takes it back.
    see(&verdict, .up, region: 1, at: 70, standIn: true)
    #expect(verdict.base == .up)
  }

  @Test("a region that is there speaks for itself: what a stand-in brings late is no word of its")
  func takesOver() {
    var verdict = watched(regions: 1, vacant: [1])
    see(&verdict, .down, region: 1, at: 1, standIn: true)
    #expect(verdict.base == .down)
    _ = verdict.handle(.regionHealth(RegionID(1), isHealthy: true), now: start + 2000)
    #expect(verdict.votes[0].vote == .none && !verdict.votes[0].isStandIn)
    see(&verdict, .down, region: 1, at: 3, standIn: true)
    #expect(verdict.votes[0].vote == .none)
    see(&verdict, .up, region: 1, at: 4)
    #expect(verdict.base == .up)
    // A region without a worker does not speak through its old worker either while somebody stands in for it.
    _ = verdict.handle(.regionHealth(RegionID(1), isHealthy: false), now: start + 5000)
    see(&verdict, .up, region: 1, at: 6, standIn: true)
    see(&verdict, .down, region: 1, at: 7)
    #expect(verdict.base == .up && verdict.votes[0].isStandIn)
  }

  @Test("a stand-in that is not well any more leaves the region silent")
  func ended() {
    var verdict = watched(regions: 1, vacant: [1])
    see(&verdict, .up, region: 1, at: 1, standIn: true)
    _ = verdict.handle(.regionHealth(RegionID(1), isHealthy: false), now: start + 2000)
    #expect(verdict.base == .unknown)
    #expect(!verdict.votes[0].hasVoice)
  }

  @Test("who stands in is stored with the verdict")
  func stored() throws {
    var verdict = watched(vacant: [2])
    see(&verdict, .up, region: 2, at: 1, standIn: true)
    let read = try Verdict(format: Verdict.format, encoded: verdict.encoded)
    #expect(read.votes.map(\.isStandIn) == [false, true, false])
  }
}
