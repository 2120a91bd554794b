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

  init(attempts: Int = 2, recovery: Int = 1, degraded: Int = 2, regions count: Int = 1, intervalS: Int = 60) {
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    settings.intervalS = intervalS
    settings.timeoutMs = 1000
    settings.attempts = attempts
    settings.recoveryChecks = recovery
    settings.degradedChecks = degraded
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

@Suite("What a monitor promises")
struct PromiseHoldsTests {
  struct Case: Sendable, CustomStringConvertible {
    var attempts: Int
    var regions: Int
    var intervalS: Int
    var description: String { "\(attempts) attempts, \(regions) regions, every \(intervalS) s" }
  }

  static let cases = [1, 2, 3, 5].flatMap { attempts in
    [1, 3].flatMap { regions in
      [5, 60, 300].map { Case(attempts: attempts, regions: regions, intervalS: $0) }
    }
  }

  private struct Look {
    var at: Int64
    var region: Int64
    var trigger: Trigger
    /// When its run began; nil for a slot that is still to come.
    var runFrom: Int64?
    var attempt: Int
  }

  /// A target that fails within `outage` and is well otherwise; regions look as the engine makes them, and a failing
  /// attempt takes `lengthMs`.
  private func looksDown(_ one: Case, outage: Range<Int64>, lengthMs: Int64) -> (down: Bool, ordered: Bool) {
    var watch = Watch(attempts: one.attempts, regions: one.regions, intervalS: one.intervalS)
    let interval = Int64(one.intervalS) * 1000
    let end = outage.upperBound + 4 * interval
    var looks: [Look] = []
    for region in 0..<Int64(one.regions) {
      for at in stride(from: region * interval / Int64(one.regions), to: end, by: Int64.Stride(interval)) {
        looks.append(Look(at: at, region: region + 1, trigger: .schedule, runFrom: nil, attempt: 0))
      }
    }
    while !looks.isEmpty {
      looks.sort { ($0.at, $0.region) > ($1.at, $1.region) }
      guard var look = looks.popLast(), look.at < end else { break }
      let runFrom = look.runFrom ?? look.at
      if look.runFrom == nil, look.trigger == .schedule {
        look.attempt = Int(watch.verdict.carriedAttempts(RegionID(look.region)))
      }
      let fails = outage.contains(look.at)
      watch.see(fails ? .down : .up, at: look.at, region: look.region, trigger: look.trigger)
      let next = look.at + lengthMs + MonitorSettings.backOffMs(beforeAttempt: look.attempt + 1)
      let fits = next + Int64(watch.settings.timeoutMs) <= runFrom + watch.settings.slotBudgetMs
      if fails, look.attempt + 1 < one.attempts, fits {
        looks.append(
          Look(at: next, region: look.region, trigger: look.trigger, runFrom: runFrom, attempt: look.attempt + 1))
      }
      for asked in watch.asked {
        looks.append(
          Look(at: asked.at - start, region: asked.region.raw, trigger: .secondOpinion, runFrom: nil, attempt: 0))
      }
      watch.asked = []
    }
    let sinces = watch.entered.map(\.since)
    return (watch.entered.contains { $0.state == .down }, zip(sinces, sinces.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test("outages longer than promised are always reported, shorter ones never", arguments: cases)
  func holds(_ one: Case) {
    let watch = Watch(attempts: one.attempts, regions: one.regions, intervalS: one.intervalS)
    let promise = Promise(watch.settings)
    let interval = Int64(one.intervalS) * 1000
    var seed: UInt64 = 7
    for _ in 0..<40 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let from = 3 * interval + Int64(seed >> 33) % interval
      for length in [0, Int64(watch.settings.timeoutMs)] {
        let long = looksDown(one, outage: from..<from + promise.alwaysReportedMs + 1, lengthMs: length)
        #expect(long.down, "an outage of \(promise.alwaysReportedMs + 1) ms from \(from) was not seen")
        #expect(long.ordered)
      }
      guard promise.neverReportedMs > 1 else { continue }
      let short = looksDown(one, outage: from..<from + promise.neverReportedMs - 1, lengthMs: 0)
      #expect(!short.down, "an outage of \(promise.neverReportedMs - 1) ms from \(from) was reported")
    }
  }
}
