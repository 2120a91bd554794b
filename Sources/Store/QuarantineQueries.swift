import Domain
import SQLite

/// A monitor in a region in which workers crash over it.
public struct QuarantineKey: Hashable, Sendable {
  public let monitor: MonitorID
  public let region: RegionID

  public init(_ monitor: MonitorID, _ region: RegionID) {
    self.monitor = monitor
    self.region = region
  }
}

/// Monitors that workers are spared.
public enum QuarantineQueries {
  public static func all(in db: Connection) throws -> Set<QuarantineKey> {
    Set(
      try db.rows(
        """
        SELECT q.monitor_id, q.region_id FROM quarantine q JOIN monitor m ON m.id = q.monitor_id
        WHERE m.deleted_ms IS NULL
        """
      ) {
        QuarantineKey(MonitorID($0.int(0)), RegionID($0.int(1)))
      })
  }

  /// The regions that look at a monitor no more, and since when.
  public static func of(_ monitor: MonitorID, in db: Connection) throws -> [(region: RegionID, since: Instant)] {
    try db.rows(
      "SELECT region_id, since_ms FROM quarantine WHERE monitor_id = $1 ORDER BY region_id", [.int(monitor.raw)]
    ) { (RegionID($0.int(0)), Instant(ms: $0.int(1))) }
  }

  public static func add(_ key: QuarantineKey, at: Instant, in db: Connection) throws {
    try db.run(
      "INSERT INTO quarantine (monitor_id, region_id, since_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      [.int(key.monitor.raw), .int(key.region.raw), .int(at.ms)])
  }

  public static func lift(_ monitor: MonitorID, in db: Connection) throws {
    try db.run("DELETE FROM quarantine WHERE monitor_id = $1", [.int(monitor.raw)])
  }
}
