/// How one region sees a monitor: its vote, and the streaks that could turn it. Streaks saturate.
public struct RegionVote: Hashable, Sendable {
  public enum Vote: UInt8, Sendable { case none, up, down }

  public let region: RegionID
  public internal(set) var vote = Vote.none
  public internal(set) var isSlow = false
  /// False while the region itself is suspect; it then has no voice, and what it reports leaves no trace.
  public internal(set) var isHealthy = true
  /// While the region has no worker: what stands here is a stand-in's word.
  public internal(set) var isStandIn = false
  /// Failing attempts in a row, at most as many as confirm where no other region has a voice.
  public internal(set) var failures: UInt8 = 0
  /// Successful checks in a row, at most as many as recover.
  public internal(set) var successes: UInt8 = 0
  /// Checks in a row that contradict `isSlow`.
  public internal(set) var turning: UInt8 = 0
  public internal(set) var firstFailure = Instant(ms: 0)
  /// Start of the newest failing attempt that counted.
  public internal(set) var lastFailure = Instant(ms: 0)
  public internal(set) var firstSuccess = Instant(ms: 0)
  /// Start of the streak that last turned, or is turning, `isSlow`.
  public internal(set) var slowEdge = Instant(ms: 0)
  /// Start of the newest attempt seen. Not stored with the verdict: the result log knows it.
  public internal(set) var at: Instant?

  init(region: RegionID) { self.region = region }

  func expiresAt(_ rules: VerdictRules) -> Instant? { at.map { $0 + rules.voteLastsMs } }

  func isLive(_ rules: VerdictRules, now: Instant) -> Bool {
    guard hasVoice, let end = expiresAt(rules) else { return false }
    return now < end
  }

  /// Its own word, or a stand-in's.
  var hasVoice: Bool { isHealthy || isStandIn }

  /// There is something that lapses.
  var hasWord: Bool { vote != .none || failures > 0 || successes > 0 }

  /// A first failure that more attempts have still to confirm.
  var isVerifying: Bool { failures > 0 && vote != .down }

  /// Forgets vote and streaks but keeps the place in time: what came before a gap proves nothing after it.
  mutating func lapse() {
    vote = .none
    isSlow = false
    failures = 0
    successes = 0
    turning = 0
  }

  /// A region that becomes suspect, or well again, has said nothing yet; whoever stood in for it does so no more.
  mutating func turn(healthy: Bool) {
    guard healthy != isHealthy || isStandIn else { return }
    isHealthy = healthy
    isStandIn = false
    lapse()
  }

  /// Somebody else looks in its place from here on.
  mutating func beginStandIn() {
    guard !isStandIn else { return }
    isStandIn = true
    lapse()
  }

  mutating func failed(at start: Instant, rules: VerdictRules) {
    at = start
    successes = 0
    if failures == 0 { firstFailure = start }
    // Runs of a region may overlap (a slot, a second opinion): what comes sooner than the back-off confirms nothing new.
    let distance = MonitorSettings.distanceMs(beforeAttempt: Int(failures % rules.attempts))
    guard failures == 0 || start - lastFailure >= distance else { return }
    lastFailure = start
    if failures < rules.attemptsAlone { failures += 1 }
    if failures >= rules.attempts { vote = .down }
  }

  /// `inOutage`: the monitor was confirmed down, so each region has to prove recovery. Outside an outage one success takes
  /// a region's word for down back: else the next region's own trouble would find a majority that never was.
  mutating func succeeded(slow: Bool, at start: Instant, rules: VerdictRules, inOutage: Bool) {
    at = start
    failures = 0
    if successes == 0 { firstSuccess = start }
    if successes < rules.recoveryChecks { successes += 1 }
    if !inOutage || successes >= rules.recoveryChecks { vote = .up }
    guard slow != isSlow else {
      turning = 0
      return
    }
    if turning == 0 { slowEdge = start }
    turning += 1
    if turning >= rules.degradedChecks {
      isSlow = slow
      turning = 0
    }
  }

  /// The others fell silent, at `since` where it was by time: what it saw of before is a word like any other's.
  mutating func isLeftAlone(since: Instant?, _ rules: VerdictRules) {
    failures = min(failures, rules.attempts)
    if let since { firstFailure = max(firstFailure, since) }
  }

  /// Fits streaks to rules that changed.
  mutating func fit(_ rules: VerdictRules) {
    failures = min(failures, vote == .down ? rules.attemptsAlone : rules.attempts - 1)
    successes = min(successes, rules.recoveryChecks)
    turning = min(turning, rules.degradedChecks - 1)
  }
}
