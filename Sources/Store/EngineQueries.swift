import Domain
import SQLite

/// A monitor as the engine watches it.
public struct WatchedMonitor: Sendable {
  public let row: MonitorRow
  public let rows: [PlanRow]
  public let allowsPrivate: Bool
  public let verdict: Verdict?
}

/// What the engine reads and writes for itself.
public enum EngineQueries {
  private static let allowsPrivate =
    "(SELECT \(OrganizationQueries.mayBePrivate) FROM organization o WHERE o.id = m.organization_id)"

  /// Every monitor that is not deleted, with its plan in force and its stored verdict.
  public static func all(in db: Connection, sealer: Sealer) throws -> [WatchedMonitor] {
    var plans: [MonitorID: [PlanRow]] = [:]
    for row in try PlanQueries.open(in: db) { plans[row.monitor, default: []].append(row) }
    let parents = try DependencyQueries.parentIDs(in: db)
    return try db.rows(
      """
      SELECT \(MonitorRow.columns), \(allowsPrivate), v.format, v.body FROM monitor m
      LEFT JOIN monitor_verdict v ON v.monitor_id = m.id WHERE m.deleted_ms IS NULL
      """
    ) { try watched($0, plans[MonitorID($0.int(0))] ?? [], parents[MonitorID($0.int(0))], sealer) }
  }

  /// Nil when it is deleted.
  public static func one(_ id: MonitorID, in db: Connection, sealer: Sealer) throws -> WatchedMonitor? {
    let rows = try PlanQueries.open(of: id, in: db)
    let parents = try DependencyQueries.parentIDs(of: [id], in: db)[id]
    return try db.first(
      """
      SELECT \(MonitorRow.columns), \(allowsPrivate), v.format, v.body FROM monitor m
      LEFT JOIN monitor_verdict v ON v.monitor_id = m.id WHERE m.id = $1 AND m.deleted_ms IS NULL
      """, [.int(id.raw)]
    ) { try watched($0, rows, parents, sealer) }
  }

  private static func watched(
    _ row: Row, _ plan: [PlanRow], _ parents: [PublicID<MonitorTag>]?, _ sealer: Sealer
  ) throws -> WatchedMonitor {
    let next = MonitorRow.columnCount
    return WatchedMonitor(
      row: try MonitorRow(row, sealer: sealer).knowingParents(parents), rows: plan, allowsPrivate: row.bool(next),
      verdict: row.isNull(next + 2) ? nil : try? Verdict(format: row.int(next + 1), encoded: row.blob(next + 2)))
  }

  public static func regionNames(in db: Connection) throws -> [RegionID: String] {
    Dictionary(uniqueKeysWithValues: try db.rows("SELECT id, name FROM region") { (RegionID($0.int(0)), $0.text(1)) })
  }

  public static func privateRegions(in db: Connection) throws -> Set<RegionID> {
    Set(try db.rows("SELECT id FROM region WHERE organization_id IS NOT NULL") { RegionID($0.int(0)) })
  }

  /// The region that this process itself works for: one of the installation, whatever private regions are called.
  public static func localRegion(in db: Connection) throws -> RegionID? {
    try RegionQueries.shared(named: "local", in: db)
  }

