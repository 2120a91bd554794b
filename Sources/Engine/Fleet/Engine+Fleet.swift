import Domain
import Probe
import Store

/// Which regions have a voice.
extension Engine {
  /// In order, so that the same world decides the same way each time.
  var regions: [RegionID] { regionNames.keys.sorted() }

  /// Once a turn: who is still there, and what follows.
  func watchFleet(now: Instant) async {
    if let local, let probe {
      let seen = probe.statistics
      var said = WorkerReport()
      said.inFlight = seen.inFlight
      said.started = seen.started
      said.startedLate = seen.startedLate
      // Sorts four thousand numbers: every ten seconds is often enough.
      if now - latenessAt >= 10_000 {
        latenessAt = now
        latenessP99Ms = lateness.quantile(0.99)
      }
      said.latenessP99Ms = latenessP99Ms
      said.loopLagP99Us = seen.loopLagP99Us
      said.busyPermille = Int(seen.busyShare * 1000)
      said.resolverWorks = seen.resolverWorks
      await follow(fleet.handle(.seen(.embedded, local, waitMs: 0, said), regions: [], now: now), now: now)
    }
    await follow(fleet.handle(.timePassed, regions: regions, now: now), now: now)
  }

  func follow(_ actions: [Fleet.Action], now: Instant) async {
    for action in actions {
      switch action {
      case .lost(let worker):
        report("worker_lost", "worker \(worker.raw) was not heard of for \(Limits.workerSilentMs / 1000) s")
        do { try await queue.handBack(worker: worker, isLost: true, now: now) } catch {
          report("queue_failed", "\(error)")
        }
        wakeWorkers(of: regions)
      case .regionChanged(let region, let from, let to):
        let name = regionNames[region] ?? ""
        report("region_\(to.rawValue)", name)
        regionChanges.append(RegionChange(region: region, name: name, from: from, to: to, at: now))
      }
    }
  }

  /// Jobs that became ready again, or while a worker turned to waiting, wait for nobody's next request.
  func wakeWhoeverHasWork() async {
    for region in waiting.keys.sorted() {
      do {
        if try await ready(for: region) > 0 { wakeWorkers(of: [region]) }
      } catch { report("queue_failed", "\(error)") }
    }
  }

  /// Shows the guards what regions report, before anything is concluded about targets.
  func look(at batch: [Incoming], now: Instant) {
    for one in batch {
      let seen = one.report
      guard let monitor = watched[seen.job.monitor] else { continue }
      let region = vantage(of: seen)
      let sites = fleet.see(
        monitor.site, failed: seen.observation.failure?.cameFromTarget == false,
        hasWayOut: seen.observation.hasWayOut, in: region, at: seen.observation.startedAt, now: now)
      witnesses += sites.map { ($0, region) }
    }
    let actions = fleet.handle(.looked, regions: Set(batch.map { vantage(of: $0.report) }).sorted(), now: now)
    for case .regionChanged(let region, let from, let to) in actions {
      let name = regionNames[region] ?? ""
      report("region_\(to.rawValue)", name)
      regionChanges.append(RegionChange(region: region, name: name, from: from, to: to, at: now))
    }
  }

  /// Runs one monitor of each target that works, in the region that saw a new failure: when they fail as well, it is the
  /// region's own.
  func askWitnesses(at now: Instant) async {
    let wanted = witnesses
    witnesses = []
    for (site, region) in wanted {
      let one = watched.values.filter { $0.site == site && $0.settings.enabled && $0.regions.contains(region) }
        .min { $0.id < $1.id }
      if let one { await ask(one, .secondOpinion, regions: [region], at: now) }
    }
  }

  /// A failure that a region without a voice reports is its own, and so is one that says so itself.
  func isRegionsOwnTrouble(_ report: RunReport) -> Bool {
    if report.isOwnTrouble { return true }
    return report.status == .down && fleet.state(of: vantage(of: report)) == .suspect
      && report.observation.failure?.cameFromTarget == false && report.observation.hasWayOut != true
  }

  /// A region that a monitor begins to use may have no voice already.
  func muteUnwell(_ one: Watched, at now: Instant, into ledger: inout Ledger) {
    for vote in one.verdict.votes where vote.isHealthy && fleet.state(of: vote.region) != .healthy {
      feed(.regionHealth(vote.region, isHealthy: false), to: one, at: now, into: &ledger)
    }
  }

  func takeHealth(_ change: RegionChange, at now: Instant, before: Snapshot, into ledger: inout Ledger) {
    ledger.regions.append(change)
    if change.region == standIn {
      guard change.to != .healthy else { return }
      for one in watched.values.filter({ $0.verdict.votes.contains(where: \.isStandIn) }).sorted(by: { $0.id < $1.id })
      {
        before.keep(one)
        endStandIns(one, at: now, into: &ledger)
      }
      return
    }
    let concerned = watched.values.filter { $0.verdict.votes.contains { $0.region == change.region } }
    for one in concerned.sorted(by: { $0.id < $1.id }) {
      before.keep(one)
      feed(.regionHealth(change.region, isHealthy: change.to == .healthy), to: one, at: now, into: &ledger)
    }
  }

  /// At a start every region has its voice again until it is found wanting, unless it was so before.
  func forgiveRegions(_ one: Watched, at now: Instant, into ledger: inout Ledger) {
    for vote in one.verdict.votes where !vote.isHealthy && fleet.state(of: vote.region) == .healthy {
      feed(.regionHealth(vote.region, isHealthy: true), to: one, at: now, into: &ledger)
    }
  }

  public var regionNamesNow: [RegionID: String] { regionNames }

  /// The fleet as it is now, for people and metrics.
  public var currentFleet: FleetSight {
    var sight = fleet.sight(at: now())
    sight.slotsOverdueSince = slotAlarm.since
    return sight
  }
}
