import Domain
import Probe
import Store

/// The way out: from slots to jobs, from jobs to probes.
extension Engine {
  /// Puts the next slot of each plan row into the heap.
  func schedule(_ one: Watched, from: Instant) {
    for row in one.plan where one.scheduled.insert(row.id).inserted {
      if let at = row.firstSlot(atOrAfter: from) {
        due.push(Due(at: at, monitor: one.id, region: row.region, plan: row.id))
      }
    }
  }

  /// A plan begins when it is written, and is heard of a moment later: what fell due meanwhile is still done. Where that
  /// took longer, or the slot clock is ahead of the one that dated the plan, older slots are missed rather than forgotten.
  func catchUp(_ one: Watched, at now: Instant) {
    let from = now - Limits.heardLateMs
    for row in one.plan where !one.scheduled.contains(row.id) {
      for at in row.slots(from: max(row.from, now - Instant.dayMs), to: from) {
        let id = JobID(monitor: one.id, region: row.region, trigger: .schedule, mark: at.ms)
        // For the next turn: what this one has to store may be refused, and the row is not looked at again.
        closed.append(ClosedJob(job: Job(id: id, due: at, budgetMs: 0), reason: .notRunning))
      }
    }
    schedule(one, from: from)
  }

  /// Emits the jobs of all slots before `until`.
  func emitDue(until: Instant, now: Instant) async {
    var jobs: [Job] = []
    emittedUntil = max(emittedUntil, until)
    while let next = due.first, next.at < until {
      _ = due.pop()
      guard let one = watched[next.monitor], let row = one.plan.first(where: { $0.id == next.plan }) else { continue }
      jobs.append(job(one, next.region, at: next.at))
      if let following = row.firstSlot(atOrAfter: next.at + 1) {
        due.push(Due(at: following, monitor: one.id, region: next.region, plan: next.plan))
      }
    }
    guard !jobs.isEmpty else { return }
    do { try await queue.emit(jobs, now: now) } catch { report("queue_failed", "\(error)") }
    wakeWorkers(of: jobs.map(\.id.region))
  }

  private func job(_ one: Watched, _ region: RegionID, at slot: Instant) -> Job {
    Job(
      id: JobID(monitor: one.id, region: region, trigger: .schedule, mark: slot.ms), due: slot,
      budgetMs: Int32(clamping: one.settings.slotBudgetMs), firstAttempt: one.verdict.carriedAttempts(region),
      allowsStandIn: allowsStandIn(one, for: region))
  }

  /// Takes back what was emitted of a monitor and has not begun: its plan changed. Rows that go on keep their slots.
  func takeBack(_ id: MonitorID, keeping rows: [PlanRow], at now: Instant) async throws {
    try await queue.withdraw(id, from: now)
    let tokens = leases.filter {
      $0.value.job.id.monitor == id && $0.value.job.id.slot != nil && $0.value.job.due >= now
    }
    for token in tokens.keys { leases[token] = nil }
    if !tokens.isEmpty { probe?.cancel(Array(tokens.keys)) }
    guard let one = watched[id] else { return }
    var jobs: [Job] = []
    for row in rows { for at in row.slots(from: now, to: emittedUntil) { jobs.append(job(one, row.region, at: at)) } }
    if !jobs.isEmpty { try await queue.emit(jobs, now: now) }
    wakeWorkers(of: jobs.map(\.id.region))
    await dispatch()
  }

  /// Emits runs that nobody planned. Answers their public ids.
  @discardableResult
  func ask(
    _ one: Watched, _ trigger: Trigger, regions: [RegionID], at now: Instant, due: Instant? = nil
  ) async -> [String] {
    let jobs = regions.map { region in
      let bits = world.random(8).reduce(Int64(0)) { $0 << 8 | Int64($1) } & Int64.max
      return Job(
        id: JobID(monitor: one.id, region: region, trigger: trigger, mark: bits), due: due ?? now,
        budgetMs: Int32(clamping: one.settings.slotBudgetMs), allowsStandIn: allowsStandIn(one, for: region))
    }
    do { try await queue.emit(jobs, now: now) } catch { report("queue_failed", "\(error)") }
    wakeWorkers(of: regions)
    return jobs.map { $0.id.runKey.text }
  }

