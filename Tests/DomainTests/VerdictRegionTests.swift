import Testing

@testable import Domain

/// What the simulation found: three regions, each seeing its own.
@Suite("The verdict over several regions")
struct VerdictRegionTests {
  private let start = Instant(ms: 1_790_000_000_000)
  private let rules = VerdictRules(
    intervalMs: 600_000, budgetMs: 31_500, attempts: 2, recoveryChecks: 2, degradedChecks: 2, quorum: 0)

  private func watched() -> Verdict {
    var verdict = Verdict(rules: rules, at: start)
    _ = verdict.handle(
      .configured(rules, regions: (1...3).map { RegionID($0) }, isEnabled: true), now: start)
    return verdict
  }

  @discardableResult
  private func see(
    _ verdict: inout Verdict, _ status: CheckStatus, region: Int64, at s: Int64, _ trigger: Trigger = .schedule
  ) -> [Verdict.Action] {
    let at = start + s * 1000
    return verdict.handle(
      .reported(.init(region: RegionID(region), trigger: trigger, startedAt: at, status: status)), now: at)
  }

  @Test("one region's trouble that is over and the next one's make no majority together")
  func oneAfterTheOther() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    see(&verdict, .down, region: 1, at: 100)
    see(&verdict, .down, region: 1, at: 101)
    #expect(verdict.shown.status == .up)
    see(&verdict, .up, region: 1, at: 700)
    see(&verdict, .up, region: 2, at: 710)
    see(&verdict, .down, region: 3, at: 720)
    see(&verdict, .down, region: 3, at: 721)
    #expect(verdict.base == .up)
    #expect(!verdict.inOutage)
  }

  @Test("a region's old word for down is asked anew before it makes a majority, whoever asked the second region")
  func oldWord() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    see(&verdict, .down, region: 1, at: 100)
    see(&verdict, .down, region: 1, at: 101)
    #expect(see(&verdict, .down, region: 3, at: 500, .secondOpinion).contains(.askOthers(than: RegionID(3))))
    see(&verdict, .up, region: 1, at: 501, .secondOpinion)
    see(&verdict, .down, region: 3, at: 502, .secondOpinion)
    #expect(verdict.base == .up)
  }

  @Test(
    "a failure that is found for another monitor's sake is news to the other regions; one that was asked for is not")
  func foundByChance() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    #expect(see(&verdict, .down, region: 2, at: 100, .secondOpinion).contains(.askOthers(than: RegionID(2))))
    #expect(!see(&verdict, .down, region: 1, at: 101, .secondOpinion).contains(.askOthers(than: RegionID(1))))
  }

  @Test("a region that speaks alone for three is asked again, and has to see twice as many failing attempts")
  func alone() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    for region in 2...3 as ClosedRange<Int64> {
      _ = verdict.handle(.regionHealth(RegionID(region), isHealthy: false), now: start + 50_000)
    }
    see(&verdict, .down, region: 1, at: 100)
    #expect(see(&verdict, .down, region: 1, at: 101).contains(.askAgain(RegionID(1))))
    #expect(verdict.base == .up && verdict.shown.status == .unconfirmed)
    #expect(!see(&verdict, .down, region: 1, at: 102, .secondOpinion).contains(.askAgain(RegionID(1))))
    #expect(verdict.base == .up)
    see(&verdict, .down, region: 1, at: 103, .secondOpinion)
    #expect(verdict.base == .down && verdict.baseSince == start + 100_000)
  }

  @Test("alone after others said the same, it needs nobody to say it again; where one is enough by choice, one is")
  func aloneButBorneOut() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    for region in 1...2 as ClosedRange<Int64> {
      see(&verdict, .down, region: region, at: 100 + region)
      see(&verdict, .down, region: region, at: 110 + region)
    }
    for region in 2...3 as ClosedRange<Int64> {
      _ = verdict.handle(.regionHealth(RegionID(region), isHealthy: false), now: start + 120_000)
    }
    #expect(verdict.base == .down)

    var any = rules
    any.quorum = 1
    var chosen = Verdict(rules: any, at: start)
    _ = chosen.handle(.configured(any, regions: (1...3).map { RegionID($0) }, isEnabled: true), now: start)
    see(&chosen, .up, region: 1, at: 1)
    see(&chosen, .down, region: 1, at: 100)
    see(&chosen, .down, region: 1, at: 101)
    #expect(chosen.base == .down)
  }

  @Test("a region that was outvoted makes no majority when those that outvoted it are taken away")
  func othersInTheirPlace() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    for n in 0..<4 as Range<Int64> { see(&verdict, .down, region: 1, at: 100 + n) }
    #expect(verdict.base == .up)
    _ = verdict.handle(
      .configured(rules, regions: [1, 4].map { RegionID($0) }, isEnabled: true), now: start + 200_000)
    #expect(verdict.base == .unknown && !verdict.inOutage)
    see(&verdict, .up, region: 4, at: 210)
    #expect(verdict.base == .up)
  }

  @Test("unknown begins when the last word ended, not when another region's did long before")
  func unknownFrom() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    for n in 1...10 as ClosedRange<Int64> { see(&verdict, .up, region: 1, at: 600 * n) }
    let now = start + 6_100_000
    let actions = verdict.handle(.regionHealth(RegionID(1), isHealthy: false), now: now)
    #expect(actions.contains(.enter(.unknown, since: now)))
  }

  @Test("a region that is left alone with its word for down is asked again then, whatever it saw while it was outvoted")
  func leftAlone() {
    for isByTime in [false, true] {
      var verdict = watched()
      for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
      for n in 0..<8 as Range<Int64> { see(&verdict, .down, region: 1, at: 600 + n) }
      #expect(verdict.base == .up)
      var actions: [Verdict.Action] = []
      let end = isByTime ? start + 3000 + rules.voteLastsMs : start + 620_000
      if isByTime {
        actions = verdict.handle(.timePassed, now: end)
      } else {
        for region in 2...3 as ClosedRange<Int64> {
          actions += verdict.handle(.regionHealth(RegionID(region), isHealthy: false), now: end)
        }
      }
      #expect(actions.filter { $0 == .askAgain(RegionID(1)) }.count == 1)
      #expect(verdict.base == .up && verdict.shown.status == .unconfirmed)
      for n in 0..<2 as Range<Int64> { see(&verdict, .down, region: 1, at: 660 + n, .secondOpinion) }
      #expect(verdict.base == .down)
      #expect(verdict.baseSince == (isByTime ? end : start + 600_000))
    }
  }

  @Test("the first region that sees an outage end asks the others, once")
  func endIsAsked() {
    var verdict = watched()
    for region in 1...3 as ClosedRange<Int64> { see(&verdict, .up, region: region, at: region) }
    for region in 1...2 as ClosedRange<Int64> {
      see(&verdict, .down, region: region, at: 100 + region)
      see(&verdict, .down, region: region, at: 110 + region)
    }
    #expect(verdict.base == .down)
    #expect(see(&verdict, .up, region: 1, at: 700).contains(.askOthers(than: RegionID(1))))
    #expect(!see(&verdict, .up, region: 2, at: 701, .secondOpinion).contains(.askOthers(than: RegionID(2))))
    #expect(!see(&verdict, .up, region: 1, at: 1300).contains(.askOthers(than: RegionID(1))))
    see(&verdict, .up, region: 2, at: 1301)
    #expect(verdict.base == .up)
    #expect(verdict.baseSince == start + 701_000)
  }
}

@Test("what a worker kept on its disk is history: it calls nothing down that may be up by now")
func historyMovesNothing() {
  var settings = MonitorSettings(name: "m", url: "http://example.test/")
  settings.intervalS = 300
  let rules = VerdictRules(settings)
  let start = Instant(ms: 1_790_000_000_000)
  let region = RegionID(1)
  var verdict = Verdict(rules: rules, at: start)
  _ = verdict.handle(.configured(rules, regions: [region], isEnabled: true), now: start)
  _ = verdict.handle(.notRunning(from: start, to: start + 200_000), now: start + 200_000)
  let now = start + 250_000
  func report(_ at: Instant) -> Verdict.Event {
    .reported(.init(region: region, trigger: .schedule, startedAt: at, status: .down))
  }
  for attempt in Int64(0)..<3 {
    #expect(verdict.handle(report(now - rules.historyAfterMs - 20_000 + attempt * 5000), now: now).isEmpty)
  }
  for attempt in Int64(0)..<3 { _ = verdict.handle(report(now - 20_000 + attempt * 5000), now: now) }
  #expect(verdict.base == .down)
}
