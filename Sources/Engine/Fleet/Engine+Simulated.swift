import Domain

/// What the simulation asks of the engine in the place of HTTP: the same work without waiting, since its time is its own.
extension Engine {
  /// Jobs for a worker that asks now.
  package func offer(_ most: Int, to worker: WorkerID, in region: RegionID) async -> [Lease] {
    let now = now()
    let leases = await lease(most, to: worker, in: region, now: now).map(\.lease)
    fleet.handedOut(leases.count, to: worker, at: now)
    return leases
  }

  /// Workers that wait for jobs count as being there for `waitMs` more, and as silent after that.
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
    guard reports.count + items.count <= Limits.waitingForStoreMax else { return nil }
    let now = now()
    var heard: [ReportAnswer]?
    let ticket = Ticket(count: items.count) { heard = $0 }
    for (place, item) in items.enumerated() { take(item, place, ticket, from: worker, in: region, now: now) }
    await flush()
    return heard
  }
}
