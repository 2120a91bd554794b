import Testing

@testable import Domain

private let start = Instant(ms: 1_790_000_000_000)

/// A monitor whose regions look in turn; the test says what they see.
private struct Watch {
  let settings: MonitorSettings
  let regions: [RegionID]
  var verdict: Verdict
  var entered: [(state: MonitorStatus, since: Instant)] = []
  var shown: [MonitorStatus] = []
  /// A region and the moment from which it is to look besides its slots.
  var asked: [(region: RegionID, at: Instant)] = []

  init(
    attempts: Int = 2, recovery: Int = 1, degraded: Int = 2, regions count: Int = 1, intervalS: Int = 60,
    quorum: MonitorSettings.Quorum = .majority
  ) {
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    settings.intervalS = intervalS
    settings.timeoutMs = 1000
    settings.attempts = attempts
    settings.recoveryChecks = recovery
    settings.degradedChecks = degraded
    settings.quorum = quorum
    settings.regions = (0..<count).map { "r\($0)" }
    self.settings = settings
    regions = (1...Int64(count)).map { RegionID($0) }
    verdict = Verdict(rules: VerdictRules(settings), at: start)
    handle(.configured(VerdictRules(settings), regions: regions, isEnabled: true), at: start)
  }

  mutating func handle(_ event: Verdict.Event, at now: Instant) {
    for action in verdict.handle(event, now: now) {
      switch action {
      case .enter(let state, let since): entered.append((state, since))
      case .show(let shown, _): self.shown.append(shown.status)
      case .askOthers(let than): for region in regions where region != than { asked.append((region, now)) }
      case .askAgain(let region): asked.append((region, now))
      case .keepEvidence, .streakEnded: break
      }
    }
  }

  mutating func see(_ status: CheckStatus, at ms: Int64, region: Int64 = 1, trigger: Trigger = .schedule) {
    let at = start + ms
    handle(
      .reported(.init(region: RegionID(region), trigger: trigger, startedAt: at, status: status)), at: at)
  }
}

@Suite("The verdict")
struct VerdictTests {
  @Test("up, unconfirmed at the first failure, down at the last attempt and dated back to the first, up again")
  func oneRegion() {
    var watch = Watch(attempts: 3)
    watch.see(.up, at: 0)
    #expect(watch.verdict.shown.status == .up)
    watch.see(.down, at: 60_000)
    #expect(watch.verdict.shown.status == .unconfirmed)
    #expect(watch.verdict.counted == .up)
    watch.see(.down, at: 61_000)
    watch.see(.down, at: 63_000)
    #expect(watch.verdict.shown == .init(status: .down, since: start + 60_000, recovering: false))
    watch.see(.up, at: 120_000)
    #expect(watch.verdict.shown == .init(status: .up, since: start + 120_000, recovering: false))
    #expect(watch.entered.map(\.state) == [.up, .down, .up])
  }

  @Test("a success between two failures starts the count anew")
  func interrupted() {
    var watch = Watch(attempts: 2)
    watch.see(.up, at: 0)
    for n in 1...20 as ClosedRange<Int64> { watch.see(n % 2 == 0 ? .up : .down, at: n * 60_000) }
    #expect(!watch.entered.contains { $0.state == .down })
  }

  @Test("recovery takes as many successes as asked for, and says so meanwhile")
  func recovery() {
    var watch = Watch(attempts: 1, recovery: 3)
    watch.see(.up, at: 0)
    watch.see(.down, at: 60_000)
    watch.see(.up, at: 120_000)
    #expect(watch.verdict.shown.status == .down)
    #expect(watch.verdict.shown.recovering)
    watch.see(.up, at: 180_000)
    watch.see(.up, at: 240_000)
    #expect(watch.verdict.shown == .init(status: .up, since: start + 120_000, recovering: false))
  }

  @Test("slow checks in a row make it degraded, fast ones in a row end that")
  func degraded() {
    var watch = Watch(degraded: 2)
    watch.see(.up, at: 0)
    watch.see(.degraded, at: 60_000)
    #expect(watch.verdict.counted == .up)
    watch.see(.degraded, at: 120_000)
    #expect(watch.verdict.counted == .degraded)
    #expect(watch.entered.last?.since == start + 60_000)
    watch.see(.up, at: 180_000)
    watch.see(.up, at: 240_000)
    #expect(watch.verdict.counted == .up)
  }

