import Domain
import Wire

/// What the simulation asks of the engine in the place of HTTP: the same work without waiting, since its time is its own.
extension Engine {
  /// What the answer to a request for jobs is made of.
  package struct Offered: Sendable {
    package let offers: [JobsAnswer.Offer]
    package let plan: (delta: PlanDelta, assignments: [[UInt8]])?
    package let share: JobsAnswer.Share
    package let serverTime: Instant
  }

  /// A request for jobs, when it comes (`isNew`) and each time that there may be something for it. Nil while it waits.
  /// `waitMs` is how long the worker counts as being there.
  package func ask(
    _ asked: JobsRequest, isNew: Bool, waitMs: Int64, from worker: WorkerID, in region: RegionID
  ) async -> Offered? {
    let now = now()
    let plan = isNew ? await hear(asked, from: worker, in: region, waitMs: waitMs, now: now) : nil
    let isGone = fleet.members[worker] == nil
    let offers = isGone ? [] : await lease(asked.maxJobs, to: worker, in: region, now: now)
    guard !offers.isEmpty || plan != nil || isGone || isNew && asked.waitMs <= 0 else { return nil }
    fleet.handedOut(offers.count, to: worker, at: now)
    return Offered(
      offers: offers, plan: plan, share: share(of: worker, in: region, now: now), serverTime: self.now())
  }

  /// The answer to a request for jobs that waited for nothing.
  package func nothing(for worker: WorkerID, in region: RegionID) -> JobsAnswer {
    var answer = JobsAnswer(serverTime: now())
    answer.share = share(of: worker, in: region, now: now())
    return answer
  }

  /// Monitors were edited, made or deleted.
  package func edited(_ ids: [MonitorID]) async { await monitorsChanged(ids) }

  /// Workers count as being there for `waitMs` more, and as silent after that.
  package func wait(_ workers: [(worker: WorkerID, region: RegionID)], waitMs: Int64) async {
    let now = now()
    for one in workers {
      let seen = Fleet.Event.seen(one.worker, one.region, waitMs: waitMs, nil)
      await follow(fleet.handle(seen, regions: [one.region], now: now), now: now)
    }
  }

  /// Takes results in; answers each after the commit, or nil while the store refuses.
  package func take(
    _ items: [Delivered], from worker: WorkerID, in region: RegionID
  ) async -> [ReportAnswer]? {
    guard reports.count + items.count <= Limits.waitingForStoreMax else {
      return Array(repeating: .busy, count: items.count)
    }
    let now = now()
    await follow(fleet.handle(.seen(worker, region, waitMs: 0, nil), regions: [region], now: now), now: now)
    let handedOn = await handOn(items, from: worker, in: region, now: now)
    var heard: [ReportAnswer]?
    let ticket = Ticket(count: items.count) { heard = $0 }
    for (place, item) in items.enumerated() {
      guard !handedOn.contains(place) else {
        ticket.answer(place, .accepted)
        continue
      }
      take(item, place, ticket, from: worker, in: region, now: now)
    }
    await flush()
    return heard
  }
}
