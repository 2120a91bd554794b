import Domain
import Store

/// What a start takes over from the run before.
extension Engine {
  /// Puts back when each region last looked. The log knows it for most; a monitor that looks seldom may have nothing in
  /// the log's tail, and then its region's vote, which held when the process ended, is as old as its last slot.
  func restoreVotes(lastEnd: Instant?) async throws {
    let rows = 4 * watched.count + 1000
    let newest = try await store.read { db in
      var out: [(MonitorID, RegionID, Instant?, Instant)] = []
      try ResultLog.newest(rows: rows, in: db) { out.append(($0, $1, $2, $3)) }
      return out
    }
    for (monitor, region, slot, started) in newest {
      guard let one = watched[monitor] else { continue }
      one.lastSlot[region] = slot
      one.verdict.restore(region: region, at: started)
    }
    guard let lastEnd else { return }
    for one in watched.values {
      for vote in one.verdict.votes where vote.at == nil && (vote.vote != .none || vote.failures > 0) {
        // Before its first slot a monitor has been looked at once: when it was made.
        guard let row = one.plan.first(where: { $0.region == vote.region }) else { continue }
        one.verdict.restore(region: vote.region, at: row.lastSlot(before: lastEnd) ?? row.from)
      }
    }
  }

  /// Slots that were due while the process still ran, but whose runs ended with it: nobody will report them.
  func missWhatWasUnderWay(before lastEnd: Instant, into ledger: inout Ledger) async throws {
    let longest = watched.values.reduce(Int64(0)) { max($0, Int64($1.settings.slotBudgetMs)) }
    let from = lastEnd - 2 * (longest + Limits.leaseGraceMs + Limits.slotCloseGraceMs)
    let slots = watched.values.reduce(Int64(0)) { $0 + Schedule.slotCount(of: $1.plan, from: from, to: lastEnd) }
    // A slot has a handful of attempts at most.
    let rows = 5 * Int(slots) + 1000
    let accounted = try await store.read { try ResultLog.accounted(from: from, rows: rows, in: $0) }
    for one in watched.values where one.settings.enabled {
      for row in one.plan {
        for at in row.slots(from: from, to: lastEnd) where !accounted.contains(Slot(at, one.id, row.region)) {
          let id = JobID(monitor: one.id, region: row.region, trigger: .schedule, mark: at.ms)
          ledger.missed.append(ClosedJob(job: Job(id: id, due: at, budgetMs: 0), reason: .notRunning))
        }
      }
    }
  }
}