  @Test("one region of three is not enough; two are, from when the second saw it")
  func majority() {
    var watch = Watch(attempts: 1, regions: 3)
    for region in 1...3 as ClosedRange<Int64> { watch.see(.up, at: region, region: region) }
    watch.see(.down, at: 60_000, region: 1)
    #expect(watch.verdict.counted == .up)
    #expect(watch.asked.map(\.region.raw) == [2, 3])
    watch.see(.down, at: 61_000, region: 2, trigger: .secondOpinion)
    #expect(watch.verdict.counted == .down)
    #expect(watch.entered.last?.since == start + 61_000)
  }

  @Test("two regions that disagree for two intervals are degraded, not down")
  func split() {
    var watch = Watch(attempts: 1, regions: 2)
    watch.see(.up, at: 0, region: 1)
    watch.see(.up, at: 1, region: 2)
    for minute in 1...4 as ClosedRange<Int64> {
      watch.see(.down, at: minute * 60_000, region: 1)
      watch.see(.up, at: minute * 60_000 + 30_000, region: 2)
    }
    #expect(watch.verdict.counted == .degraded)
    #expect(!watch.entered.contains { $0.state == .down })
  }

  @Test("a majority that others' silence made begins when they fell silent, not when the minority first failed")
  func silentMajority() {
    var watch = Watch(attempts: 1, regions: 3)
    for region in 1...3 as ClosedRange<Int64> { watch.see(.up, at: region, region: region) }
    var lastOfOthers: Int64 = 0
    for minute in 1...3 as ClosedRange<Int64> {
      watch.see(.down, at: minute * 60_000, region: 1)
      watch.see(.up, at: minute * 60_000 + 20_000, region: 2)
      watch.see(.up, at: minute * 60_000 + 40_000, region: 3)
      lastOfOthers = minute * 60_000 + 40_000
    }
    for minute in 4...9 as ClosedRange<Int64> { watch.see(.down, at: minute * 60_000, region: 1) }
    let down = watch.entered.first { $0.state == .down }
    #expect(down != nil)
    #expect(down.map { $0.since > start + lastOfOthers } ?? false)
  }

  @Test(
    "down and up have their own counts: what is needed of so many votes",
    arguments: [
      // quorum (0 majority), votes, needed for down, needed for up
      (0, 1, 1, 1), (0, 2, 2, 2), (0, 3, 2, 2), (0, 4, 3, 3), (0, 5, 3, 3),
      (1, 1, 1, 1), (1, 2, 1, 2), (1, 3, 1, 3), (2, 2, 2, 2), (2, 3, 2, 2), (2, 5, 2, 4), (3, 3, 3, 2), (3, 2, 2, 2),
      (4, 4, 4, 3), (5, 3, 3, 2),
    ])
  func counts(quorum: UInt8, voters: Int, down: Int, up: Int) {
    let rules = VerdictRules(
      intervalMs: 60_000, budgetMs: 1000, attempts: 1, recoveryChecks: 1, degradedChecks: 1, quorum: quorum)
    #expect(rules.neededForDown(of: voters) == down)
    #expect(rules.neededForUp(of: voters) == up)
    // Never both at once, or a monitor would be down and up by the same votes.
    #expect(down + up > voters)
  }

  @Test("up again needs the recovery checks in enough regions, whatever quorum took it down")
  func upByItsOwnCount() {
    var watch = Watch(attempts: 1, recovery: 2, regions: 3, quorum: .count(1))
    for region in 1...3 as ClosedRange<Int64> { watch.see(.up, at: region, region: region) }
    watch.see(.down, at: 60_000, region: 1)
    #expect(watch.verdict.counted == .down, "any region is enough")
    watch.see(.up, at: 120_000, region: 1)
    watch.see(.up, at: 121_000, region: 2)
    watch.see(.up, at: 122_000, region: 3)
    #expect(watch.verdict.counted == .down, "region 1 has one good check of two")
    watch.see(.up, at: 180_000, region: 1)
    #expect(watch.verdict.counted == .up)
  }

