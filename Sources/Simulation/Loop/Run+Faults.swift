import Domain
import SQLite
import Store

/// Faults begin and end.
extension Run {
  func beginFault(_ fault: Fault) async throws {
    note(
      .fault, region: fault.kind == .controlCrash || fault.kind == .channelDown ? -1 : fault.region,
      worker: fault.worker ?? -1, Int64(fault.kind.rawValue))
    switch fault.kind {
    case .workerCrash:
      for w in touched(by: fault) { crash(w) }
      await fallSilent(fault)
    case .workerPause:
      await fallSilent(fault)
      for w in touched(by: fault) { workers[w].pausedUntil = max(workers[w].pausedUntil ?? now, fault.span.to) }
    case .partition:
      for w in touched(by: fault) {
        workers[w].isCutOff = true
        plan(.offline(w, life: workers[w].life), at: now + random.between(2000...10_000))
      }
      await fallSilent(fault)
    case .lossy: for w in touched(by: fault) { workers[w].isLossy = true }
    case .brokenPath: break
    case .controlCrash:
      await endControl()
      for w in workers.indices where w > 0 && workers[w].isAlive {
        plan(.offline(w, life: workers[w].life), at: now + random.between(2000...10_000))
      }
    case .storeRefuses: try await refuse(true)
    case .channelDown: channelIsDown = true
    }
  }

  func endFault(_ fault: Fault) async throws {
    note(
      .faultEnded, region: fault.kind == .controlCrash || fault.kind == .channelDown ? -1 : fault.region,
      worker: fault.worker ?? -1, Int64(fault.kind.rawValue))
    switch fault.kind {
    case .workerCrash: for w in touched(by: fault) { restart(w) }
    case .workerPause:
      for w in touched(by: fault) where (workers[w].pausedUntil ?? now) <= now {
        workers[w].pausedUntil = nil
        planPoll(w)
      }
    case .partition:
      for w in touched(by: fault) {
        workers[w].isCutOff = false
        planPoll(w)
      }
    case .lossy: for w in touched(by: fault) { workers[w].isLossy = false }
    case .brokenPath: break
    case .controlCrash:
      store = try Self.open(path, clock)
      try await beginControl()
      for w in workers.indices where w > 0 { planPoll(w) }
    case .storeRefuses: try await refuse(false)
    case .channelDown: channelIsDown = false
    }
  }

  private func touched(by fault: Fault) -> [Int] {
    workers.indices.filter {
      $0 > 0 && workers[$0].region == fault.region && (fault.worker == nil || workers[$0].number == fault.worker)
    }
  }

  /// The request for jobs that waits at the control plane is the last that it hears.
  private func fallSilent(_ fault: Fault) async {
    guard let engine else { return }
    let gone = touched(by: fault).map { (worker: WorkerID(Int64($0)), region: regionID($0)) }
    let left = random.below(4000)
    await engine.wait(gone, waitMs: left)
    plan(.turn(isForced: true), at: now + left + Limits.workerSilentMs + random.between(1...250))
  }

  private func crash(_ w: Int) {
    guard workers[w].isAlive else { return }
    let spool = workers[w].spool
    var fresh = Worker(region: workers[w].region, number: workers[w].number, skewMs: random.between(-30...30))
    fresh.life = workers[w].life + 1
    fresh.isAlive = false
    fresh.isCutOff = workers[w].isCutOff
    fresh.isLossy = workers[w].isLossy
    fresh.pausedUntil = workers[w].pausedUntil
    fresh.spool = spool
    workers[w] = fresh
  }

  private func restart(_ w: Int) {
    guard !workers[w].isAlive else { return }
    workers[w].isAlive = true
    if !workers[w].spool.isEmpty { planReconnect(w) }
    planPoll(w)
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
