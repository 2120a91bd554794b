import Domain
import SQLite
import Store

/// Faults begin and end.
extension Run {
  func beginFault(_ fault: Fault) async throws {
    note(
      .fault, region: fault.isOfRegion ? fault.region : -1,
      worker: fault.worker ?? -1, Int64(fault.kind.rawValue))
    for w in touched(by: fault) { await rouse(w) }
    switch fault.kind {
    case .workerCrash: for w in touched(by: fault) { await crash(w) }
    case .workerPause:
      for w in touched(by: fault) { workers[w].pausedUntil = max(workers[w].pausedUntil ?? now, fault.span.to) }
    case .partition: for w in touched(by: fault) { workers[w].isCutOff = true }
    case .lossy: for w in touched(by: fault) { workers[w].isLossy = true }
    case .brokenPath: break
    case .controlCrash: await endControl()
    case .controlStop: await stopControl()
    case .workerLeave:
      for w in touched(by: fault) where workers[w].isAlive {
        await feed(.leave, to: w)
        plan(.drained(w, life: workers[w].life), at: now + Limits.drainMs)
      }
    case .workerRevoke: for w in touched(by: fault) { try await revoke(w) }
    case .storeRefuses: try await refuse(true)
    case .channelDown: channelIsDown = true
    }
  }

  func endFault(_ fault: Fault) async throws {
    note(
      .faultEnded, region: fault.isOfRegion ? fault.region : -1,
      worker: fault.worker ?? -1, Int64(fault.kind.rawValue))
    switch fault.kind {
    case .workerCrash: for w in touched(by: fault) { restart(w) }
    case .workerPause:
      for w in touched(by: fault) where (workers[w].pausedUntil ?? now) <= now { workers[w].pausedUntil = nil }
    case .partition: for w in touched(by: fault) { workers[w].isCutOff = false }
    case .lossy: for w in touched(by: fault) { workers[w].isLossy = false }
    case .brokenPath: for w in touched(by: fault) { await rouse(w) }
    case .workerLeave: for w in touched(by: fault) { restart(w) }
    case .workerRevoke:
      for w in touched(by: fault) where revoked.contains(workers[w].key) {
        // Its operator enrolls the machine again, whatever its process is about.
        await crash(w)
        workers[w].key = WorkerID(nextWorker)
        nextWorker += 1
        restart(w)
      }
    case .controlCrash, .controlStop:
      store = try Self.open(folder, clock)
      try await beginControl()
    case .storeRefuses: try await refuse(false)
    case .channelDown: channelIsDown = false
    }
  }

  private func touched(by fault: Fault) -> [Int] {
    guard fault.isOfRegion else { return [] }
    return workers.indices.filter {
      $0 > 0 && workers[$0].region == fault.region && (fault.worker == nil || workers[$0].number == fault.worker)
    }
  }

  /// Begins again, unless it is there or still about to end: then when that is done.
  private func restart(_ w: Int) {
    if workers[w].isAlive { workers[w].restarts = workers[w].core.isLeaving } else { beginWorker(w) }
  }

  /// Somebody ends a worker's right to work.
  private func revoke(_ w: Int) async throws {
    guard let engine else { return }
    let key = workers[w].key
    revoked.insert(key)
    try await engine.leave(key, isRevoked: true)
    if let parked = workers[w].parked {
      workers[w].parked = nil
      answer(w, parked.life, parked.id, .failed(.revoked))
    }
    try await follow()
  }

  private func refuse(_ begins: Bool) async throws {
    _ = try await store.write { db in
      try db.run(
        begins
          ? "CREATE TRIGGER refusal BEFORE INSERT ON result_log BEGIN SELECT RAISE(ABORT, 'refused'); END"
          : "DROP TRIGGER IF EXISTS refusal")
    }
  }
}