  @Test("what a suspect region sees leaves no trace; without a healthy region it is unknown, never down")
  func suspect() {
    var watch = Watch(attempts: 2)
    watch.see(.up, at: 0)
    watch.handle(.regionHealth(RegionID(1), isHealthy: false), at: start + 30_000)
    #expect(watch.verdict.counted == .unknown)
    for n in 1...5 as ClosedRange<Int64> { watch.see(.down, at: n * 60_000) }
    #expect(watch.verdict.counted == .unknown)
    watch.handle(.regionHealth(RegionID(1), isHealthy: true), at: start + 310_000)
    #expect(watch.verdict.counted == .unknown, "it has said nothing yet")
    watch.see(.down, at: 360_000)
    #expect(watch.verdict.counted == .unknown, "one attempt of two")
    watch.see(.up, at: 361_000)
    #expect(watch.verdict.counted == .up)
    #expect(!watch.entered.contains { $0.state == .down })
  }

  @Test("out of silence one region of three does not decide alone before the others had time to say what they see")
  func firstVoter() throws {
    var watch = Watch(attempts: 1, regions: 3)
    watch.see(.down, at: 1000, region: 1)
    #expect(watch.verdict.counted == .pending)
    #expect(watch.verdict.shown.status == .unconfirmed)
    #expect(watch.asked.map(\.region.raw) == [2, 3, 1])
    var answered = watch
    answered.see(.up, at: 1500, region: 2, trigger: .secondOpinion)
    answered.see(.up, at: 1600, region: 3, trigger: .secondOpinion)
    #expect(answered.verdict.counted == .up && !answered.entered.contains { $0.state == .down })
    var agreed = watch
    agreed.see(.down, at: 1500, region: 2, trigger: .secondOpinion)
    #expect(agreed.verdict.counted == .down, "two of three are enough, whatever the third says")
    // Nobody else answers: the one that can look decides, when it has seen it again and their time is over.
    let end = start + 1000 + 2 * watch.settings.slotBudgetMs + Limits.secondOpinionMs
    var late = watch
    late.see(.down, at: end - start + 1, region: 1, trigger: .secondOpinion)
    #expect(late.verdict.counted == .down)
    watch.see(.down, at: 2500, region: 1, trigger: .secondOpinion)
    #expect(watch.verdict.counted == .pending)
    #expect(watch.verdict.wakesAt == end)
    watch.handle(.timePassed, at: end)
    #expect(watch.verdict.counted == .down)
    #expect(watch.entered.last?.since == start + 1000)
  }

  @Test("silence makes it unknown from the moment the last vote lapsed; an outage is not over by that")
  func unknown() {
    var watch = Watch(attempts: 1, recovery: 2)
    watch.see(.up, at: 0)
    watch.see(.down, at: 60_000)
    let wake = watch.verdict.wakesAt
    #expect(wake != nil)
    watch.handle(.timePassed, at: wake ?? start)
    #expect(watch.verdict.counted == .unknown)
    #expect(watch.entered.last?.since == wake)
    watch.see(.up, at: 600_000)
    #expect(watch.verdict.counted == .unknown)
    watch.see(.up, at: 660_000)
    #expect(watch.verdict.counted == .up)
  }

  @Test("a pause forgets streaks and dates nothing across itself")
  func pause() {
    var watch = Watch(attempts: 2)
    watch.see(.up, at: 0)
    watch.see(.down, at: 60_000)
    watch.handle(.configured(watch.verdict.rules, regions: watch.regions, isEnabled: false), at: start + 70_000)
    #expect(watch.verdict.shown.status == .paused)
    watch.handle(.configured(watch.verdict.rules, regions: watch.regions, isEnabled: true), at: start + 80_000)
    watch.see(.down, at: 90_000)
    #expect(watch.verdict.shown.status == .unconfirmed)
    watch.see(.down, at: 91_000)
    #expect(watch.verdict.counted == .down)
    #expect(watch.entered.last.map { $0.since >= start + 80_000 } ?? false)
  }

  @Test("stored and read back it is the same, and goes on the same way")
  func codec() throws {
    var watch = Watch(attempts: 3, regions: 3)
    for region in 1...3 as ClosedRange<Int64> { watch.see(.up, at: region, region: region) }
    watch.see(.down, at: 60_000, region: 2)
    var back = try Verdict(format: Verdict.format, encoded: watch.verdict.encoded)
    for vote in watch.verdict.votes { if let at = vote.at { back.restore(region: vote.region, at: at) } }
    #expect(back == watch.verdict)
    for cut in 0..<watch.verdict.encoded.count {
      #expect(throws: VerdictCodecError.self) {
        try Verdict(format: Verdict.format, encoded: Array(watch.verdict.encoded.prefix(cut)))
      }
    }
  }
}
