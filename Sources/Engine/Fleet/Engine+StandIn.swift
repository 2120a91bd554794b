import Domain
import Store

/// Workers of no region look in place of regions that have none.
extension Engine {
  /// Regions that nobody of their own works for. One that is suspect or overloaded has workers: the slots stay theirs, as it
  /// is by looking that they are found well again.
  var vacant: [RegionID] {
    regions.filter { $0 != standIn && $0 != local && fleet.state(of: $0) == .offline }
  }

  /// Whether somebody elsewhere may look for this region: the monitor says so. A private region of an organization that may
  /// not check private addresses stays its own, as what is looked at there is refused to everybody else.
  func allowsStandIn(_ one: Watched, for region: RegionID) -> Bool {
    one.settings.allowsStandIn && region != local && (!privateRegions.contains(region) || one.allowsPrivate)
  }

  /// Whether a worker of `workerRegion` may do jobs of `region`.
  func mayLook(_ one: Watched, for region: RegionID, from workerRegion: RegionID) -> Bool {
    guard workerRegion == standIn else { return region == workerRegion }
    return one.regions.contains(region) && allowsStandIn(one, for: region)
  }

  /// What waits for a worker of a region.
  func ready(for region: RegionID) async throws -> Int {
    guard region == standIn else { return try await queue.ready(in: region) }
    var count = 0
    for one in vacant { count += try await queue.lendable(in: one) }
    return count
  }

  func claim(_ most: Int, for worker: WorkerID, in region: RegionID, now: Instant) async throws -> [Lease] {
    guard region == standIn else { return try await queue.claim(region: region, worker: worker, max: most, now: now) }
    for one in vacant {
      let leases = try await queue.lend(region: one, worker: worker, max: most, now: now)
      if !leases.isEmpty { return leases }
    }
    return []
  }

  /// Whose network and whose load a report tells of.
  func vantage(of report: RunReport) -> RegionID {
    report.isStandIn ? standIn ?? report.job.region : report.job.region
  }

  /// A stand-in's word counts while it is well itself and the region has nobody.
  func hasVoice(_ report: RunReport) -> Bool {
    guard report.isStandIn, let standIn else { return !report.isStandIn }
    return fleet.state(of: standIn) == .healthy && fleet.state(of: report.job.region) == .offline
  }

  /// Where a report comes from, for people.
  func place(of report: RunReport) -> String? {
    regionNames[report.job.region].map { report.isStandIn ? "\($0) (by a stand-in)" : $0 }
  }

  /// What stand-ins said of a monitor does not count any more.
  func endStandIns(_ one: Watched, at now: Instant, into ledger: inout Ledger) {
    for vote in one.verdict.votes where vote.isStandIn {
      feed(.regionHealth(vote.region, isHealthy: false), to: one, at: now, into: &ledger)
    }
  }
}
