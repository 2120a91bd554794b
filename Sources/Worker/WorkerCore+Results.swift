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
      if one.isOwnTrouble {
        if let missed = result.withheld { hold(missed, nowNs: nowNs) }
      } else if one.status == .down, seen.failure?.cameFromTarget == false {
        if doubted.isEmpty { doubtedSinceNs = nowNs }
        doubtedAttemptNs = max(doubtedAttemptNs, one.startedNs)
        doubted.append(result)
        doubtedBytes += result.weight
      } else {
        hold(result, nowNs: nowNs)
      }
    }
  }

  mutating func hold(_ result: Delivered, nowNs: UInt64) {
    if pending.isEmpty { pendingSinceNs = nowNs }
    pending.append(result)
    pendingBytes += result.weight
  }

  /// Failures that may be the network's here wait until that is known, which takes a canary's time at most.
  mutating func settleDoubts(nowNs: UInt64, into actions: inout [Action]) {
    guard !doubted.isEmpty else { return }
    guard let works = networkWorks(nowNs: nowNs) else {
      // The control plane is the canary where there is no other: an empty renewal costs it next to nothing.
      if configuration.canaries.isEmpty, !isAsking {
        isAsking = true
        actions.append(.renew([]))
      }
      return
    }
    for result in doubted {
      if works {
        hold(result, nowNs: nowNs)
      } else if let missed = result.withheld {
        hold(missed, nowNs: nowNs)
      }
    }
    doubted = []
    doubtedBytes = 0
    doubtedAttemptNs = 0
  }

  /// What was heard since the newest doubted attempt began; nil while it is asked for, false when nothing was for long.
  private func networkWorks(nowNs: UInt64) -> Bool? {
    if configuration.canaries.isEmpty {
      if max(lastContactNs, lastSuccessNs) > doubtedAttemptNs { return true }
    } else if let works = canary.verdict(askedAfterNs: doubtedAttemptNs) {
      return works
    }
    let isMuch = doubted.count > configuration.pendingMax || doubtedBytes > configuration.pendingBytesMax
    return isMuch || nowNs - min(doubtedSinceNs, nowNs) >= Self.doubtNs ? false : nil
  }

  /// How long a doubt waits for a word from anywhere.
  static let doubtNs: UInt64 = 10_000_000_000

  // MARK: Delivering

  mutating func deliver(nowNs: UInt64, into actions: inout [Action]) {
    if isAway || pending.count > configuration.pendingMax || pendingBytes > configuration.pendingBytesMax {
      guard !pending.isEmpty else { return }
      actions.append(.spool(pending.map(\.orphaned)))
      spooled += pending.count
      pending = []
      pendingBytes = 0
      return
    }
    guard nowNs >= deliverAgainNs else { return }
    // One at a time, so that what came first is heard first, also when it has to be sent again.
    while !batches.values.contains(where: { $0.mark == nil }), !pending.isEmpty,
      pending.count >= batchSize || isLeaving
        || nowNs - min(pendingSinceNs, nowNs) >= UInt64(configuration.batchMs) * 1_000_000
    {
      let some = Array(pending.prefix(batchSize))
      pending.removeFirst(some.count)
      pendingBytes -= some.weight
      pendingSinceNs = nowNs
      send(Batch(results: some), into: &actions)
    }
    if spooled > 0, !isReadingSpool, !isLeaving, !batches.values.contains(where: { $0.mark != nil }) {
      isReadingSpool = true
      actions.append(.readSpool(batchSize))
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
    batchSize = min(configuration.batchMax, 2 * batchSize)
    report.rejected += answer.rejected.count
    for one in answer.rejected { actions.append(.say("result of \(one.job) refused: \(one.code)")) }
    guard let mark = batch.mark else { return }
    spooled = max(0, spooled - batch.results.count)
    actions.append(.emptySpool(mark: mark))
  }

  mutating func deliveryFailed(_ number: Int, _ trouble: Trouble, nowNs: UInt64, into actions: inout [Action]) {
    guard let batch = batches.removeValue(forKey: number) else { return }
    if trouble == .refused {
      // Too much at once, for something on the way or because of one of them: halved until that one is found.
      if batch.results.count > 1 {
        batchSize = max(1, min(batchSize, batch.results.count / 2))
        if batch.mark == nil { putBack(batch.results) }
        return
      }
      // Never taken, however often it is sent: keeping it would stop all that comes after.
      report.rejected += batch.results.count
      actions.append(.say("a result of \(batch.results.first?.job.text ?? "") was refused and is given up"))
      if let mark = batch.mark {
        spooled = max(0, spooled - 1)
        actions.append(.emptySpool(mark: mark))
      }
      return
    }
    if batch.mark == nil {
      putBack(batch.results)
      pendingSinceNs = nowNs
    }
    failed(trouble, nowNs: nowNs, into: &actions)
    deliverAgainNs = pollAgainNs
  }

  private mutating func putBack(_ results: [Delivered]) {
    pending.insert(contentsOf: results, at: 0)
    pendingBytes += results.weight
  }
}

extension Delivered {
  /// About the bytes that it takes in memory.
  var weight: Int {
    guard case .attempt(_, _, _, let seen) = content else { return 128 }
    let evidence = seen.evidence.map { evidence in
      evidence.responseHead.utf8.count + evidence.bodyExcerpt.utf8.count
        + evidence.certificateChain.reduce(0) { $0 + $1.utf8.count }
        + evidence.hops.reduce(0) { $0 + 128 + $1.url.utf8.count }
    }
    return 512 + (seen.failure?.message.utf8.count ?? 0) + (evidence ?? 0)
  }
}

extension [Delivered] {
  var weight: Int { reduce(0) { $0 + $1.weight } }
}
