import Domain

/// When time alone changes something: for the simulation, whose time jumps. A worker at work is told of each 50 ms.
extension WorkerCore {
  /// The next moment at which `timePassed` finds something to do; nil while all that is to come comes from others.
  package func wakesAtNs(nowNs: UInt64) -> UInt64? {
    guard !hasEnded else { return nil }
    var moments: [UInt64] = []
    if !isAway, clock.isSet { moments.append(lastContactNs + UInt64(configuration.awayAfterMs) * 1_000_000) }
    if isAway, let slot = nextOwnSlot(nowNs) { moments.append(clock.monotonicNs(of: slot - 999)) }
    if let asks = canary.asksAtNs(configuration.canaries, isUrgent: !doubted.isEmpty) { moments.append(asks) }
    if !doubted.isEmpty {
      moments.append(configuration.canaries.isEmpty && !isAsking ? nowNs : doubtedSinceNs + Self.doubtNs)
    }
    if !isPolling, !isLeaving, held.count < configuration.heldMax { moments.append(pollAgainNs) }
    if !isAway, let renews = nextRenewalNs { moments.append(renews) }
    if !pending.isEmpty { moments.append(isAway ? nowNs : nextDeliveryNs) }
    if spooled > 0, !isAway, !isReadingSpool, !isLeaving, !batches.values.contains(where: { $0.mark != nil }) {
      moments.append(deliverAgainNs)
    }
    return moments.min().map { max($0, nowNs) }
  }

  /// Nothing is in hand, nothing is to be said, the control plane has the request for jobs: until something comes from
  /// outside, one such request follows another.
  package var isCalm: Bool {
    held.isEmpty && pending.isEmpty && doubted.isEmpty && batches.isEmpty && spooled == 0 && !isReadingSpool && !isAway
      && !isAsking && !isLeaving && !hasEnded && clock.isSet && isPolling && wholePlan == nil
      && report.canaryWorks == canary.works && (configuration.canaries.isEmpty || !canary.isUnderWay)
  }

  package var canaryWorks: Bool? { canary.works }

  private func nextOwnSlot(_ nowNs: UInt64) -> Instant? {
    guard clock.isSet, !isLeaving else { return nil }
    let from = max(ownSlotsFrom, clock.now(nowNs))
    return plan.values.lazy.filter { isOwn($0.monitor) }
      .flatMap { $0.plan.compactMap { $0.firstSlot(atOrAfter: from) } }.min()
  }

  private var nextRenewalNs: UInt64? {
    held.values.filter { $0.generation != nil && !$0.isRenewing }
      .map { clock.monotonicNs(of: max($0.leaseUntil - $0.job.leaseMs / 2, $0.job.due)) }.min()
      .map { max($0, renewAgainNs) }
  }

  private var nextDeliveryNs: UInt64 {
    let gathers = pending.count >= batchSize || isLeaving
    // The batch before it comes first: its answer wakes by itself.
    if batches.values.contains(where: { $0.mark == nil }) { return .max }
    return max(deliverAgainNs, gathers ? 0 : pendingSinceNs + UInt64(configuration.batchMs) * 1_000_000)
  }
}
