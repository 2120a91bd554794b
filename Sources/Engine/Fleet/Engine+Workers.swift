import Domain
import Store
import Wire

/// What workers elsewhere ask of the engine.
extension Engine {
  /// Jobs for a worker as the bytes of its answer; waits up to `waitMs` for the first.
  public func claim(_ asked: JobsRequest, for worker: WorkerID, in region: RegionID) async -> [UInt8] {
    await learn(region)
    let begun = now()
    let seen = Fleet.Event.seen(worker, region, waitMs: asked.waitMs, asked.report)
    await follow(fleet.handle(seen, regions: [region], now: begun), now: begun)
    if let suspects = asked.report?.suspects, !suspects.isEmpty { await crashed(over: suspects, in: region, at: begun) }
    let plan = asked.planVersion.flatMap { delta(since: $0, in: region) }
    while true {
      let now = now()
      let offers = await lease(asked.maxJobs, to: worker, in: region, now: now)
      let left = asked.waitMs - (now - begun)
      // One that was sent away meanwhile waits for nothing any more.
      let isGone = fleet.members[worker] == nil
      if !offers.isEmpty || plan != nil || left <= 0 || isStopping || isGone {
        fleet.handedOut(offers.count, to: worker, at: now)
        return JobsAnswer.bytes(
          offers: offers, plan: plan, share: share(of: worker, in: region, now: now), serverTime: self.now())
      }
      await waitForJobs(in: region, ms: left)
    }
  }

  /// Renews leases; answers those that are lost.
  public func renew(_ refs: [LeaseRef]) async throws -> [LeaseRef] { try await queue.renew(refs, now: now()) }

  /// A worker leaves, or begins anew: what it held goes to others.
  public func leave(_ worker: WorkerID, isRevoked: Bool = false) async throws {
    let now = now()
    await follow(fleet.handle(.left(worker), regions: regions, now: now), now: now)
    try await queue.handBack(worker: worker, isLost: isRevoked, now: now)
    wakeWorkers(of: regions)
  }

  /// Takes results of a worker in; answers each, after the commit.
  public func deliver(_ items: [Delivered], from worker: WorkerID, in region: RegionID) async -> [ReportAnswer] {
    guard !items.isEmpty else { return [] }
    guard !isStopping, reports.count + items.count <= Limits.waitingForStoreMax else {
      return Array(repeating: .busy, count: items.count)
    }
    let now = now()
    await follow(fleet.handle(.seen(worker, region, waitMs: 0, nil), regions: [region], now: now), now: now)
    return await withCheckedContinuation { continuation in
      let ticket = Ticket(count: items.count) { continuation.resume(returning: $0) }
      for (place, item) in items.enumerated() { take(item, place, ticket, from: worker, in: region, now: now) }
      // The turn that stores it is this actor's next, whoever waits for it.
      Task { await self.flush() }
    }
  }

  func take(
    _ item: Delivered, _ place: Int, _ ticket: Ticket, from worker: WorkerID, in region: RegionID, now: Instant
  ) {
    guard item.job.region == region, let one = watched[item.job.monitor], one.mayBeDone(item.job, now: now) else {
      return ticket.answer(place, .rejected)
    }
    if let generation = item.generation, generation.epoch > planVersion >> 32 { return ticket.answer(place, .rejected) }
    switch item.content {
    case .missed(let reason):
      // Nobody else is to do it: the worker says that its time is over.
      let due = item.job.slot ?? now
      closed.append(ClosedJob(job: Job(id: item.job, due: due, budgetMs: 0), reason: reason))
      ticket.answer(place, .accepted)
    case .attempt(let attempt, let isFinal, let status, var seen):
      seen.startedAt = one.plausible(seen.startedAt, of: item.job, now: now)
      let report = RunReport(
        job: item.job, generation: item.generation, worker: worker, runKey: item.job.runKey, attempt: attempt,
        isFinal: isFinal, lateMs: item.lateMs, status: status, observation: seen)
      reports.append(Incoming(report: report, ticket: ticket, place: place))
      if isFinal { crashes[QuarantineKey(one.id, region)] = nil }
    }
  }

  // MARK: Jobs

  /// Each worker of a region gets its share of what waits there, so that none does it all.
  func lease(_ most: Int, to worker: WorkerID, in region: RegionID, now: Instant) async -> [JobsAnswer.Offer] {
    do {
      let ready = try await queue.ready(in: region)
      guard ready > 0 else { return [] }
      let workers = max(fleet.healthy(in: region, now: now), 1)
      let share = min(most, (ready + workers - 1) / workers)
      let leases = try await queue.claim(region: region, worker: worker, max: share, now: now)
      var out: [JobsAnswer.Offer] = []
      for lease in leases {
        guard let one = watched[lease.job.id.monitor], one.plans(lease.job.id) else {
          try await queue.complete([lease.job.id], now: now)
          continue
        }
        guard !quarantined.contains(QuarantineKey(one.id, region)) else {
          closed.append(ClosedJob(job: lease.job, reason: .workerLost))
          try await queue.complete([lease.job.id], now: now)
          continue
        }
        out.append(JobsAnswer.Offer(lease: lease, monitor: one.bytes(for: region)))
      }
      return out
    } catch {
      report("queue_failed", "\(error)")
      return []
    }
  }

