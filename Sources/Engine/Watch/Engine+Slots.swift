import Domain
import Store

/// Whether every slot comes to its outcome in time.
extension Engine {
  func watchSlots(now: Instant) async {
    guard now - slotsWatchedAt >= Limits.slotsWatchedMs else { return }
    slotsWatchedAt = now
    do {
      guard let change = slotAlarm.look(oldestCloses: try await oldestCloses(), now: now) else { return }
      report(change.isOver ? "slots_accounted" : "slots_overdue", "since \(change.since.rfc3339)")
      slotAlarms.append(change)
      // While nothing can be stored: what began and ended meanwhile is one story, told with its beginning and its end.
      if slotAlarms.count > 4 {
        slotAlarms[3] = SlotAlarm.Change(isOver: true, since: slotAlarms[0].since, at: slotAlarms[3].at)
        slotAlarms.removeSubrange(1...2)
      }
    } catch { report("queue_failed", "\(error)") }
  }

  /// Of what waits in the queue, of slots whose reason is to be stored, and of results that wait for the store: these keep
  /// their leases meanwhile, and would never be over by those.
  private func oldestCloses() async throws -> Instant? {
    let queued = try await queue.statistics().oldestCloses
    let waiting = (storing + reports).lazy.map(\.report).filter { $0.isFinal && $0.generation != nil }
      .compactMap { report -> Instant? in
        guard let slot = report.job.slot, let one = self.watched[report.job.monitor] else { return nil }
        return Job(id: report.job, due: slot, budgetMs: Int32(clamping: one.settings.slotBudgetMs)).closesAt
      }
    return ([queued, waiting.min()] + closed.map(\.job.closesAt)).compactMap { $0 }.min()
  }
}
