import Domain
import SQLite

/// A rollup of one region, numbered by its hour or day.
public struct RegionRollup: Sendable {
  public let region: RegionID
  public let number: Int64
  public let rollup: Rollup
}

/// Rollups as they are stored.
public enum RollupQueries {
  static func values(_ rollup: Rollup) -> [Value] {
    [
      .int(rollup.n), .int(rollup.ok), .int(rollup.degraded), .int(rollup.missed), .int(rollup.sumUs),
      .int(rollup.maxUs), .blob(rollup.sketch.encoded),
    ]
  }

  private static let columns = "region_id, n, ok, degraded, missed, sum_us, max_us, sketch"

  /// Hours `from ..< to` of one monitor, in order.
  static func hours(of monitor: MonitorID, from: Int64, to: Int64, in db: Connection) throws -> [RegionRollup] {
    try db.rows(
      """
      SELECT hour, \(columns) FROM rollup_hour WHERE monitor_id = $1 AND hour >= $2 AND hour < $3
      ORDER BY monitor_id, hour, region_id
      """, [.int(monitor.raw), .int(from), .int(to)], row)
  }

  /// Days `from ..< to` of one monitor, in order.
  static func days(of monitor: MonitorID, from: Int64, to: Int64, in db: Connection) throws -> [RegionRollup] {
    try db.rows(
      """
      SELECT day, \(columns) FROM rollup_day WHERE monitor_id = $1 AND day >= $2 AND day < $3
      ORDER BY monitor_id, day, region_id
      """, [.int(monitor.raw), .int(from), .int(to)], row)
  }

  /// The minutes of hours `from ..< to`.
  static func minutes(
    of monitor: MonitorID, from: Int64, to: Int64, in db: Connection
  ) throws -> [(region: RegionID, hour: Int64, minutes: MinuteRollups)] {
    try db.rows(
      """
      SELECT region_id, hour, minutes FROM rollup_hour WHERE monitor_id = $1 AND hour >= $2 AND hour < $3
      ORDER BY monitor_id, hour, region_id
      """, [.int(monitor.raw), .int(from), .int(to)]
    ) { (RegionID($0.int(0)), $0.int(1), try MinuteRollups(encoded: $0.blob(2))) }
  }

  private static func row(_ row: Row) throws -> RegionRollup {
    var rollup = Rollup()
    rollup.n = row.int(2)
    rollup.ok = row.int(3)
    rollup.degraded = row.int(4)
    rollup.missed = row.int(5)
    rollup.sumUs = row.int(6)
    rollup.maxUs = row.int(7)
    rollup.sketch = try Sketch(encoded: row.blob(8))
    return RegionRollup(region: RegionID(row.int(1)), number: row.int(0), rollup: rollup)
  }
}
