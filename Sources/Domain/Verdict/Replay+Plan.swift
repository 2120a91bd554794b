extension Replay {
  /// A replay that stands at the beginning of `window` as the verdict would have: it begins earlier, by what votes and
  /// streaks need. `plan` is who looked, and how often; `start` is where it begins.
  public static func of(
    _ plan: [PlanRow], rules: VerdictRules, window: Range<Instant>, wasDown: Bool
  ) -> (replay: Replay, start: Instant) {
    let lead = plan.map { rules.at(intervalMs: $0.intervalMs).replayLeadMs }.max() ?? rules.replayLeadMs
    let start = window.lowerBound - lead
    func asked(_ at: Instant) -> (rules: VerdictRules, regions: [RegionID]) {
      let rows = plan.filter { $0.from <= at && $0.to.map { at < $0 } ?? true }
      return (rows.first.map { rules.at(intervalMs: $0.intervalMs) } ?? rules, Set(rows.map(\.region)).sorted())
    }
    let first = asked(start)
    var replay = Replay(from: start, rules: first.rules, regions: first.regions, wasDown: wasDown)
    let turns = Set(plan.flatMap { [$0.from, $0.to].compactMap(\.self) })
    for at in turns.sorted() where start < at && at < window.upperBound {
      let next = asked(at)
      replay.configure(next.rules, regions: next.regions, at: at)
    }
    return (replay, start)
  }
}

extension VerdictRules {
  /// How far before a moment a replay begins, so that streaks and votes stand at that moment as they stood then.
  public var replayLeadMs: Int64 {
    voteLastsMs + Int64(2 + max(attempts, recoveryChecks, degradedChecks)) * Int64(intervalMs)
  }

  /// How long a vote lasts at most, by these rules and by the intervals of a plan.
  public func voteLastsMs(over plan: [PlanRow]) -> Int64 {
    plan.map { at(intervalMs: $0.intervalMs).voteLastsMs }.max().map { max($0, voteLastsMs) } ?? voteLastsMs
  }

  /// The same where a monitor was looked at in another interval.
  public func at(intervalMs: Int64) -> VerdictRules {
    var copy = self
    copy.intervalMs = Int32(clamping: intervalMs)
    copy.budgetMs = min(budgetMs, copy.intervalMs)
    return copy
  }
}
