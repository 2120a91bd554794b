import Domain
import JSON
import SQLite

/// Uptime over a window: seconds of each kind, counted from `monitor_state` alone.
public struct UptimeShare: Hashable, Sendable {
  public var upMs: Int64 = 0
  public var degradedMs: Int64 = 0
  public var downMs: Int64 = 0
  public var unknownMs: Int64 = 0
  public var maintenanceMs: Int64 = 0

  public init() {}

  /// Up and degraded over what is known; nil when nothing is. Unknown, paused and maintenance count for neither side.
  public var uptime: Double? {
    let known = upMs + degradedMs + downMs
    return known > 0 ? Double(upMs + degradedMs) / Double(known) : nil
  }

  mutating func add(_ state: MonitorStatus, _ ms: Int64) {
    switch state {
    case .up, .unconfirmed: upMs += ms
    case .degraded: degradedMs += ms
    case .down: downMs += ms
    case .maintenance: maintenanceMs += ms
    case .unknown, .pending, .paused: unknownMs += ms
    }
  }
}

/// Response times of one step of a chart.
public struct ResponseBucket: Hashable, Sendable {
  public var start: Instant
  public var n: Int
  public var failed: Int
  public var p50Us: Int64?
  public var p95Us: Int64?
}

/// Reading results and what is concluded from them.
public enum ResultQueries {
  private static let columns =
    """
    l.region_id, l.slot_ms, l.run_key, l.trigger, l.final, l.attempt, l.started_ms, l.late_ms, l.status, l.http_status,
    l.dns_us, l.connect_us, l.tls_us, l.first_byte_us, l.transfer_us, l.total_us, l.body_bytes, l.loop_lag_us, l.reason,
    l.phase, n.body
    """

  /// Newest first, started before `before`. The monitor was found through its tenant already.
  public static func recent(
    _ monitor: MonitorRow, from: Instant = Instant(ms: 0), before: Instant, region: RegionID? = nil,
    status: CheckStatus? = nil, finalOnly: Bool = true, limit: Int, in db: Connection
  ) throws -> [ResultRow] {
    try db.rows(
      """
      SELECT \(columns) FROM result_log l LEFT JOIN result_note n ON n.id = l.note_id
      WHERE l.monitor_id = $1 AND l.started_ms < $2 AND l.started_ms >= $3 AND ($4 IS NULL OR l.region_id = $4)
        AND ($5 IS NULL OR l.status = $5) AND (l.final = 1 OR $6 = 0)
      ORDER BY l.started_ms DESC, l.id DESC LIMIT $7
      """,
      [
        .int(monitor.id.raw), .int(before.ms), .int(from.ms), Value(region?.raw),
        Value(status.map { Int64($0.rawValue) }),
        Value(finalOnly), .int(Int64(limit)),
      ], read)
  }

  /// The final report of one run.
  public static func run(_ key: RunKey, of monitor: MonitorRow, in db: Connection) throws -> ResultRow? {
    try db.first(
      """
      SELECT \(columns) FROM result_log l LEFT JOIN result_note n ON n.id = l.note_id
      WHERE l.monitor_id = $1 AND l.run_key = $2 ORDER BY l.final DESC, l.attempt DESC LIMIT 1
      """, [.int(monitor.id.raw), .int(key.raw)], read)
  }

