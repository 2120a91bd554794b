import Testing

@testable import Domain

private let start = Instant(ms: 1_790_000_000_000)

/// Splitmix64: the same seed gives the same run.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// What an attempt meets, by when it starts and where.
private typealias Truth = (_ at: Int64, _ region: Int, inout Seeded) -> CheckStatus

/// Regions that look at one target through the real verdict, as the engine makes them look: slots by the plan, attempts
/// within a slot's budget, a report when an attempt ends, second opinions within their second.
private struct Looks {
  private struct Attempt {
    var at: Int64
    var region: Int
    var trigger: Trigger
    /// When its run began; nil where it begins with this attempt.
    var runFrom: Int64?
    var number: Int
    var status = CheckStatus.up
  }

  let settings: MonitorSettings
  let truth: Truth
  var verdict: Verdict
  var random: Seeded
  var entered: [(state: MonitorStatus, since: Int64, at: Int64)] = []
  private var planned: [Int64]
  private var waiting: [Attempt] = []
  private var underWay: [(end: Int64, attempt: Attempt)] = []

  init(_ settings: MonitorSettings, seed: UInt64, truth: @escaping Truth) {
    self.settings = settings
    self.truth = truth
    random = Seeded(state: seed)
    let count = Int64(settings.regions.count)
    planned = (0..<count).map { $0 * Int64(settings.intervalS) * 1000 / count }
    verdict = Verdict(rules: VerdictRules(settings), at: start)
    handle(
      .configured(verdict.rules, regions: (1...count).map { RegionID($0) }, isEnabled: true), from: 0, now: 0)
  }

  /// Jobs are made up to five seconds ahead, with what is known by then.
  mutating func play(until end: Int64) {
    let interval = Int64(settings.intervalS) * 1000
    let ahead = min(Limits.jobsAheadMs, interval / 2)
    while true {
      let slot = planned.indices.min { planned[$0] < planned[$1] } ?? 0
      let makes = planned[slot] - ahead
      let begins = waiting.map(\.at).min() ?? .max
      let ends = underWay.map(\.end).min() ?? .max
      let now = min(makes, begins, ends)
      guard now < end else { return }
      if makes == now {
        let first = Int(verdict.carriedAttempts(RegionID(Int64(slot + 1))))
        waiting.append(
          Attempt(at: planned[slot], region: slot, trigger: .schedule, number: first))
        planned[slot] += interval
      } else if ends == now {
        let i = underWay.indices.min { underWay[$0].end < underWay[$1].end } ?? 0
        report(underWay.remove(at: i).attempt, now: now)
      } else {
        let i = waiting.indices.min { waiting[$0].at < waiting[$1].at } ?? 0
        begin(waiting.remove(at: i))
      }
    }
  }

  private mutating func begin(_ waiting: Attempt) {
    var attempt = waiting
    attempt.runFrom = attempt.runFrom ?? attempt.at
    attempt.status = truth(attempt.at, attempt.region, &random)
    // A failure may be a refusal at once or a whole time-out, and anything in between.
    let timeout = Int64(settings.timeoutMs)
    let lasts: Int64 =
      switch Int.random(in: 0..<3, using: &random) {
      case 0: 0
      case 1: timeout
      default: .random(in: 0...timeout, using: &random)
      }
    underWay.append((attempt.at + lasts, attempt))
  }

  private mutating func report(_ one: Attempt, now: Int64) {
    handle(
      .reported(
        .init(
          region: RegionID(Int64(one.region + 1)), trigger: one.trigger, startedAt: start + one.at, status: one.status)),
      from: one.region, now: now)
    let next = now + MonitorSettings.backOffMs(beforeAttempt: one.number + 1)
    let runEnds = (one.runFrom ?? one.at) + settings.slotBudgetMs
    if one.status == .down, one.number + 1 < settings.attempts, next + Int64(settings.timeoutMs) <= runEnds {
      var again = one
      again.at = next
      again.number += 1
      waiting.append(again)
    }
  }

