import Domain
import Probe
import Wire

/// From reports to the control plane, or to the disk.
extension WorkerCore {
  mutating func take(_ reports: [ProbeReport], nowNs: UInt64, into actions: inout [Action]) {
    for one in reports {
      if Canary.isToken(one.token) {
        canary.take(one, nowNs: nowNs)
        continue
      }
      guard let run = held[one.token] else { continue }
      if one.isFinal { held[one.token] = nil }
      var seen = one.observation
      seen.startedAt = clock.now(one.startedNs)
      let result = Delivered(
        job: run.job.id, generation: run.generation, lateMs: one.lateMs,
        content: .attempt(one.attempt, isFinal: one.isFinal, one.status, seen))
      if one.status != .down || seen.failure?.cameFromTarget == true { lastSuccessNs = nowNs }
      if one.status == .down, seen.failure?.cameFromTarget == false {
        doubted.append(result)
      } else {
        hold(result, nowNs: nowNs)
      }
    }
  }

  private mutating func hold(_ result: Delivered, nowNs: UInt64) {
    if pending.isEmpty { pendingSinceNs = nowNs }
    pending.append(result)
  }

  /// Failures that may be the network's here wait until that is known, which takes a canary's time at most.
  mutating func settleDoubts(nowNs: UInt64) {
    guard !doubted.isEmpty else { return }
    guard let works = networkWorks(nowNs: nowNs) else { return }
    for result in doubted {
      guard !works else {
        hold(result, nowNs: nowNs)
        continue
      }
      guard result.isFinal, result.job.slot != nil else { continue }
      var missed = result
      missed.content = .missed(.regionSuspect)
      hold(missed, nowNs: nowNs)
    }
    doubted = []
  }

  /// Nil while canaries are asked.
  private func networkWorks(nowNs: UInt64) -> Bool? {
    if !configuration.canaries.isEmpty { return canary.verdict(nowNs: nowNs) }
    // Without canaries: the control plane answers, or a target did.
    let newest = max(lastContactNs, lastSuccessNs)
    return nowNs - min(newest, nowNs) < 60_000_000_000
  }

  // MARK: Delivering

  mutating func deliver(nowNs: UInt64, into actions: inout [Action]) {
    if isAway || pending.count > configuration.pendingMax {
      guard !pending.isEmpty else { return }
      actions.append(.spool(pending.map(\.orphaned)))
      spooled += pending.count
      pending = []
      return
    }
    guard nowNs >= deliverAgainNs else { return }
    // Two batches under way keep the line busy while one is being committed.
    while batches.values.count(where: { $0.mark == nil }) < 2, !pending.isEmpty,
      pending.count >= configuration.batchMax || isLeaving
        || nowNs - min(pendingSinceNs, nowNs) >= UInt64(configuration.batchMs) * 1_000_000
    {
      let some = Array(pending.prefix(configuration.batchMax))
      pending.removeFirst(some.count)
      pendingSinceNs = nowNs
      send(Batch(results: some), into: &actions)
    }
    if spooled > 0, !isReadingSpool, !isLeaving, !batches.values.contains(where: { $0.mark != nil }) {
      isReadingSpool = true
      actions.append(.readSpool(configuration.batchMax))
    }
  }

  private mutating func send(_ batch: Batch, into actions: inout [Action]) {
    let number = nextBatch
    nextBatch += 1
    batches[number] = batch
    actions.append(.deliver(batch: number, batch.results))
  }

  mutating func spoolRead(_ results: [Delivered], mark: Int, into actions: inout [Action]) {
    isReadingSpool = false
    guard !results.isEmpty else {
      spooled = 0
      return
    }
    send(Batch(results: results, mark: mark), into: &actions)
  }

  mutating func delivered(_ number: Int, _ answer: DeliveryAnswer, nowNs: UInt64, into actions: inout [Action]) {
    guard let batch = batches.removeValue(forKey: number) else { return }
    contacted(nowNs: nowNs)
    for one in answer.rejected { actions.append(.say("result of \(one.job) refused: \(one.code)")) }
    guard let mark = batch.mark else { return }
    spooled = max(0, spooled - batch.results.count)
    actions.append(.emptySpool(mark: mark))
  }

  mutating func deliveryFailed(_ number: Int, _ trouble: Trouble, nowNs: UInt64, into actions: inout [Action]) {
    guard let batch = batches.removeValue(forKey: number) else { return }
    if trouble == .refused {
      // Never taken, however often it is sent: keeping it would stop all that comes after.
      actions.append(.say("\(batch.results.count) results were refused and are given up"))
      if let mark = batch.mark { actions.append(.emptySpool(mark: mark)) }
      return
    }
    failed(trouble, nowNs: nowNs, into: &actions)
    deliverAgainNs = pollAgainNs
    guard batch.mark == nil else { return }
    pending.insert(contentsOf: batch.results, at: 0)
    pendingSinceNs = nowNs
  }
}
