import Domain
import Store
import Wire

/// What workers elsewhere ask of the engine.
extension Engine {
  /// Jobs for a worker as the bytes of its answer; waits up to `waitMs` for the first. Nil while the process begins, and
  /// when it is ending.
  public func claim(_ asked: JobsRequest, for worker: WorkerID, in region: RegionID) async -> [UInt8]? {
    guard hasBegun else { return nil }
    await learn(region)
    let begun = now()
    // A worker waits once: a newer request takes the place of one whose answer nobody reads any more.
    asks[worker, default: 0] += 1
    let ask = asks[worker]
    for waiter in waiting[region] ?? [] where waiter.worker == worker { waiter.wake() }
    let plan = await hear(asked, from: worker, in: region, waitMs: asked.waitMs, now: begun)
    while !isStopping {
      let now = now()
      // One that left, or whose connection is gone, is given nothing that it would never do.
      let isGone = fleet.members[worker] == nil || asks[worker] != ask || Task.isCancelled
      let offers = isGone ? [] : await lease(asked.maxJobs, to: worker, in: region, now: now)
      let left = asked.waitMs - (now - begun)
      if !offers.isEmpty || plan != nil || left <= 0 || isGone {
        fleet.handedOut(offers.count, to: worker, at: now)
        return JobsAnswer.bytes(
          offers: offers, plan: plan, share: share(of: worker, in: region, now: now), serverTime: self.now())
      }
      await waitForJobs(worker, in: region, ms: left)
    }
    return nil
  }

  /// Takes in what a request for jobs says of its worker; answers what changed in the plan that it knows.
  func hear(
    _ asked: JobsRequest, from worker: WorkerID, in region: RegionID, waitMs: Int64, now: Instant
  ) async -> (delta: PlanDelta, assignments: [[UInt8]])? {
    let seen = Fleet.Event.seen(worker, region, waitMs: waitMs, asked.report)
    await follow(fleet.handle(seen, regions: [region], now: now), now: now)
    if let said = asked.report, !said.suspects.isEmpty,
      crashesTold.updateValue(said.crash, forKey: worker) != said.crash
    {
      await crashed(over: said.suspects, in: region, at: now)
    }
    return asked.planVersion.flatMap { delta(since: $0, in: region) }
  }

  /// Renews leases; answers those that are lost.
  public func renew(_ refs: [LeaseRef]) async throws -> [LeaseRef] { try await queue.renew(refs, now: now()) }

  /// A worker leaves, or begins anew: what it held goes to others.
  public func leave(_ worker: WorkerID, isRevoked: Bool = false) async throws {
    let now = now()
    // Of its own region alone: while a turn hangs, the embedded worker has not been heard of either, and is not gone.
    let own = fleet.members[worker].map { [$0.region] } ?? []
    await follow(fleet.handle(.left(worker), regions: own, now: now), now: now)
    try await queue.handBack(worker: worker, isLost: isRevoked, now: now)
    wakeWorkers(of: regions)
  }

  /// Takes results of a worker in; answers each, after the commit.
  public func deliver(_ items: [Delivered], from worker: WorkerID, in region: RegionID) async -> [ReportAnswer] {
    guard !items.isEmpty else { return [] }
    guard hasBegun, !hasStopped, givenUp.count + reports.count + items.count <= Limits.waitingForStoreMax else {
      return Array(repeating: .busy, count: items.count)
    }
    let now = now()
    await follow(fleet.handle(.seen(worker, region, waitMs: 0, nil), regions: [region], now: now), now: now)
    let handedOn = await handOn(items, from: worker, in: region, now: now)
    return await withCheckedContinuation { continuation in
      let ticket = Ticket(count: items.count) { continuation.resume(returning: $0) }
      for (place, item) in items.enumerated() {
        guard !handedOn.contains(place) else {
          ticket.answer(place, .accepted)
          continue
        }
        take(item, place, ticket, from: worker, in: region, now: now)
      }
      // The turn that stores it is this actor's next, whoever waits for it.
      Task { await self.flush() }
    }
  }

