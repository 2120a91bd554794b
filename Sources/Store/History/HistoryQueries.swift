import Domain
import SQLite

/// How far the past is packed: every hour up to `hour` stands in chunks and rollups, every day up to `day` in day rollups.
public struct Closed: Hashable, Sendable {
  public var hour: Int64
  public var day: Int64

  public init(hour: Int64, day: Int64) {
    self.hour = hour
    self.day = day
  }

  /// The first moment that only the log knows.
  var openFrom: Instant { Instant(ms: (hour + 1) * Instant.hourMs) }
}

/// Reads of log and chunks that the other queries of the past are made of.
enum HistoryQueries {
  static func closed(in db: Connection) throws -> Closed? {
    try db.first("SELECT closed_hour, closed_day FROM history WHERE id = 1") {
      Closed(hour: $0.int(0), day: $0.int(1))
    }
  }

  /// The log's rows of one monitor that belong to hours `hours`, by region, in no order.
  static func logged(
    _ monitor: MonitorID, hours: ClosedRange<Int64>, in db: Connection
  ) throws -> [RegionID: [ResultEntry]] {
    var out: [RegionID: [ResultEntry]] = [:]
    // A slot's result may start a while after the slot, by what a delivery from a spool may not exceed.
    try db.each(
      """
      SELECT region_id, \(ResultEntry.columns) FROM result_log
      WHERE monitor_id = $1 AND started_ms >= $2 AND started_ms < $3
      """,
      [
        .int(monitor.raw), .int(hours.lowerBound * Instant.hourMs - startSlackMs),
        .int((hours.upperBound + 1) * Instant.hourMs + startSlackMs),
      ]
    ) { row in
      let entry = ResultEntry(row, from: 1)
      if hours.contains(entry.at.hour) { out[RegionID(row.int(0)), default: []].append(entry) }
    }
    return out
  }

  /// A run starts within its slot's budget, which is at most an interval; clocks of workers may differ.
  private static let startSlackMs = Instant.dayMs + Instant.hourMs

  static func missed(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [RegionID: [MissedSlot]] {
    var out: [RegionID: [MissedSlot]] = [:]
    try db.each(
      """
      SELECT region_id, slot_ms, reason FROM slot_missed WHERE monitor_id = $1 AND slot_ms >= $2 AND slot_ms < $3
      ORDER BY region_id, slot_ms
      """, [.int(monitor.raw), .int(from.ms), .int(to.ms)]
    ) { row in
      guard let reason = MissedReason(rawValue: Int16(clamping: row.int(2))) else { return }
      out[RegionID(row.int(0)), default: []].append(MissedSlot(slot: Instant(ms: row.int(1)), reason: reason))
    }
    return out
  }

  static func chunk(
    _ monitor: MonitorID, _ region: RegionID, hour: Int64, in db: Connection
  ) throws -> ResultChunk? {
    try db.first(
      "SELECT format, body FROM result_chunk WHERE monitor_id = $1 AND region_id = $2 AND hour = $3",
      [.int(monitor.raw), .int(region.raw), .int(hour)]
    ) { try ResultChunk(format: $0.int(0), encoded: $0.blob(1), monitor: monitor, region: region) }
  }

  /// Everything that is known of one hour of a monitor, wherever it stands: an attempt and a slot once.
  static func hour(
    _ hour: Int64, of monitor: MonitorID, logged: [RegionID: [ResultEntry]], in db: Connection
  ) throws -> [RegionID: ResultChunk] {
    let from = Instant(ms: hour * Instant.hourMs)
    let missed = try missed(monitor, from: from, to: from + Instant.hourMs, in: db)
    let fresh = logged.mapValues { $0.filter { $0.at.hour == hour } }.filter { !$0.value.isEmpty }
    var regions = Set(missed.keys).union(fresh.keys)
    regions.formUnion(
      try db.rows(
        """
        SELECT DISTINCT region_id FROM monitor_plan WHERE monitor_id = $1 AND from_ms < $2
          AND (to_ms IS NULL OR to_ms > $3)
        """, [.int(monitor.raw), .int(from.ms + Instant.hourMs), .int(from.ms)]
      ) { RegionID($0.int(0)) })
    var out: [RegionID: ResultChunk] = [:]
    for region in regions {
      let packed = try chunk(monitor, region, hour: hour, in: db)
      let chunk = ResultChunk.merged(
        packed, ResultChunk(entries: fresh[region] ?? [], missed: missed[region] ?? []))
      if !chunk.entries.isEmpty || !chunk.missed.isEmpty { out[region] = chunk }
    }
    return out
  }

  /// The moment up to which the process has run, as far as the database knows.
  static func lastRan(in db: Connection) throws -> Instant? {
    try db.first("SELECT max(to_ms) FROM engine_span") { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
  }
}

extension ResultChunk {
  /// One chunk of two: a slot that has its result is missed no more.
  static func merged(_ old: ResultChunk?, _ new: ResultChunk) -> ResultChunk {
    let entries = ResultEntry.merged(old?.entries ?? [], new.entries)
    let filled = Set(entries.lazy.filter(\.counts).compactMap(\.slotMs))
    var missed: [Int64: MissedSlot] = [:]
    for slot in (old?.missed ?? []) + new.missed where !filled.contains(slot.slot.ms) { missed[slot.slot.ms] = slot }
    return ResultChunk(entries: entries, missed: missed.values.sorted { $0.slot < $1.slot })
  }

  /// What this hour adds up to; `expected` is how many slots the plan had in it.
  func rollup(expected: Int64) -> Rollup {
    var rollup = Rollup()
    for entry in entries where entry.counts { rollup.add(entry.checkStatus, totalUs: entry.totalUs) }
    rollup.missed = max(expected - rollup.n, 0)
    return rollup
  }

  var minutes: MinuteRollups {
    var out = MinuteRollups()
    for entry in entries where entry.counts {
      let minute = Int((entry.at.ms - entry.at.hour * Instant.hourMs) / Instant.minuteMs)
      out.add(minute: minute, entry.checkStatus, totalUs: entry.totalUs)
    }
    return out
  }
}

extension ResultEntry {
  var checkStatus: CheckStatus { CheckStatus(rawValue: Int16(clamping: status)) ?? .down }
}
