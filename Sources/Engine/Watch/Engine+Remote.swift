import Domain

/// Workers that are not the embedded one.
extension Engine {
  /// Leases up to `max` jobs of a region to one of its workers.
  package func lease(region: RegionID, worker: WorkerID, max: Int) async -> [Lease] {
    let now = now()
    do {
      var out: [Lease] = []
      for lease in try await queue.claim(region: region, worker: worker, max: max, now: now) {
        // The plan that the slot came from may have ended since.
        if watched[lease.job.id.monitor]?.plans(lease.job.id) ?? false {
          out.append(lease)
        } else {
          try await queue.complete([lease.job.id], now: now)
        }
      }
      return out
    } catch {
      report("queue_failed", "\(error)")
      return []
    }
  }

  /// Takes reports in; false when they could not be stored.
  package func submit(_ incoming: [RunReport]) async -> Bool {
    reports += incoming
    await flush()
    return !statisticsNow.storeFailing
  }
}