  /// The embedded worker: claims what region `local` has to do and hands it to the probe's thread.
  func dispatch() async {
    guard let probe, let local else { return }
    let now = now()
    let room = Limits.leasesHeldMax - leases.count
    guard room > 0 else { return }
    do {
      let claimed = try await queue.claim(region: local, worker: .embedded, max: room, now: now)
      guard !claimed.isEmpty else { return }
      var runs: [ProbeRun] = []
      for lease in claimed {
        // While this waited for the queue, an edit may have ended the plan that the slot came from.
        guard let one = watched[lease.job.id.monitor], one.plans(lease.job.id) else {
          try await queue.complete([lease.job.id], now: now)
          continue
        }
        if let run = run(lease, of: one) { runs.append(run) }
      }
      fleet.handedOut(runs.count, to: .embedded, at: now)
      probe.submit(runs)
    } catch { report("queue_failed", "\(error)") }
  }

  private func run(_ lease: Lease, of one: Watched) -> ProbeRun? {
    do throws(TargetError) {
      let target = try one.target()
      let token = nextToken
      nextToken += 1
      leases[token] = lease
      return ProbeRun(
        token: token, target: target, dueNs: clock.monotonicNs(of: lease.job.due), budgetMs: Int64(lease.job.budgetMs),
        allowsPrivate: one.allowsPrivate, firstAttempt: Int(lease.job.firstAttempt),
        urgent: lease.job.id.trigger != .schedule)
    } catch {
      // Settings are checked when they are saved: this is a monitor of an older, laxer version.
      report("target_refused", "\(one.publicID): \(error)")
      closed.append(ClosedJob(job: lease.job, reason: .overloaded))
      return nil
    }
  }

  /// A lease of ours whose time is over without a report waited behind too many others: its slot is missed for that, and
  /// its run is not begun any more.
  func giveUpOverdue(now: Instant) async throws {
    let overdue = leases.filter { $0.value.until <= now }.sorted { $0.key < $1.key }
    guard !overdue.isEmpty else { return }
    for (token, lease) in overdue {
      leases[token] = nil
      closed.append(ClosedJob(job: lease.job, reason: .overloaded))
    }
    probe?.cancel(overdue.map(\.key))
    try await queue.complete(overdue.map(\.value.job.id), now: now)
  }

  /// Takes back runs that have not begun and waits for the others, `ms` of real time at most.
  func drain(ms: Int64, from now: Instant) async {
    let later = leases.filter { $0.value.job.due > now }.map(\.key)
    for token in later { leases[token] = nil }
    probe?.cancel(later)
    let end = ContinuousClock.now + .milliseconds(ms)
    while !leases.isEmpty, ContinuousClock.now < end { _ = try? await Task.sleep(for: .milliseconds(20)) }
  }

  /// The embedded worker is never away: what it did not take in time was too much. A region that has no voice says why.
  func reasoned(_ closed: ClosedJob) -> ClosedJob {
    let region = closed.job.id.region
    if let reason = fleet.state(of: region).missed, region != local || reason != .workerOffline {
      return ClosedJob(job: closed.job, reason: reason)
    }
    return region == local ? ClosedJob(job: closed.job, reason: .overloaded) : closed
  }

  func takeMail() async {
    let waiting = waitingForMail
    waitingForMail = []
    await take(mailbox.takeAll())
    for waiter in waiting { waiter.resume() }
  }

  /// Reports of the probe's thread, in the order it saw them.
  package func take(_ batch: [ProbeReport]) async {
    for one in batch {
      guard let lease = leases[one.token] else { continue }
      if one.isFinal { leases[one.token] = nil }
      if one.attempt == Int(lease.job.firstAttempt) { lateness.add(Int(one.lateMs)) }
      var report = RunReport(
        job: lease.job.id, generation: lease.generation, runKey: lease.job.id.runKey, attempt: one.attempt,
        isFinal: one.isFinal, lateMs: one.lateMs, status: one.status, observation: one.observation)
      report.isOwnTrouble = one.isOwnTrouble
      reports.append(Incoming(report: report, ticket: nil, place: 0))
    }
    await flush()
  }

  func monitorsChanged(_ ids: [MonitorID]) async {
    changed.formUnion(ids)
    await flush()
  }
}
