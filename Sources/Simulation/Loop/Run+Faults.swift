import Domain
import SQLite
import Store

/// Faults begin and end.
extension Run {
  func beginFault(_ fault: Fault) async throws {
    note(
      .fault, region: fault.kind == .controlCrash || fault.kind == .channelDown ? -1 : fault.region,
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
    case .storeRefuses: try await refuse(true)
    case .channelDown: channelIsDown = true
    }
  }

  func endFault(_ fault: Fault) async throws {
    note(
      .faultEnded, region: fault.kind == .controlCrash || fault.kind == .channelDown ? -1 : fault.region,
      worker: fault.worker ?? -1, Int64(fault.kind.rawValue))
    switch fault.kind {
    case .workerCrash: for w in touched(by: fault) where !workers[w].isAlive { beginWorker(w) }
    case .workerPause:
      for w in touched(by: fault) where (workers[w].pausedUntil ?? now) <= now { workers[w].pausedUntil = nil }
    case .partition: for w in touched(by: fault) { workers[w].isCutOff = false }
    case .lossy: for w in touched(by: fault) { workers[w].isLossy = false }
    case .brokenPath: for w in touched(by: fault) { await rouse(w) }
    case .controlCrash:
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

  private func refuse(_ begins: Bool) async throws {
    _ = try await store.write { db in
      try db.run(
        begins
          ? "CREATE TRIGGER refusal BEFORE INSERT ON result_log BEGIN SELECT RAISE(ABORT, 'refused'); END"
          : "DROP TRIGGER IF EXISTS refusal")
    }
  }
}