  func take(
    _ item: Delivered, _ place: Int, _ ticket: Ticket, from worker: WorkerID, in region: RegionID, now: Instant
  ) {
    guard let one = watched[item.job.monitor], mayLook(one, for: item.job.region, from: region),
      one.mayBeDone(item.job, aheadMs: item.isRefusal ? Limits.jobsAheadMs : 0, now: now)
    else { return ticket.answer(place, .rejected) }
    if let generation = item.generation, generation.epoch > planVersion >> 32 { return ticket.answer(place, .rejected) }
    switch item.content {
    case .missed(let reason):
      let job = Job(id: item.job, due: item.job.slot ?? now, budgetMs: 0)
      let lease = item.generation.map { LeaseRef(job: item.job, generation: $0, worker: worker) }
      givenUp.append(GivenUp(closed: ClosedJob(job: job, reason: reason), lease: lease, ticket: ticket, place: place))
    case .attempt(let attempt, let isFinal, let status, var seen):
      seen.startedAt = one.plausible(seen.startedAt, of: item.job, now: now)
      var report = RunReport(
        job: item.job, generation: item.generation, worker: worker, runKey: item.job.runKey, attempt: attempt,
        isFinal: isFinal, lateMs: item.lateMs, status: status, observation: seen)
      report.isStandIn = item.job.region != region
      reports.append(Incoming(report: report, ticket: ticket, place: place))
      if isFinal { crashes[QuarantineKey(one.id, region)] = nil }
    }
  }

  /// The places of jobs that a worker cannot do and that now wait for another one of its region: while workers are made
  /// newer one by one, what the old ones do not know is for the new ones. The others are closed as nobody's.
  func handOn(_ items: [Delivered], from worker: WorkerID, in region: RegionID, now: Instant) async -> Set<Int> {
    var out: Set<Int> = []
    let others = Set(
      fleet.members.values.filter { $0.region == region && $0.seenUntil > now && $0.worker != worker }.map(\.worker))
    guard !others.isEmpty else { return out }
    for (place, item) in items.enumerated() {
      guard item.isRefusal, let generation = item.generation else { continue }
      let ref = LeaseRef(job: item.job, generation: generation, worker: worker)
      do {
        if try await queue.refuse(ref, others: others, now: now) { out.insert(place) }
      } catch { report("queue_failed", "\(error)") }
    }
    if !out.isEmpty { wakeWorkers(of: [region]) }
    return out
  }

  // MARK: Jobs

  /// Each worker of a region gets its share of what waits there, so that none does it all.
  func lease(_ most: Int, to worker: WorkerID, in region: RegionID, now: Instant) async -> [JobsAnswer.Offer] {
    do {
      let ready = try await ready(for: region)
      guard ready > 0 else { return [] }
      let workers = max(fleet.healthy(in: region, now: now), 1)
      let share = min(most, (ready + workers - 1) / workers)
      var out: [JobsAnswer.Offer] = []
      var left = share
      var bytes = 0
      while left > 0, bytes < Limits.jobsAnswerBytesMax {
        // A few at a time, as one monitor may be large.
        let leases = try await claim(min(left, 20), for: worker, in: region, now: now)
        guard !leases.isEmpty else { break }
        left -= leases.count
        let offers = try await offers(leases, in: region, now: now)
        bytes += offers.reduce(0) { $0 + $1.monitor.count }
        out += offers
      }
      return out
    } catch {
      report("queue_failed", "\(error)")
      return []
    }
  }

  private func offers(_ leases: [Lease], in region: RegionID, now: Instant) async throws -> [JobsAnswer.Offer] {
    let isOwn = privateRegions.contains(region)
    var out: [JobsAnswer.Offer] = []
    for lease in leases {
      let place = lease.job.id.region
      guard let one = watched[lease.job.id.monitor], one.plans(lease.job.id) else {
        try await queue.complete([lease.job.id], now: now)
        continue
      }
      let isSpared = [place, region].contains { quarantined.contains(QuarantineKey(one.id, $0)) }
      // An edit may have taken the leave to stand in back since the job was made.
      guard !isSpared, mayLook(one, for: place, from: region) else {
        closed.append(ClosedJob(job: lease.job, reason: isSpared ? .workerLost : .workerOffline))
        try await queue.complete([lease.job.id], now: now)
        continue
      }
      // In another's place it gets no plan to go on with by itself, and no address that only the other may reach.
      let bytes = place == region ? one.bytes(for: region, isOwn: isOwn) : one.bytes(for: region, isOwn: false)
      out.append(JobsAnswer.Offer(lease: lease, monitor: bytes))
    }
    return out
  }

