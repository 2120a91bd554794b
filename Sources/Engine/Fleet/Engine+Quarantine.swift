import Domain
import Store

/// Monitors that kill workers are taken from them, so that the others keep their schedule.
extension Engine {
  /// A worker came back from a crash in which these were under way.
  func crashed(over suspects: [MonitorID], in region: RegionID, at now: Instant) async {
    var found: [QuarantineKey] = []
    for monitor in suspects where watched[monitor].map({ region == standIn || $0.regions.contains(region) }) == true {
      let key = QuarantineKey(monitor, region)
      crashes[key, default: 0] += 1
      if crashes[key]! >= Limits.crashesMax, quarantined.insert(key).inserted { found.append(key) }
    }
    for key in found {
      let name = watched[key.monitor].map { "\($0.publicID)" } ?? ""
      report(
        "monitor_quarantined",
        "\(name) in \(regionNames[key.region] ?? ""): \(Limits.crashesMax) workers crashed over it")
      do { try await store.write { try QuarantineQueries.add(key, at: now, in: $0) } } catch {
        report("quarantine_failed", "\(error)")
      }
    }
  }

  /// A monitor is gone: nothing is remembered against it.
  func forgetCrashes(over monitor: MonitorID) {
    crashes = crashes.filter { $0.key.monitor != monitor }
    quarantined = quarantined.filter { $0.monitor != monitor }
  }

  /// An edit gives a monitor another chance.
  func liftQuarantine(of monitor: MonitorID) async throws {
    let keys = quarantined.filter { $0.monitor == monitor }
    crashes = crashes.filter { $0.key.monitor != monitor }
    guard !keys.isEmpty else { return }
    try await store.write { try QuarantineQueries.lift(monitor, in: $0) }
    quarantined.subtract(keys)
  }
}
