import Domain
import Engine
import Probe
import Store

/// What workers do: fetch jobs, start each at its due time, try again as the probe does, go on alone when nobody answers.
extension Run {
  /// A worker that nothing keeps waits for jobs without an end: in the place of a request every few seconds.
  static let waitMs = Instant.dayMs

  func regionID(_ w: Int) -> RegionID { RegionID(Int64(workers[w].region) + 1) }

  func planPoll(_ w: Int) {
    guard workers[w].isAlive, !workers[w].isOffline, !workers[w].isPolling else { return }
    workers[w].isPolling = true
    plan(.poll(w, life: workers[w].life), at: now + latency(w))
  }

  func poll(_ w: Int) async throws {
    workers[w].isPolling = false
    guard !workers[w].isOffline else { return }
    guard let engine, !workers[w].isCutOff else { return plan(.offline(w, life: workers[w].life), at: now + 3000) }
    if isLost(w) {
      workers[w].isPolling = true
      return plan(.poll(w, life: workers[w].life), at: now + 2000)
    }
    let most = 16
    await engine.wait([(WorkerID(Int64(w)), regionID(w))], waitMs: Self.waitMs)
    let leases = await engine.offer(most, to: WorkerID(Int64(w)), in: regionID(w))
    for lease in leases {
      note(
        .claimed, monitor: lease.job.id.monitor, region: workers[w].region, worker: workers[w].number,
        lease.job.id.slot?.ms ?? 0, lease.generation.raw)
    }
    if leases.count == most { planPoll(w) }
    if !leases.isEmpty, !isLost(w) { plan(.leases(w, life: workers[w].life, leases), at: now + latency(w)) }
    try await follow()
  }

  func take(_ leases: [Lease], by w: Int) {
    for lease in leases where workers[w].held.insert(lease.job.id).inserted {
      start(
        lease.job.id, due: lease.job.due, budgetMs: Int64(lease.job.budgetMs), first: Int(lease.job.firstAttempt),
        lease.generation, by: w)
    }
  }

  private func start(
    _ job: JobID, due: Instant, budgetMs: Int64, first: Int, _ generation: Generation?, by w: Int
  ) {
    nextSerial += 1
    running[nextSerial] = Running(
      worker: w, life: workers[w].life, job: job, generation: generation, due: due, budgetMs: budgetMs, attempt: first)
    plan(.begin(nextSerial), at: max(now, due + random.below(4)))
  }

  func begin(_ serial: Int64) {
    guard var one = running[serial] else { return }
    let monitor = Int(one.job.monitor.raw) - 1
    let timeoutMs = Int64(settings[monitor].timeoutMs)
    one.startedAt = now
    one.budgetEnd = one.budgetEnd ?? now + one.budgetMs
    let outcome = truth.outcome(of: monitor, from: workers[one.worker].region, at: now, timeoutMs: timeoutMs)
    one.outcome = outcome
    running[serial] = one
    plan(.end(serial), at: now + outcome.lastsMs)
  }

  func end(_ serial: Int64) async throws {
    guard var one = running[serial], let outcome = one.outcome else { return }
    let monitor = Int(one.job.monitor.raw) - 1
    let next = outcome.status == .down ? nextStart(of: one, settings[monitor]) : nil
    let worker = workers[one.worker]
    note(
      .attempt, monitor: one.job.monitor, region: worker.region, worker: worker.number, Int64(one.attempt),
      Int64(outcome.status.rawValue))
    var seen = Observation(startedAt: one.startedAt + worker.skewMs)
    seen.timing.totalUs = Int32(clamping: outcome.lastsMs * 1000)
    seen.failure = outcome.failure
    // The attempt's own number travels in a field that nothing decides by, so that the history names who did it.
    seen.bodyBytes = serial << 4 | Int64(one.attempt & 15)
    let attempt = one.attempt
    if let next {
      one.attempt += 1
      running[serial] = one
      plan(.begin(serial), at: next)
    } else {
      running[serial] = nil
      workers[one.worker].held.remove(one.job)
    }
    audit.checks += 1
    if let token = one.token {
      if next == nil { tokens[token] = nil }
      try await report(
        ProbeReport(
          token: token, attempt: attempt, isFinal: next == nil, startedNs: UInt64(one.startedAt.ms) * 1_000_000,
          lateMs: Int32(clamping: one.startedAt - one.due), status: outcome.status, observation: seen))
    } else {
      hand(
        Delivered(
          job: one.job, generation: one.generation, lateMs: Int32(clamping: one.startedAt - one.due),
          content: .attempt(attempt, isFinal: next == nil, outcome.status, seen)), by: one.worker)
    }
  }

  /// As the probe decides: when the next attempt begins; nil where none is left or its time does not fit into the budget.
  private func nextStart(of one: Running, _ settings: MonitorSettings) -> Instant? {
    guard one.attempt + 1 < settings.attempts, let end = one.budgetEnd else { return nil }
    let start = now + MonitorSettings.backOffMs(beforeAttempt: one.attempt + 1)
    return start + Int64(settings.timeoutMs) <= end ? start : nil
  }

  private func report(_ report: ProbeReport) async throws {
    guard let engine else { return }
    await engine.wait([(.embedded, RegionID(1))], waitMs: 0)
    await engine.take([report])
    try await follow()
  }

  // MARK: Alone

  func goOffline(_ w: Int) {
    guard !workers[w].isOffline else { return }
    // It was away for a moment only: nobody noticed.
    guard engine == nil || workers[w].isCutOff || workers[w].isLossy else { return planPoll(w) }
    workers[w].isOffline = true
    note(.offline, region: workers[w].region, worker: workers[w].number)
    spool(workers[w].buffer, by: w)
    workers[w].buffer = []
    planOwnSlot(w)
    planReconnect(w)
  }

  /// Starts what the plan says is due now, unless it is in hand under a lease.
  func ownSlot(_ w: Int) {
    guard workers[w].isOffline else { return }
    let region = regionID(w)
    for row in plan where row.region == region && row.contains(now) {
      let job = JobID(monitor: row.monitor, region: region, trigger: .schedule, mark: now.ms)
      guard workers[w].held.insert(job).inserted else { continue }
      start(job, due: now, budgetMs: settings[Int(row.monitor.raw) - 1].slotBudgetMs, first: 0, nil, by: w)
    }
    planOwnSlot(w)
  }

  private func planOwnSlot(_ w: Int) {
    let region = regionID(w)
    let next = plan.filter { $0.region == region }.compactMap { $0.firstSlot(atOrAfter: now + 1) }.min()
    if let next { plan(.ownSlot(w, life: workers[w].life), at: next) }
  }
}
