import Domain
import SQLite

/// Counts and response times of one step of a chart.
public struct MetricPoint: Hashable, Sendable {
  public let start: Instant
  public internal(set) var n = 0
  public internal(set) var ok = 0
  public internal(set) var degraded = 0
  public internal(set) var down = 0
  public internal(set) var missed = 0
  public internal(set) var p50Us: Int64?
  public internal(set) var p95Us: Int64?
  public internal(set) var p99Us: Int64?
  public internal(set) var maxUs: Int64?

  /// Of scheduled checks with a result: the share that was up or degraded.
  public var uptime: Double? { n > 0 ? Double(ok + degraded) / Double(n) : nil }
}

/// Metrics of scheduled checks over time.
public enum MetricQueries {
  /// Oldest first; steps in which nothing was due are absent. Percentiles are of checks that were answered.
  public static func series(
    _ monitor: MonitorRow, from: Instant, to: Instant, stepMs: Int64, region: RegionID?, in db: Connection
  ) throws -> [MetricPoint] {
    var points: [Int64: MetricPoint] = [:]
    var times: [Int64: [Int64]] = [:]
    let values: [Value] = [
      .int(monitor.id.raw), .int(from.ms), .int(to.ms), Value(region?.raw), .int(Int64(Trigger.schedule.rawValue)),
    ]
    try db.each(
      """
      SELECT slot_ms, status, total_us FROM result_log
      WHERE monitor_id = $1 AND slot_ms >= $2 AND slot_ms < $3 AND ($4 IS NULL OR region_id = $4) AND final = 1
        AND trigger = $5
      """, values
    ) { row in
      let start = from.ms + (row.int(0) - from.ms) / stepMs * stepMs
      var point = points[start] ?? MetricPoint(start: Instant(ms: start))
      point.n += 1
      switch CheckStatus(rawValue: Int16(clamping: row.int(1))) {
      case .up: point.ok += 1
      case .degraded: point.degraded += 1
      case .down, nil: point.down += 1
      }
      points[start] = point
      if row.int(1) != Int64(CheckStatus.down.rawValue) { times[start, default: []].append(row.int(2)) }
    }
    try db.each(
      """
      SELECT slot_ms FROM slot_missed
      WHERE monitor_id = $1 AND slot_ms >= $2 AND slot_ms < $3 AND ($4 IS NULL OR region_id = $4)
      """, Array(values.prefix(4))
    ) { row in
      let start = from.ms + (row.int(0) - from.ms) / stepMs * stepMs
      points[start, default: MetricPoint(start: Instant(ms: start))].missed += 1
    }
    return points.keys.sorted().compactMap { start in
      guard var point = points[start] else { return nil }
      let sorted = (times[start] ?? []).sorted()
      point.p50Us = Self.rank(50, of: sorted)
      point.p95Us = Self.rank(95, of: sorted)
      point.p99Us = Self.rank(99, of: sorted)
      point.maxUs = sorted.last
      return point
    }
  }

  /// Nearest rank.
  private static func rank(_ percent: Int, of sorted: [Int64]) -> Int64? {
    sorted.isEmpty ? nil : sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
  }
}