  func share(of worker: WorkerID, in region: RegionID, now: Instant) -> JobsAnswer.Share {
    let all = fleet.members.values.filter { $0.region == region && $0.seenUntil > now }.map(\.worker).sorted()
    return JobsAnswer.Share(index: all.firstIndex(of: worker) ?? 0, of: max(all.count, 1))
  }

  private func waitForJobs(_ worker: WorkerID, in region: RegionID, ms: Int64) async {
    var timer: Task<Void, Never>?
    await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation, worker: worker)
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
    var woken = Set(regions)
    if let standIn, waiting[standIn] != nil, woken.contains(where: { fleet.state(of: $0) == .offline }) {
      woken.insert(standIn)
    }
    for region in woken { for waiter in waiting.removeValue(forKey: region) ?? [] { waiter.wake() } }
  }

  /// Nobody waits for jobs any more: the process is about to end. What workers deliver is still taken.
  public func sendWorkersAway() {
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
    do { try await loadRegions() } catch {
      report("regions_failed", "\(error)")
    }
  }

  func noteGone(_ id: MonitorID, of regions: Set<RegionID>) {
    planVersion += 1
    gone.append((planVersion, id, regions))
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
    let isOwn = privateRegions.contains(region)
    var bytes = 0
    let some = changed.prefix(Limits.assignmentsPerPollMax).prefix { one in
      defer { bytes += one.regions.contains(region) ? one.bytes(for: region, isOwn: isOwn).count : 0 }
      return bytes < Limits.jobsAnswerBytesMax
    }
    delta.hasMore = some.count < changed.count
    delta.version = delta.hasMore ? some.last?.version ?? planVersion : planVersion
    // A worker that is to ask for more must not be taken for one that knows nothing.
    if delta.hasMore { delta.version = max(delta.version, goneBefore) }
    // Only what was this region's: a worker learns of no other monitor.
    delta.removed = some.filter { !$0.regions.contains(region) && $0.pastRegions.contains(region) }.map(\.id)
    if !delta.isWhole {
      delta.removed += gone.filter { $0.version > from && $0.regions.contains(region) }.map(\.monitor)
    }
    return (delta, some.filter { $0.regions.contains(region) }.map { $0.bytes(for: region, isOwn: isOwn) })
  }
}

extension Delivered {
  /// A leased job that its holder cannot do, which it says as soon as it has it: ahead of its time.
  fileprivate var isRefusal: Bool { content == .missed(RefusedJob.missed) && generation != nil }
}

extension Watched {
  /// Whether a worker can have done this: a slot that is due, or will be in `aheadMs`, or a run that was asked for.
  func mayBeDone(_ job: JobID, aheadMs: Int64, now: Instant) -> Bool {
    guard let slot = job.slot else { return true }
    guard slot <= now + (aheadMs + 1000), now - slot < Limits.spoolAgeMs else { return false }
    if plans(job) { return true }
    // Slots of a plan that an edit ended long ago cannot be told from others any more.
    return plan.first { $0.region == job.region }.map { slot < $0.from } ?? false
  }

  /// A moment that a worker's clock may have got wrong, drawn into the time in which the run can have been.
  func plausible(_ started: Instant, of job: JobID, now: Instant) -> Instant {
    let earliest = job.slot ?? now - settings.slotBudgetMs - 2 * Limits.leaseGraceMs
    // A run is looked for within an hour of its slot.
    return min(max(started, earliest), now, job.slot.map { $0 + (Instant.hourMs - 1) } ?? now)
  }

  /// Whether an attempt that fills no slot was taken in before.
  func hasSeen(_ report: RunReport, _ standing: LeaseStanding) -> Bool {
    if heard.has(report) || report.job.slot == nil && standing == .unknown { return true }
    guard !report.isFinal, let vote = verdict.votes.first(where: { $0.region == report.job.region }) else {
      return false
    }
    return vote.at.map { report.observation.startedAt <= $0 } ?? false
  }
}