  private func share(of worker: WorkerID, in region: RegionID, now: Instant) -> JobsAnswer.Share {
    let all = fleet.members.values.filter { $0.region == region && $0.seenUntil > now }.map(\.worker).sorted()
    return JobsAnswer.Share(index: all.firstIndex(of: worker) ?? 0, of: max(all.count, 1))
  }

  private func waitForJobs(in region: RegionID, ms: Int64) async {
    var timer: Task<Void, Never>?
    await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation)
      waiting[region, default: []].append(waiter)
      timer = Task {
        _ = try? await Task.sleep(for: .milliseconds(ms))
        self.stopWaiting(waiter, in: region)
      }
    }
    timer?.cancel()
  }

  private func stopWaiting(_ waiter: Waiter, in region: RegionID) {
    waiting[region]?.removeAll { $0 === waiter }
    waiter.wake()
  }

  func wakeWorkers(of regions: some Sequence<RegionID>) {
    for region in Set(regions) { for waiter in waiting.removeValue(forKey: region) ?? [] { waiter.wake() } }
  }

  /// Nobody waits for jobs or answers any more: the process ends.
  func sendWorkersAway() {
    isStopping = true
    wakeWorkers(of: Array(waiting.keys))
  }

  // MARK: Plan

  /// A region made since the start.
  private func learn(_ region: RegionID) async {
    guard regionNames[region] == nil else { return }
    await learnRegions()
  }

  /// A person made one: it is watched from here on.
  public func learnRegions() async {
    do { regionNames = try await store.read { try EngineQueries.regionNames(in: $0) } } catch {
      report("regions_failed", "\(error)")
    }
  }

  func noteGone(_ id: MonitorID) {
    planVersion += 1
    gone.append((planVersion, id))
    guard gone.count > Limits.goneRememberedMax else { return }
    goneBefore = gone[gone.count / 2].version
    gone.removeFirst(gone.count / 2 + 1)
  }

  /// What changed in a region since `version`; all of it for a worker that knows nothing, or nothing of this run.
  private func delta(since version: Int64, in region: RegionID) -> (delta: PlanDelta, assignments: [[UInt8]])? {
    guard version != planVersion else { return nil }
    var delta = PlanDelta()
    delta.isWhole = version < goneBefore || version > planVersion
    let from = delta.isWhole ? 0 : version
    let changed = watched.values.filter { $0.version > from && (!delta.isWhole || $0.regions.contains(region)) }
      .sorted { $0.version < $1.version }
    let some = changed.prefix(Limits.assignmentsPerPollMax)
    delta.hasMore = some.count < changed.count
    delta.version = delta.hasMore ? some.last?.version ?? planVersion : planVersion
    // A worker that is to ask for more must not be taken for one that knows nothing.
    if delta.hasMore { delta.version = max(delta.version, goneBefore) }
    delta.removed = some.filter { !$0.regions.contains(region) }.map(\.id)
    if !delta.isWhole { delta.removed += gone.filter { $0.version > from }.map(\.monitor) }
    return (delta, some.filter { $0.regions.contains(region) }.map { $0.bytes(for: region) })
  }
}

extension Watched {
  /// Whether a worker can have done this: a slot that is due, or a run that was asked for.
  func mayBeDone(_ job: JobID, now: Instant) -> Bool {
    guard let slot = job.slot else { return true }
    guard slot <= now + 1000, now - slot < Limits.spoolAgeMs, let row = plan.first(where: { $0.region == job.region })
    else { return false }
    // Slots of a plan that an edit ended cannot be told from others any more.
    return slot < row.from || row.contains(slot)
  }

  /// A moment that a worker's clock may have got wrong, drawn into the time in which the run can have been.
  func plausible(_ started: Instant, of job: JobID, now: Instant) -> Instant {
    let earliest = job.slot ?? now - settings.slotBudgetMs - 2 * Limits.leaseGraceMs
    return min(max(started, earliest), now)
  }

  /// Whether an attempt that fills no slot was taken in before.
  func hasSeen(_ report: RunReport, _ standing: LeaseStanding) -> Bool {
    if report.job.slot == nil, standing == .unknown { return true }
    guard !report.isFinal, let vote = verdict.votes.first(where: { $0.region == report.job.region }) else {
      return false
    }
    return vote.at.map { report.observation.startedAt <= $0 } ?? false
  }
}
