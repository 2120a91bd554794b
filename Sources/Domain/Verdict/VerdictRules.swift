/// What a verdict goes by: the part of a monitor's settings that decides between up and down.
public struct VerdictRules: Hashable, Sendable {
  public var intervalMs: Int32
  public var budgetMs: Int32
  /// Failing attempts in a row before a region votes down.
  public var attempts: UInt8
  /// Successful checks in a row before a region that voted down votes up.
  public var recoveryChecks: UInt8
  /// Slow checks in a row before a region counts as slow, and fast ones before it does not.
  public var degradedChecks: UInt8
  /// Regions needed for *down*; 0 for the majority.
  public var quorum: UInt8

  public init(
    intervalMs: Int32, budgetMs: Int32, attempts: UInt8, recoveryChecks: UInt8, degradedChecks: UInt8, quorum: UInt8
  ) {
    self.intervalMs = intervalMs
    self.budgetMs = budgetMs
    self.attempts = max(attempts, 1)
    self.recoveryChecks = max(recoveryChecks, 1)
    self.degradedChecks = max(degradedChecks, 1)
    self.quorum = quorum
  }

  public init(_ settings: MonitorSettings) {
    let quorum: UInt8
    switch settings.quorum {
    case .majority: quorum = 0
    case .count(let count): quorum = UInt8(clamping: count)
    }
    self.init(
      intervalMs: Int32(clamping: settings.intervalS * 1000), budgetMs: Int32(clamping: settings.slotBudgetMs),
      attempts: UInt8(clamping: settings.attempts), recoveryChecks: UInt8(clamping: settings.recoveryChecks),
      degradedChecks: UInt8(clamping: settings.degradedChecks), quorum: quorum)
  }

  /// Failing attempts in a row of a region that nobody bears out.
  var attemptsAlone: UInt8 { attempts > 127 ? .max : 2 * attempts }

  /// How long a region's vote counts after its last report began.
  public var voteLastsMs: Int64 { Int64(intervalMs) + Int64(budgetMs) + Limits.leaseGraceMs }

  /// `Limits.flappingChanges` confirmed changes within this time are flapping: room for four of the quickest cycles of one
  /// failing check and the good ones that recover, at least half an hour. Not more than six hours: what looks so seldom
  /// that its changes are farther apart tells nobody too often.
  public var flappingWindowMs: Int64 {
    let cycles = 4 * (1 + Int64(recoveryChecks)) * Int64(intervalMs)
    return min(max(cycles, Limits.flappingWindowMs.lowerBound), Limits.flappingWindowMs.upperBound)
  }

  /// How long nothing may change before flapping is over.
  public var calmMs: Int64 { flappingWindowMs / 2 }

  /// A report that is heard of only after its slot closed is history: it moves no state. What a worker kept on its disk tells
  /// what was, and must not call down what is up by now.
  public var historyAfterMs: Int64 {
    min(voteLastsMs, 2 * Int64(budgetMs) + Limits.leaseGraceMs + Limits.slotCloseGraceMs)
  }

  /// Votes for down that decide among `voters`.
  public func neededForDown(of voters: Int) -> Int {
    quorum == 0 ? voters / 2 + 1 : min(max(Int(quorum), 1), max(voters, 1))
  }

  /// Votes for up that decide among `voters`: a majority, and never while down could still be reached.
  public func neededForUp(of voters: Int) -> Int {
    max(voters / 2 + 1, voters - neededForDown(of: voters) + 1)
  }
}
