import Domain
import SQLite

/// A monitor's past that results which came late may tell about.
public struct WantedReplay: Hashable, Sendable {
  public let monitor: MonitorID
  /// From the first of those results to the last.
  public let from: Instant
  public let to: Instant
  let heard: Instant
}

/// Unknown time that is to be recomputed: what is asked for outlives a restart, and what was known is never rewritten.
public enum ReplayQueries {
  /// A monitor's rows that one result may concern.
  private static let rowsMax = 64
  /// What is asked for already reaches as far as both; when it is due is the asker's.
  private static let orWiden =
    """
    ON CONFLICT (monitor_id) DO UPDATE SET
      from_ms = CASE WHEN excluded.from_ms < state_replay.from_ms THEN excluded.from_ms ELSE state_replay.from_ms END,
      to_ms = CASE WHEN excluded.to_ms > state_replay.to_ms THEN excluded.to_ms ELSE state_replay.to_ms END,
      heard_ms = excluded.heard_ms
    """

  /// Results of `from ... to` came late. Asks for a replay when that time is unknown, or may be yet; it waits until nothing
  /// more of the kind came for `quietMs`, but not longer than `mostMs`. Answers when it is due, or nil.
  public static func ask(
    _ monitor: MonitorID, from: Instant, to: Instant, voteLastsMs: Int64, quietMs: Int64, mostMs: Int64, now: Instant,
    in db: Connection
  ) throws -> Instant? {
    let rows = try db.rows(
      """
      SELECT since_ms, until_ms, state, learned_ms FROM monitor_state WHERE monitor_id = $1 AND since_ms < $2
      ORDER BY since_ms DESC LIMIT $3
      """, [.int(monitor.raw), .int(to.ms + voteLastsMs), .int(Int64(rowsMax))], span)
    // Many rows within the time of one result: then one of them will do.
    let concerned = rows.filter { span in span.until.map { $0 > from } ?? true }
    let lasts = to + voteLastsMs > now
    guard lasts || concerned.contains(where: \.mayBeLearned) || concerned.count == rowsMax else { return nil }
    try db.run(
      """
      INSERT INTO state_replay (monitor_id, from_ms, to_ms, asked_ms, heard_ms, due_ms) VALUES ($1, $2, $3, $4, $4, $5)
      \(orWiden),
        due_ms = CASE WHEN excluded.due_ms < state_replay.asked_ms + $6 THEN excluded.due_ms
          ELSE state_replay.asked_ms + $6 END
      """,
      [
        .int(monitor.raw), .int(from.ms), .int(to.ms), .int(now.ms), .int(now.ms + quietMs), .int(mostMs),
      ])
    return now + quietMs
  }

  /// A region's network is found to have been in doubt in `range`: asks for a replay of monitors that were learned to be
  /// down in it before that was known. Answers whether there are any.
  public static func askAgain(
    learnedDown range: Range<Instant>, in region: RegionID, now: Instant, due: Instant, in db: Connection
  ) throws -> Bool {
    try db.run(
      """
      INSERT INTO state_replay (monitor_id, from_ms, to_ms, asked_ms, heard_ms, due_ms)
      \(learnedDownSQL)
      \(orWiden)
      """,
      [
        .int(region.raw), .int(range.lowerBound.ms), .int(range.upperBound.ms), .int(now.ms), .int(due.ms),
        .int(range.lowerBound.ms - Limits.spoolAgeMs), .int(MonitorStatus.down.code),
      ]) > 0
  }

  /// What is learned is never older than what a spool keeps, nor then is the beginning of its row.
  static let learnedDownSQL =
    """
    SELECT p.monitor_id, $2, $3, $4, $4, $5 FROM monitor_plan p JOIN monitor_state s ON s.monitor_id = p.monitor_id
    WHERE p.region_id = $1 AND p.from_ms < $3 AND (p.to_ms IS NULL OR p.to_ms > $2)
      AND s.since_ms >= $6 AND s.since_ms < $3 AND s.until_ms > $2 AND s.learned_ms IS NOT NULL AND s.state = $7
    GROUP BY p.monitor_id
    """