  /// Final times and outcomes in a window, oldest first, as `(started, total µs, failed)`.
  private static func points(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [(Instant, Int64, Bool)] {
    try db.rows(
      """
      SELECT started_ms, total_us, status FROM result_log
      WHERE monitor_id = $1 AND started_ms >= $2 AND started_ms < $3 AND final = 1 AND trigger = 1 ORDER BY started_ms
      """, [.int(monitor.raw), .int(from.ms), .int(to.ms)]
    ) { (Instant(ms: $0.int(0)), $0.int(1), $0.int(2) == Int64(CheckStatus.down.rawValue)) }
  }

  /// p50 and p95 of successful checks per step of `stepMs`; steps without a check are absent.
  public static func series(
    _ monitor: MonitorID, from: Instant, to: Instant, stepMs: Int64, in db: Connection
  ) throws -> [ResponseBucket] {
    var out: [ResponseBucket] = []
    var times: [Int64] = []
    var bucket: ResponseBucket?
    func close() {
      guard var done = bucket else { return }
      times.sort()
      if !times.isEmpty {
        done.p50Us = times[(times.count - 1) / 2]
        done.p95Us = times[(times.count - 1) * 95 / 100]
      }
      out.append(done)
      times = []
    }
    for (at, us, failed) in try points(monitor, from: from, to: to, in: db) {
      let start = Instant(ms: (at.ms - from.ms) / stepMs * stepMs + from.ms)
      if bucket?.start != start {
        close()
        bucket = ResponseBucket(start: start, n: 0, failed: 0)
      }
      bucket?.n += 1
      if failed { bucket?.failed += 1 } else { times.append(us) }
    }
    close()
    return out
  }

  /// The states of a monitor that touch `from ..< to`, oldest first.
  public static func states(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [StateSpan] {
    try db.rows(
      """
      SELECT since_ms, until_ms, state FROM monitor_state
      WHERE monitor_id = $1 AND since_ms < $2 AND (until_ms IS NULL OR until_ms > $3) ORDER BY since_ms
      """, [.int(monitor.raw), .int(to.ms), .int(from.ms)]
    ) {
      StateSpan(
        since: Instant(ms: $0.int(0)), until: $0.intOrNil(1).map(Instant.init(ms:)),
        state: MonitorStatus(code: $0.int(2)) ?? .unknown)
    }
  }

  public static func uptime(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> UptimeShare {
    share(try states(monitor, from: from, to: to, in: db), from: from, to: to)
  }

  /// How long each state lasted within `from ..< to`. Pure.
  public static func share(_ spans: [StateSpan], from: Instant, to: Instant) -> UptimeShare {
    var out = UptimeShare()
    for span in spans {
      let start = max(span.since, from)
      let end = min(span.until ?? to, to)
      if end > start { out.add(span.state, end - start) }
    }
    return out
  }

  /// One share per UTC day, the last one today's so far.
  public static func days(
    _ monitor: MonitorID, count: Int, now: Instant, in db: Connection
  ) throws -> [(day: Int64, share: UptimeShare)] {
    let first = now.day - Int64(count) + 1
    let spans = try states(monitor, from: Instant(ms: first * Instant.dayMs), to: now, in: db)
    return (first...now.day).map { day in
      let start = Instant(ms: day * Instant.dayMs)
      return (day, share(spans, from: start, to: min(start + Instant.dayMs, now)))
    }
  }

  private static func read(_ row: Row) throws -> ResultRow {
    var timing = Timing()
    timing.dnsUs = us(row, 10)
    timing.connectUs = us(row, 11)
    timing.tlsUs = us(row, 12)
    timing.firstByteUs = us(row, 13)
    timing.transferUs = us(row, 14)
    timing.totalUs = Int32(clamping: row.int(15))
    let note = try row.textOrNil(20).map { try JSON(parsing: $0) } ?? .null
    var failure: Failure?
    if let reason = row.intOrNil(18).flatMap({ FailureReason(rawValue: Int16(clamping: $0)) }) {
      let phase = row.intOrNil(19).flatMap { Phase(rawValue: Int16(clamping: $0)) } ?? .connect
      failure = Failure(reason, phase, note["message"]?.string ?? "")
    }
    var certificate: CertificateFacts?
    if let facts = note["certificate"], let expires = facts["expires_ms"]?.int {
      certificate = CertificateFacts(
        expiresAt: Instant(ms: expires), issuer: facts["issuer"]?.string ?? "", subject: facts["subject"]?.string ?? "")
    }
    return ResultRow(
      region: RegionID(row.int(0)), slot: row.intOrNil(1).map(Instant.init(ms:)), runKey: RunKey(raw: row.int(2)),
      trigger: Trigger(rawValue: Int16(clamping: row.int(3))) ?? .schedule, isFinal: row.bool(4),
      attempts: Int(row.int(5)), startedAt: Instant(ms: row.int(6)), lateMs: Int32(clamping: row.int(7)),
      status: CheckStatus(rawValue: Int16(clamping: row.int(8))) ?? .down,
      httpStatus: row.intOrNil(9).map { Int32(clamping: $0) }, timing: timing, bodyBytes: row.int(16),
      loopLagUs: Int32(clamping: row.int(17)), failure: failure, remoteAddress: note["address"]?.string,
      httpVersion: note["http_version"]?.string, certificate: certificate)
  }

  private static func us(_ row: Row, _ column: Int) -> Int32? { row.intOrNil(column).map { Int32(clamping: $0) } }
}
