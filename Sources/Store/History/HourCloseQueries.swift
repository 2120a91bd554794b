import Domain
import SQLite

/// Closing of hours and days: what the log holds is packed and summed up, then leaves the log. Each function can run
/// again at any time with the same outcome.
public enum HourCloseQueries {
  /// How far closing got. The first time it begins with the hour before the oldest thing that is to be closed.
  public static func closed(now: Instant, log: LogIndex, in db: Connection) throws -> Closed {
    if let closed = try HistoryQueries.closed(in: db) { return closed }
    let oldest = try pendingHours(in: db).first ?? now.hour
    let hour = min(oldest, now.hour) - 1
    return Closed(hour: hour, day: Instant(ms: hour * Instant.hourMs).day - 1)
  }

  /// The hours that log and missed slots still hold something of, in order: closed ones among them are to be reopened.
  public static func pendingHours(in db: Connection) throws -> [Int64] {
    // The newest row stays in the log for its key; its hour may be closed long since.
    let hours = try db.rows(
      """
      SELECT DISTINCT coalesce(slot_ms, started_ms) / 3600000 FROM result_log
      WHERE id < (SELECT max(id) FROM result_log)
      UNION SELECT coalesce(slot_ms, started_ms) / 3600000 FROM result_log
      WHERE id = (SELECT max(id) FROM result_log)
        AND NOT EXISTS (SELECT 1 FROM result_chunk c WHERE c.monitor_id = result_log.monitor_id
          AND c.region_id = result_log.region_id AND c.hour = coalesce(slot_ms, started_ms) / 3600000)
      UNION SELECT DISTINCT slot_ms / 3600000 FROM slot_missed
      """
    ) { $0.int(0) }
    return hours.sorted()
  }

  /// Who may have something in `hour`, in key order.
  public static func monitors(log: LogIndex, in db: Connection) throws -> [MonitorID] {
    let missed = try db.rows("SELECT DISTINCT monitor_id FROM slot_missed") { MonitorID($0.int(0)) }
    return Set(try log.monitors(in: db)).union(missed).sorted()
  }

