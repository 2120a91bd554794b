import Testing

@testable import Domain

private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

/// How a region votes by the rule that people are told: so many failing attempts in a row turn it down, so many good
/// checks turn it up again in an outage and one outside, silence takes its vote away.
private struct Voter {
  var vote = RegionVote.Vote.none
  var isHealthy = true
  var last: Instant?
  var lastCounted = Instant(ms: 0)
  var failures = 0
  var successes = 0

  mutating func lapse(_ now: Instant, after ms: Int64) {
    guard let last, now - last >= ms else { return }
    self = Voter(isHealthy: isHealthy, last: last)
  }

  /// What a suspect region sees is about the region.
  mutating func turn(healthy: Bool) {
    if healthy != isHealthy { self = Voter(isHealthy: healthy, last: last) }
  }

  mutating func take(_ status: CheckStatus, at: Instant, _ settings: MonitorSettings, inOutage: Bool) {
    last = at
    guard isHealthy else { return }
    if status == .down {
      successes = 0
      // Runs may overlap: an attempt that keeps no distance to the one before confirms nothing.
      guard
        failures == 0 || at - lastCounted >= MonitorSettings.distanceMs(beforeAttempt: failures % settings.attempts)
      else { return }
      lastCounted = at
      failures += 1
      if failures >= settings.attempts { vote = .down }
    } else {
      failures = 0
      successes += 1
      if successes >= settings.recoveryChecks || !inOutage { vote = .up }
    }
  }
}

@Suite("The verdict, whatever happens")
struct VerdictPropertyTests {
  private let start = Instant(ms: 1_790_000_000_000)

  @Test(
    "goes down only by enough regions whose attempts all failed, up only by those that recovered, and never back in time",
    arguments: 1...120)
  func transitions(seed: UInt64) throws {
    var random = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15)
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    settings.intervalS = [5, 60, 300].randomElement(using: &random) ?? 60
    settings.timeoutMs = 1000
    settings.attempts = .random(in: 1...4, using: &random)
    settings.recoveryChecks = .random(in: 1...3, using: &random)
    let count = Int.random(in: 1...5, using: &random)
    if Bool.random(using: &random) { settings.quorum = .count(.random(in: 1...count, using: &random)) }
    let regions = (1...Int64(count)).map { RegionID($0) }
    let rules = VerdictRules(settings)
    var verdict = Verdict(rules: rules, at: start)
    var voters = [Voter](repeating: Voter(), count: count)
    var now = start
    var lastSince = start
    var seen: [MonitorStatus: Int] = [:]
    // Weather: each region keeps failing or being well for a while.
    var failing = [Bool](repeating: false, count: count)

    func follow(_ event: Verdict.Event) {
      let (base, inOutage, wasEnabled) = (verdict.base, verdict.inOutage, verdict.isEnabled)
      for i in voters.indices { voters[i].lapse(now, after: rules.voteLastsMs) }
      if case .reported(let report) = event, wasEnabled {
        let i = Int(report.region.raw) - 1
        if voters[i].last.map({ $0 < report.startedAt }) ?? true, now - report.startedAt < rules.historyAfterMs {
          voters[i].take(report.status, at: report.startedAt, settings, inOutage: inOutage)
        }
      }
      if case .regionHealth(let region, let isHealthy) = event { voters[Int(region.raw) - 1].turn(healthy: isHealthy) }
      for action in verdict.handle(event, now: now) {
        guard case .enter(let state, let since) = action else { continue }
        #expect(since <= now)
        #expect(since >= lastSince, "\(state) was dated back behind what came before it")
        lastSince = since
      }
      // A moment that has come must not come again: whoever waits for it would never be done with it.
      #expect(verdict.wakesAt.map { $0 > now } ?? true)
      if verdict.isEnabled != wasEnabled { voters = voters.map { Voter(isHealthy: $0.isHealthy) } }
      if verdict.isEnabled, !voters.contains(where: { $0.vote != .none }) {
        #expect(verdict.base == .unknown || verdict.base == .pending, "nobody has a vote, and it is \(verdict.base)")
      }
      guard verdict.base != base else { return }
      seen[verdict.base, default: 0] += 1
      let downs = voters.count { $0.vote == .down }
      let ups = voters.count { $0.vote == .up }
      var enough = (downs + ups) / 2 + 1
      if case .count(let wanted) = settings.quorum { enough = min(wanted, downs + ups) }
      switch verdict.base {
      case .down:
        #expect(downs >= 1 && downs >= enough, "down by \(downs) against \(ups)")
        // A region that speaks alone for several has to see it twice over, where nobody chose one to be enough.
        if downs + ups == 1, count > 1, settings.quorum != .count(1) {
          #expect(voters.contains { $0.vote == .down && $0.failures >= 2 * settings.attempts })
        }
      case .up: #expect(ups > downs && downs < enough, "up by \(ups) against \(downs)")
      case .degraded where inOutage: #expect(ups > downs && downs < enough, "degraded by \(ups) against \(downs)")
      case .unknown: #expect(downs + ups == 0)
      default: break
      }
    }

    follow(.configured(rules, regions: regions, isEnabled: true))
    for step in 0..<400 {
      now = now + .random(in: 1...Int64(rules.intervalMs) / Int64(count), using: &random)
      switch Int.random(in: 0..<100, using: &random) {
      case 0: now = now + .random(in: 0...4 * Int64(rules.intervalMs), using: &random)
      case 1: follow(.configured(rules, regions: regions, isEnabled: !verdict.isEnabled))
      case 2: follow(.maintenance(!verdict.inMaintenance))
      case 3: follow(.notRunning(from: now - Int64(rules.intervalMs), to: now))
      case 4...7: follow(.timePassed)
      case 8...9:
        let region = regions[Int.random(in: 0..<count, using: &random)]
        follow(.regionHealth(region, isHealthy: Int.random(in: 0..<3, using: &random) > 0))
      case 10...15:
        // What is stored and read back goes on as if nothing had been.
        var back = try Verdict(format: Verdict.format, encoded: verdict.encoded)
        for vote in verdict.votes { if let at = vote.at { back.restore(region: vote.region, at: at) } }
        #expect(back == verdict, "step \(step)")
        verdict = back
      default:
        let i = Int.random(in: 0..<count, using: &random)
        if Int.random(in: 0..<12, using: &random) == 0 { failing[i].toggle() }
        if Int.random(in: 0..<60, using: &random) == 0 { failing = failing.map { _ in !failing[0] } }
        let isSlow = Int.random(in: 0..<5, using: &random) == 0
        let status: CheckStatus = failing[i] ? .down : isSlow ? .degraded : .up
        let late = Int.random(in: 0..<20, using: &random) == 0 ? 2 * Int64(rules.intervalMs) : 5
        follow(
          .reported(
            .init(
              region: regions[i], trigger: .schedule, startedAt: now - .random(in: 0...late, using: &random),
              status: status)))
      }
    }
    #expect(seen.values.reduce(0, +) > 0)
  }
}
