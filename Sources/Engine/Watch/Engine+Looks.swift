import Domain
import Store

/// Looks at monitors whose state others wait for.
extension Engine {
  /// Each is looked at once in every region; not again before that look can be over.
  func lookWanted(_ ids: [MonitorID]) async {
    let now = now()
    for id in Set(ids).sorted() {
      guard let one = watched[id], one.settings.enabled else { continue }
      if let askedAt = one.askedAt, now - askedAt < one.settings.slotBudgetMs { continue }
      one.askedAt = now
      one.isAwaited = true
      await ask(one, .secondOpinion, regions: one.regions, at: now)
    }
    await dispatch()
  }

  /// A good check of a monitor that others wait for says so, also where it changes nothing.
  func reassure(_ one: Watched, at now: Instant, into ledger: inout Ledger) {
    let shown = one.verdict.shown
    guard one.isAwaited, shown.status == .up || shown.status == .degraded else { return }
    one.isAwaited = false
    var change = change(one, from: shown, to: shown, at: now, report: nil)
    change.isSeenAgain = true
    ledger.changes.append(change)
  }
}
