import Domain
import SQLite

/// Closing of hours and days: what the log holds is packed and summed up, then leaves the log. Each function can run
/// again at any time with the same outcome.
public enum HourCloseQueries {
  /// How far closing got. The first time it stands just before the oldest thing that is to be closed.
  public static func closed(now: Instant, in db: Connection) throws -> Closed {
    if let closed = try HistoryQueries.closed(in: db) { return closed }
    let hour = min(try pending(before: now.hour, in: db).keys.min() ?? now.hour, now.hour) - 1
    return Closed(hour: hour, day: Instant(ms: hour * Instant.hourMs).day - 1)
  }

  /// Who has something in the log or among the missed slots that belongs to an hour before `hour`: by hour, in key
  /// order. Hours that were closed already are among them when something came late.
  public static func pending(before hour: Int64, in db: Connection) throws -> [Int64: [MonitorID]] {
    var out: [Int64: Set<MonitorID>] = [:]
    try db.each(
      """
      SELECT DISTINCT coalesce(slot_ms, started_ms) / 3600000, monitor_id FROM result_log
      WHERE coalesce(slot_ms, started_ms) < $1
      UNION SELECT DISTINCT slot_ms / 3600000, monitor_id FROM slot_missed WHERE slot_ms < $1
      """, [.int(hour * Instant.hourMs)]
    ) { out[$0.int(0), default: []].insert(MonitorID($0.int(1))) }
    return out.mapValues { $0.sorted() }
  }

  /// Packs and sums up one hour of one monitor, all regions.
  public static func close(hour: Int64, of monitor: MonitorID, in db: Connection) throws {
    let from = Instant(ms: hour * Instant.hourMs)
    let to = from + Instant.hourMs
    let logged = try HistoryQueries.logged(monitor, hours: hour...hour, in: db)
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

  /// The newest row of the log: what comes later than the start of a closing waits for the next one.
  public static func newestKey(in db: Connection) throws -> Int64 {
    try db.first("SELECT coalesce(max(id), 0) FROM result_log") { $0.int(0) } ?? 0
  }

  /// Deletes packed rows with keys up to `key` that belong to hours up to `hour`, from `start` on, within `span` keys;
  /// answers where to go on, or nil at the end.
  public static func deletePacked(
    from start: Int64, through key: Int64, hour: Int64, span: Int64 = 5000, in db: Connection
  ) throws -> Int64? {
    let first = try db.first("SELECT min(id) FROM result_log WHERE id >= $1", [.int(start)]) { $0.intOrNil(0) } ?? nil
    guard let first, first <= key else { return nil }
    try db.run(
      "DELETE FROM result_log WHERE id >= $1 AND id < $2 AND id <= $3 AND coalesce(slot_ms, started_ms) < $4",
      [.int(first), .int(first + span), .int(key), .int((hour + 1) * Instant.hourMs)])
    return first + span
  }
}
