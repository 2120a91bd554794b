import Domain
import SQLite

/// The append-only plan: who is due where and how often, now and in the past.
public enum PlanQueries {
  private static let columns = "id, monitor_id, region_id, from_ms, to_ms, interval_ms, phase_ms"

  /// Makes the plan in force what `regions` and `intervalMs` say, from now on: rows that differ end now and the next
  /// begin; what did not change is left alone. No regions ends all. Returns whether anything was written.
  @discardableResult
  static func replace(
    _ monitor: MonitorID, publicID: PublicID<MonitorTag>, regions: [RegionID], intervalMs: Int64, now: Instant,
    in db: Connection
  ) throws -> Bool {
    let phases = Schedule.phases(of: publicID, regions: regions.count, intervalMs: intervalMs)
    var wanted = Dictionary(uniqueKeysWithValues: zip(regions.sorted(), phases))
    var changed = false
    for row in try open(of: monitor, in: db) {
      if wanted[row.region] == row.phaseMs, row.intervalMs == intervalMs {
        wanted[row.region] = nil
        continue
      }
      try db.run("UPDATE monitor_plan SET to_ms = $1 WHERE id = $2", [.int(max(now, row.from).ms), .int(row.id)])
      changed = true
    }
    for (region, phase) in wanted.sorted(by: { $0.key < $1.key }) {
      try db.run(
        """
        INSERT INTO monitor_plan (monitor_id, region_id, from_ms, to_ms, interval_ms, phase_ms, organization_id)
        VALUES ($1, $2, $3, NULL, $4, $5, (SELECT organization_id FROM monitor WHERE id = $1))
        """, [.int(monitor.raw), .int(region.raw), .int(now.ms), .int(intervalMs), .int(phase)])
      changed = true
    }
    return changed
  }

  /// The rows in force for one monitor.
  public static func open(of monitor: MonitorID, in db: Connection) throws -> [PlanRow] {
    try db.rows(
      "SELECT \(columns) FROM monitor_plan WHERE monitor_id = $1 AND to_ms IS NULL ORDER BY region_id",
      [.int(monitor.raw)], row)
  }

  /// Every row in force, for the engine's start.
  public static func open(in db: Connection) throws -> [PlanRow] {
    try db.rows("SELECT \(columns) FROM monitor_plan WHERE to_ms IS NULL ORDER BY monitor_id, region_id", [], row)
  }

  /// The rows of one monitor that touch `from ..< to`, past and present.
  public static func touching(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [PlanRow] {
    try db.rows(
      """
      SELECT \(columns) FROM monitor_plan
      WHERE monitor_id = $1 AND from_ms < $2 AND (to_ms IS NULL OR to_ms > $3) ORDER BY region_id, from_ms
      """, [.int(monitor.raw), .int(to.ms), .int(from.ms)], row)
  }

  private static func row(_ row: Row) -> PlanRow {
    PlanRow(
      id: row.int(0), monitor: MonitorID(row.int(1)), region: RegionID(row.int(2)), from: Instant(ms: row.int(3)),
      to: row.intOrNil(4).map(Instant.init(ms:)), intervalMs: row.int(5), phaseMs: row.int(6))
  }
}