  /// Raises the lease epoch and answers it with the slot clock's floor and the end of the last span.
  public static func begin(in db: Connection) throws -> (epoch: Int64, floor: Instant, lastEnd: Instant?) {
    try db.run("UPDATE engine SET lease_epoch = lease_epoch + 1 WHERE id = 1")
    let lastEnd = try db.first("SELECT max(to_ms) FROM engine_span") { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
    return try db.first("SELECT lease_epoch, slot_clock_ms FROM engine WHERE id = 1") {
      ($0.int(0), Instant(ms: $0.int(1)), lastEnd)
    } ?? (1, Instant(ms: 0), lastEnd)
  }

  /// Since when slots stay without an outcome, as it was last told.
  public static func slotsOverdueSince(in db: Connection) throws -> Instant? {
    try db.first("SELECT slots_overdue_since_ms FROM engine WHERE id = 1") { $0.intOrNil(0).map(Instant.init(ms:)) }
      ?? nil
  }

  public static func noteSlotsOverdue(since: Instant?, in db: Connection) throws {
    try db.run("UPDATE engine SET slots_overdue_since_ms = $1 WHERE id = 1", [since.map { .int($0.ms) } ?? .null])
  }

  public static func openSpan(at: Instant, in db: Connection) throws -> Int64 {
    try db.insert("INSERT INTO engine_span (from_ms, to_ms) VALUES ($1, $1)", [.int(at.ms)])
  }

  public static func extendSpan(_ id: Int64, to: Instant, in db: Connection) throws {
    try db.run("UPDATE engine_span SET to_ms = $1 WHERE id = $2", [.int(to.ms), .int(id)])
    try db.run("UPDATE engine SET slot_clock_ms = $1 WHERE id = 1 AND slot_clock_ms < $1", [.int(to.ms)])
  }

  /// When within `from ..< to` what ran came to an end and began again later: not the end of what runs now, which is noted
  /// a while after it was.
  public static func stops(from: Instant, to: Instant, in db: Connection) throws -> [Instant] {
    try stopped(from: from, to: to, in: db).map(\.lowerBound)
  }

  /// The same with their ends: the time since it last ran is none of them.
  public static func stopped(from: Instant, to: Instant, in db: Connection) throws -> [Range<Instant>] {
    guard let ran = try HistoryQueries.lastRan(in: db), from < min(to, ran) else { return [] }
    return try gaps(from: from, to: min(to, ran), in: db).map { $0.from..<$0.to }
  }

  /// The stretches of `from ..< to` in which nothing ran.
  public static func gaps(from: Instant, to: Instant, in db: Connection) throws -> [(from: Instant, to: Instant)] {
    var out: [(Instant, Instant)] = []
    var at = from
    try db.each(
      "SELECT from_ms, to_ms FROM engine_span WHERE to_ms > $1 AND from_ms < $2 ORDER BY from_ms",
      [.int(from.ms), .int(to.ms)]
    ) { row in
      let start = Instant(ms: row.int(0))
      if start > at { out.append((at, start)) }
      at = max(at, Instant(ms: row.int(1)))
    }
    if at < to { out.append((at, to)) }
    return out
  }

  public static func saveVerdict(_ verdict: Verdict, of id: MonitorID, now: Instant, in db: Connection) throws {
    try db.run(
      """
      INSERT INTO monitor_verdict (monitor_id, format, body, updated_ms) VALUES ($1, $2, $3, $4)
      ON CONFLICT (monitor_id) DO UPDATE SET format = excluded.format, body = excluded.body, updated_ms = excluded.updated_ms
      """, [.int(id.raw), .int(Verdict.format), .blob(verdict.encoded), .int(now.ms)])
  }

  /// From `since` on the monitor counts as `state`; what stood there from then on goes.
  public static func enter(_ state: MonitorStatus, since: Instant, monitor: MonitorID, in db: Connection) throws {
    try db.run(
      "DELETE FROM monitor_state WHERE monitor_id = $1 AND since_ms >= $2", [.int(monitor.raw), .int(since.ms)])
    let before = try db.first(
      "SELECT since_ms, state, learned_ms FROM monitor_state WHERE monitor_id = $1 ORDER BY since_ms DESC LIMIT 1",
      [.int(monitor.raw)]
    ) { ($0.int(0), $0.int(1), $0.isNull(2)) }
    // What was learned later ends where it ends: from there on this is known at the time.
    if let before, before.1 == state.code, before.2 {
      try db.run(
        "UPDATE monitor_state SET until_ms = NULL WHERE monitor_id = $1 AND since_ms = $2",
        [.int(monitor.raw), .int(before.0)])
      return
    }
    if let before {
      try db.run(
        "UPDATE monitor_state SET until_ms = $1 WHERE monitor_id = $2 AND since_ms = $3",
        [.int(since.ms), .int(monitor.raw), .int(before.0)])
    }
    try db.run(
      "INSERT INTO monitor_state (monitor_id, since_ms, until_ms, state) VALUES ($1, $2, NULL, $3)",
      [.int(monitor.raw), .int(since.ms), .int(state.code)])
  }

  public static func show(_ shown: Verdict.Shown, monitor: MonitorID, in db: Connection) throws {
    try db.run(
      "UPDATE monitor SET status = $1, status_since_ms = $2, recovering = $3, flapping = $4 WHERE id = $5",
      [
        .int(shown.status.code), .int(shown.since.ms), Value(shown.recovering), Value(shown.flapping),
        .int(monitor.raw),
      ])
  }
}