  /// Packs and sums up one hour of one monitor, all regions.
  public static func close(hour: Int64, of monitor: MonitorID, log: LogIndex, in db: Connection) throws {
    let from = Instant(ms: hour * Instant.hourMs)
    let to = from + Instant.hourMs
    let logged = try HistoryQueries.logged(monitor, hours: hour...hour, log: log, in: db)
    let plan = try PlanQueries.touching(monitor, from: from, to: to, in: db)
    for (region, chunk) in try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db) {
      let expected = Schedule.slotCount(of: plan.lazy.filter { $0.region == region }, from: from, to: to)
      try write(chunk, monitor, region, hour: hour, in: db)
      try write(chunk.rollup(expected: expected), chunk.minutes, monitor, region, hour: hour, in: db)
    }
    try db.run(
      "DELETE FROM slot_missed WHERE monitor_id = $1 AND slot_ms >= $2 AND slot_ms < $3",
      [.int(monitor.raw), .int(from.ms), .int(to.ms)])
  }

  private static func write(
    _ chunk: ResultChunk, _ monitor: MonitorID, _ region: RegionID, hour: Int64, in db: Connection
  ) throws {
    try db.run(
      """
      INSERT INTO result_chunk (monitor_id, region_id, hour, n, format, body) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (monitor_id, region_id, hour)
      DO UPDATE SET n = excluded.n, format = excluded.format, body = excluded.body
      """,
      [
        .int(monitor.raw), .int(region.raw), .int(hour), .int(Int64(chunk.entries.count)), .int(ResultChunk.format),
        .blob(chunk.encoded(monitor: monitor, region: region)),
      ])
  }

  private static func write(
    _ rollup: Rollup, _ minutes: MinuteRollups, _ monitor: MonitorID, _ region: RegionID, hour: Int64,
    in db: Connection
  ) throws {
    try db.run(
      """
      INSERT INTO rollup_hour (monitor_id, hour, region_id, n, ok, degraded, missed, sum_us, max_us, sketch, minutes)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      ON CONFLICT (monitor_id, hour, region_id) DO UPDATE SET n = excluded.n, ok = excluded.ok,
        degraded = excluded.degraded, missed = excluded.missed, sum_us = excluded.sum_us, max_us = excluded.max_us,
        sketch = excluded.sketch, minutes = excluded.minutes
      """,
      [.int(monitor.raw), .int(hour), .int(region.raw)] + RollupQueries.values(rollup) + [.blob(minutes.encoded)])
  }

  /// Sums up one day of one monitor from its hours, all regions.
  public static func close(day: Int64, of monitor: MonitorID, in db: Connection) throws {
    var days: [RegionID: Rollup] = [:]
    for hour in try RollupQueries.hours(of: monitor, from: day * 24, to: day * 24 + 24, in: db) {
      days[hour.region, default: Rollup()].merge(hour.rollup)
    }
    for (region, rollup) in days.sorted(by: { $0.key < $1.key }) {
      try db.run(
        """
        INSERT INTO rollup_day (monitor_id, day, region_id, n, ok, degraded, missed, sum_us, max_us, sketch)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (monitor_id, day, region_id) DO UPDATE SET n = excluded.n, ok = excluded.ok,
          degraded = excluded.degraded, missed = excluded.missed, sum_us = excluded.sum_us, max_us = excluded.max_us,
          sketch = excluded.sketch
        """, [.int(monitor.raw), .int(day), .int(region.raw)] + RollupQueries.values(rollup))
    }
  }

  /// Monitors after `last`, deleted ones too, for walks in key order.
  public static func monitors(after last: MonitorID, limit: Int, in db: Connection) throws -> [MonitorID] {
    try db.rows("SELECT id FROM monitor WHERE id > $1 ORDER BY id LIMIT $2", [.int(last.raw), .int(Int64(limit))]) {
      MonitorID($0.int(0))
    }
  }

  /// Says that all up to here is packed: reads turn to chunks and rollups.
  public static func mark(_ closed: Closed, in db: Connection) throws {
    try db.run(
      """
      INSERT INTO history (id, closed_hour, closed_day) VALUES (1, $1, $2)
      ON CONFLICT (id) DO UPDATE SET closed_hour = excluded.closed_hour, closed_day = excluded.closed_day
      """, [.int(closed.hour), .int(closed.day)])
  }

  /// What of the log is safely packed when an hour's closing began: later rows of the same hours wait for the next time.
  public static func newestKey(in db: Connection) throws -> Int64 {
    try db.first("SELECT coalesce(max(id), 0) FROM result_log") { $0.int(0) } ?? 0
  }

  /// Deletes packed rows with keys up to `key` that belong to hours up to `hour`, at most `span` keys at a time from
  /// `start` on; answers where to go on, or nil at the end. The newest row of the log always stays.
  public static func deletePacked(
    from start: Int64, through key: Int64, hour: Int64, span: Int64 = 5000, log: LogIndex, in db: Connection
  ) throws -> Int64? {
    let first = try db.first("SELECT min(id) FROM result_log WHERE id >= $1", [.int(start)]) { $0.intOrNil(0) } ?? nil
    guard let first, first <= key else {
      if let oldest = try db.first("SELECT min(id) FROM result_log", [], { $0.intOrNil(0) }) ?? nil {
        log.forget(before: oldest)
      }
      return nil
    }
    try db.run(
      """
      DELETE FROM result_log WHERE id >= $1 AND id < $2 AND id <= $3 AND coalesce(slot_ms, started_ms) < $4
        AND id < (SELECT max(id) FROM result_log)
      """, [.int(first), .int(first + span), .int(key), .int((hour + 1) * Instant.hourMs)])
    return first + span
  }
}