  mutating func handle(_ event: Verdict.Event, from region: Int, now: Int64) {
    for action in verdict.handle(event, now: start + now) {
      switch action {
      case .enter(let state, let since): entered.append((state, since - start, now))
      case .askOthers:
        for other in settings.regions.indices where other != region {
          let at = now + .random(in: 0...Limits.secondOpinionMs, using: &random)
          waiting.append(Attempt(at: at, region: other, trigger: .secondOpinion, number: 0))
        }
      case .askAgain(let again):
        let at = now + MonitorSettings.backOffMs(beforeAttempt: 1)
        waiting.append(Attempt(at: at, region: Int(again.raw) - 1, trigger: .secondOpinion, number: 0))
      default: break
      }
    }
  }
}

extension MonitorSettings {
  /// Settings as a person might choose them, by chance.
  fileprivate static func some(_ random: inout Seeded, regions: ClosedRange<Int> = 1...5) -> MonitorSettings {
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    settings.intervalS = [5, 10, 30, 60, 300].randomElement(using: &random) ?? 60
    settings.timeoutMs = min(
      [200, 1000, 5000, 10_000, 60_000].randomElement(using: &random) ?? 1000, settings.intervalS * 1000)
    settings.attempts = .random(in: 1...5, using: &random)
    settings.recoveryChecks = .random(in: 1...3, using: &random)
    let count = Int.random(in: regions, using: &random)
    settings.regions = (0..<count).map { "r\($0)" }
    if Bool.random(using: &random) { settings.quorum = .count(.random(in: 1...count, using: &random)) }
    return settings
  }

  fileprivate var words: String {
    "every \(intervalS) s, \(timeoutMs) ms, \(attempts) attempts, \(regions.count) regions, \(quorum)"
  }
}

@Suite("What a monitor promises, with the real verdict, whatever the seed")
struct PromiseTests {
  /// Plays an outage that every region sees alike and answers whether it was reported.
  private func isReported(
    _ settings: MonitorSettings, _ outage: Range<Int64>, seed: UInt64, alone: @escaping Truth = { _, _, _ in .up }
  ) -> Bool {
    var looks = Looks(settings, seed: seed) { at, region, random in
      outage.contains(at) ? .down : alone(at, region, &random)
    }
    looks.play(until: outage.upperBound + Int64(settings.timeoutMs))
    let isDown = looks.verdict.base == .down
    looks.play(until: outage.upperBound + 3 * Int64(settings.intervalS) * 1000)
    return isDown || looks.entered.contains { $0.state == .down && $0.at >= outage.lowerBound }
  }