  /// When the next one is due; nil when none is asked for.
  public static func nextDue(in db: Connection) throws -> Instant? {
    try db.first("SELECT min(due_ms) FROM state_replay") { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
  }

  /// The one that waits longest of those that are due.
  public static func due(by now: Instant, in db: Connection) throws -> WantedReplay? {
    try db.first(
      """
      SELECT monitor_id, from_ms, to_ms, heard_ms FROM state_replay WHERE due_ms <= $1
      ORDER BY due_ms, monitor_id LIMIT 1
      """, [.int(now.ms)]
    ) {
      WantedReplay(
        monitor: MonitorID($0.int(0)), from: Instant(ms: $0.int(1)), to: Instant(ms: $0.int(2)),
        heard: Instant(ms: $0.int(3)))
    }
  }

  /// It is done, unless more came meanwhile.
  public static func done(_ wanted: WantedReplay, in db: Connection) throws {
    try db.run(
      "DELETE FROM state_replay WHERE monitor_id = $1 AND heard_ms = $2 AND from_ms = $3 AND to_ms = $4",
      [.int(wanted.monitor.raw), .int(wanted.heard.ms), .int(wanted.from.ms), .int(wanted.to.ms)])
  }

  public static func forget(_ monitor: MonitorID, in db: Connection) throws {
    try db.run("DELETE FROM state_replay WHERE monitor_id = $1", [.int(monitor.raw)])
  }

  public static func postpone(_ wanted: WantedReplay, to due: Instant, in db: Connection) throws {
    try db.run(
      "UPDATE state_replay SET asked_ms = $1, due_ms = $1 WHERE monitor_id = $2",
      [.int(due.ms), .int(wanted.monitor.raw)])
  }

  /// The stored states of `from ..< to`, oldest first.
  public static func spans(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [StoredSpan] {
    try db.rows(
      """
      SELECT since_ms, until_ms, state, learned_ms FROM monitor_state
      WHERE monitor_id = $1 AND since_ms < $2 AND (until_ms IS NULL OR until_ms > $3) ORDER BY since_ms
      """, [.int(monitor.raw), .int(to.ms), .int(from.ms)], span)
  }

  /// Whether the monitor was confirmed down by then, whatever nobody knew or was to know since. `asKnownThen`: what was learned
  /// later does not count.
  public static func wasDown(
    _ monitor: MonitorID, before at: Instant, asKnownThen: Bool = false, in db: Connection
  ) throws -> Bool {
    try db.first(
      stateBeforeSQL(asKnownThen: asKnownThen),
      [.int(monitor.raw), .int(at.ms)]
        + [MonitorStatus.pending, .up, .degraded, .down, .paused].map { .int($0.code) }
    ) { $0.int(0) == MonitorStatus.down.code } ?? false
  }

  static func stateBeforeSQL(asKnownThen: Bool) -> String {
    """
    SELECT state FROM monitor_state WHERE monitor_id = $1 AND since_ms <= $2\(asKnownThen ? " AND learned_ms IS NULL" : "")
      AND state IN ($3, $4, $5, $6, $7) ORDER BY since_ms DESC LIMIT 1
    """
  }

  /// Puts `after` in the place of `before`, in one transaction with whoever calls; false when they are not what is stored
  /// any more, and then nothing is changed.
  public static func rewrite(
    _ monitor: MonitorID, from before: [StoredSpan], to after: [StoredSpan], in db: Connection
  ) throws -> Bool {
    guard let first = before.first, let last = before.last else { return false }
    let end = last.until ?? Instant(ms: .max)
    guard try spans(monitor, from: first.since, to: end, in: db) == before else { return false }
    guard after != before else { return true }
    for span in before where !after.contains(span) {
      try db.run(
        "DELETE FROM monitor_state WHERE monitor_id = $1 AND since_ms = $2", [.int(monitor.raw), .int(span.since.ms)])
    }
    for span in after where !before.contains(span) {
      try db.run(
        "INSERT INTO monitor_state (monitor_id, since_ms, until_ms, state, learned_ms) VALUES ($1, $2, $3, $4, $5)",
        [
          .int(monitor.raw), .int(span.since.ms), Value(span.until?.ms), .int(span.state.code),
          Value(span.learnedAt?.ms),
        ])
    }
    try touchPages(of: monitor, in: db)
    return true
  }

  /// The bars of public pages that show this monitor are others now.
  private static func touchPages(of monitor: MonitorID, in db: Connection) throws {
    let pages = try db.rows(
      """
      SELECT DISTINCT x.page_id FROM service_monitor w JOIN status_page_service x ON x.service_id = w.service_id
      WHERE w.monitor_id = $1
      """, [.int(monitor.raw)]
    ) { StatusPageID($0.int(0)) }
    for page in pages {
      try db.run("UPDATE status_page SET revision = revision + 1 WHERE id = $1", [.int(page.raw)])
      db.announce(.pageChanged(page))
    }
  }

  private static func span(_ row: Row) -> StoredSpan {
    StoredSpan(
      since: Instant(ms: row.int(0)), until: row.intOrNil(1).map(Instant.init(ms:)),
      state: MonitorStatus(code: row.int(2)) ?? .unknown, learnedAt: row.intOrNil(3).map(Instant.init(ms:)))
  }
}
