import Domain

/// I2 and I3: what became of each slot.
enum SlotChecks {
  struct Counts: Hashable, Sendable {
    var due = 0
    var results = 0
    var missed: [MissedReason: Int] = [:]
    var notRunning = 0
  }

  /// Each slot has exactly one result or one reason; a slot that fell due while nothing ran needs no row.
  /// What a monitor still had to do when it was deleted is nobody's business any more.
  static func everySlotOnce(
    _ history: SlotHistory, timelines: [Timeline], counts: inout Counts
  ) -> [Violation] {
    var out: [Violation] = []
    var filled: [Slot: Int] = [:]
    for row in history.rows where row.isFinal { filled[row.slot, default: 0] += 1 }
    for slot in Schedule.slots(of: history.plan, from: history.window.from, to: history.window.to) {
      if let deleted = timelines[Int(slot.monitor.raw) - 1].deletedAt, slot.at > deleted - openMs(timelines, slot) {
        continue
      }
      counts.due += 1
      let results = filled[slot] ?? 0
      let reason = history.missed[slot]
      func wrong(_ invariant: String, _ words: String) {
        out.append(
          Violation(
            invariant, monitor: Int(slot.monitor.raw) - 1, at: slot.at,
            "slot \(slot.at.rfc3339) in region \(slot.region.raw - 1) \(words)"))
      }
      if results > 1 { wrong("I3", "has \(results) results") }
      if results > 0, let reason { wrong("I2", "has a result and is missed(\(reason.name))") }
      if results > 0 {
        counts.results += 1
      } else if let reason {
        counts.missed[reason, default: 0] += 1
      } else if history.gaps.holding(slot.at) != nil {
        counts.notRunning += 1
      } else {
        wrong("I2", "has neither a result nor a reason")
      }
    }
    return out
  }

  private static func openMs(_ timelines: [Timeline], _ slot: Slot) -> Int64 {
    let budget = timelines[Int(slot.monitor.raw) - 1].all.map(\.slotBudgetMs).max() ?? 0
    return 2 * budget + Limits.leaseGraceMs + Limits.slotCloseGraceMs + 1000
  }

  /// What a superseded lease brought is not among the results.
  static func nothingSuperseded(_ history: SlotHistory, stale: Set<Int64>) -> [Violation] {
    guard !stale.isEmpty else { return [] }
    return history.rows.filter { stale.contains($0.mark) }.map { row in
      Violation(
        "I3", monitor: Int(row.slot.monitor.raw) - 1, at: row.startedAt,
        "attempt \(row.mark) of a superseded lease is stored for slot \(row.slot.at.rfc3339) in region \(row.slot.region.raw - 1)"
      )
    }
  }

  /// Which monitors nobody looked at while nothing ran; for gaps that lie whole in the window.
  static func unseen(_ history: SlotHistory, monitors: Int) -> [History.Unseen] {
    history.gaps.filter { history.window.from < $0.from && $0.to < history.window.to }.flatMap { gap in
      let seen = Set(history.rows.filter { gap.contains($0.startedAt) }.map { Int($0.slot.monitor.raw) - 1 })
      return (0..<monitors).filter { !seen.contains($0) }.map { History.Unseen(monitor: $0, span: gap) }
    }
  }

  /// No attempt is stored twice.
  static func everyAttemptOnce(_ history: SlotHistory) -> [Violation] {
    var seen: Set<Int64> = []
    return history.rows.filter { !seen.insert($0.mark).inserted }.map { row in
      Violation(
        "I3", monitor: Int(row.slot.monitor.raw) - 1, at: row.startedAt, "attempt \(row.mark) is stored twice")
    }
  }
}