  @Test("an outage longer than promised is reported, one shorter than promised is not", arguments: 1...150)
  func holds(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<8 {
      let settings = MonitorSettings.some(&random)
      let promise = Promise(settings)
      let interval = Int64(settings.intervalS) * 1000
      let from = .random(in: 3 * interval..<4 * interval, using: &random) as Int64
      let inner = UInt64.random(in: 1...UInt64.max, using: &random)
      #expect(
        isReported(settings, from..<from + promise.alwaysReportedMs + 1, seed: inner),
        "seed \(seed): \(settings.words): \(promise.alwaysReportedMs + 1) ms from \(from) went unseen")
      guard promise.neverReportedMs > 0 else { continue }
      #expect(
        !isReported(settings, from..<from + promise.neverReportedMs - 1, seed: inner),
        "seed \(seed): \(settings.words): \(promise.neverReportedMs - 1) ms from \(from) was reported")
    }
  }

  @Test(
    "while regions fail on their own or are suspect the longer promise holds, as long as one is left",
    arguments: 1...150)
  func holdsByOne(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<4 {
      let settings = MonitorSettings.some(&random, regions: 2...5)
      let promise = Promise(settings)
      let interval = Int64(settings.intervalS) * 1000
      let from = .random(in: 6 * interval..<7 * interval, using: &random) as Int64
      let outage = from..<from + promise.alwaysReportedByOneMs + 1
      let left = Int.random(in: 0..<settings.regions.count, using: &random)
      let broken = settings.regions.indices.filter { $0 != left && Bool.random(using: &random) }
      let suspect = settings.regions.indices.filter { $0 != left && Int.random(in: 0..<4, using: &random) == 0 }
      var looks = Looks(settings, seed: .random(in: 1...UInt64.max, using: &random)) { at, region, _ in
        outage.contains(at) || broken.contains(region) ? .down : .up
      }
      looks.play(until: interval)
      for region in suspect {
        looks.handle(.regionHealth(RegionID(Int64(region + 1)), isHealthy: false), from: region, now: interval)
      }
      looks.play(until: outage.upperBound + Int64(settings.timeoutMs))
      #expect(
        looks.verdict.base == .down || looks.entered.contains { $0.state == .down && $0.at >= from },
        "seed \(seed): \(settings.words): broken \(broken), suspect \(suspect), from \(from)")
    }
  }

  @Test("two regions that disagree are degraded when that has lasted two intervals, never down", arguments: 1...100)
  func split(seed: UInt64) {
    var random = Seeded(state: seed)
    var settings = MonitorSettings.some(&random, regions: 2...2)
    settings.quorum = Bool.random(using: &random) ? .majority : .count(2)
    let interval = Int64(settings.intervalS) * 1000
    let from = .random(in: 3 * interval..<4 * interval, using: &random) as Int64
    let intervals = Int64.random(in: 1...12, using: &random)
    let fails = from..<from + intervals * interval
    let broken = Int.random(in: 0...1, using: &random)
    var looks = Looks(settings, seed: .random(in: 1...UInt64.max, using: &random)) { at, region, _ in
      region == broken && fails.contains(at) ? .down : .up
    }
    // Time alone decides a split, as well as reports do.
    let settled = fails.upperBound + Int64(settings.recoveryChecks + 2) * interval + Int64(settings.timeoutMs)
    for now in stride(from: Int64(0), to: settled, by: Int64.Stride(interval / 4)) {
      looks.play(until: now)
      looks.handle(.timePassed, from: 0, now: now)
    }
    #expect(!looks.entered.contains { $0.state == .down }, "seed \(seed): \(settings.words)")
    let degraded = looks.entered.first { $0.state == .degraded }
    let confirmed = Promise(settings).alwaysReportedByOneMs
    if intervals * interval > confirmed + 3 * interval {
      #expect(degraded != nil, "seed \(seed): \(settings.words): split for \(intervals) intervals")
    }
    if let degraded {
      #expect(degraded.since >= from && degraded.at - degraded.since >= 2 * interval, "seed \(seed): too early")
    }
    #expect(looks.verdict.base == .up, "seed \(seed): \(settings.words): still \(looks.verdict.base)")
  }

  @Test(
    "the numbers of usual settings",
    arguments: [
      // interval s, time-out ms, attempts, regions, quorum (0 majority): always, never, by one region
      (60, 10_000, 3, 1, 0, 91_500, 1350, 91_500), (60, 10_000, 3, 3, 0, 62_500, 1350, 124_500),
      (60, 10_000, 3, 3, 1, 51_500, 1350, 91_500), (60, 10_000, 1, 3, 0, 41_000, 0, 81_500),
      (30, 10_000, 2, 5, 0, 37_500, 450, 72_500), (10, 10_000, 3, 1, 0, 40_000, 1350, 40_000),
    ])
  func numbers(_ one: (Int, Int, Int, Int, Int, Int64, Int64, Int64)) {
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    (settings.intervalS, settings.timeoutMs, settings.attempts) = (one.0, one.1, one.2)
    settings.regions = (0..<one.3).map { "r\($0)" }
    if one.4 > 0 { settings.quorum = .count(one.4) }
    let promise = Promise(settings)
    #expect(promise.alwaysReportedMs == one.5)
    #expect(promise.neverReportedMs == one.6)
    #expect(promise.alwaysReportedByOneMs == one.7)
  }
}
