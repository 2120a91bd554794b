import Domain
import JSON
import SQLite

/// A result as stored.
public struct ResultRow: Sendable {
  public var region: RegionID
  public var worker: WorkerID
  public var slot: Instant?
  public var runKey: RunKey
  public var trigger: Trigger
  public var isFinal: Bool
  /// Counts from 1.
  public var attempts: Int
  public var startedAt: Instant
  public var lateMs: Int32
  public var status: CheckStatus
  public var httpStatus: Int32?
  public var timing: Timing
  public var bodyBytes: Int64
  public var loopLagUs: Int32
  public var failure: Failure?
  public var remoteAddress: String?
  public var httpVersion: String?
  public var certificate: CertificateFacts?
}

/// The write side of results: append in arrival order.
public enum ResultLog {
  public static func append(_ report: RunReport, in db: Connection) throws {
    let o = report.observation
    let t = Quantise.timing(o.timing)
    try db.run(
      """
      INSERT INTO result_log (monitor_id, region_id, slot_ms, run_key, trigger, final, attempt, started_ms, late_ms,
        status, http_status, dns_us, connect_us, tls_us, first_byte_us, transfer_us, total_us, body_bytes, loop_lag_us,
        reason, phase, note_id, worker_id)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
      """,
      [
        .int(report.job.monitor.raw), .int(report.job.region.raw), Value(report.job.slot?.ms), .int(report.runKey.raw),
        .int(Int64(report.job.trigger.rawValue)), Value(report.isFinal), .int(Int64(report.attempt + 1)),
        .int(o.startedAt.ms), Value(report.lateMs), .int(Int64(report.status.rawValue)), Value(o.httpStatus),
        Value(t.dnsUs), Value(t.connectUs), Value(t.tlsUs), Value(t.firstByteUs), Value(t.transferUs), Value(t.totalUs),
        .int(o.bodyBytes), Value(o.loopLagUs), Value(o.failure.map { Int64($0.reason.rawValue) }),
        Value(o.failure.map { Int64($0.phase.rawValue) }),
        Value(try note(o, day: max(o.startedAt, report.job.slot ?? o.startedAt).day, in: db)),
        .int(report.worker.raw),
      ])
  }

  /// The words of an observation, kept once however often they come: address, version, certificate, message.
  private static func note(_ o: Observation, day: Int64, in db: Connection) throws -> Int64? {
    guard o.remoteAddress != nil || o.httpVersion != nil || o.failure != nil || o.certificate != nil else { return nil }
    let body: JSON = [
      "address": JSON(o.remoteAddress), "http_version": JSON(o.httpVersion), "message": JSON(o.failure?.message),
      "certificate": o.certificate.map {
        [
          "expires_ms": .int($0.expiresAt.ms), "issuer": .string($0.issuer), "subject": .string($0.subject),
        ]
      } ?? .null,
    ]
    let text = body.text
    let digest = digest(text)
    let found = try db.first(
      "SELECT id, used_day FROM result_note WHERE digest = $1", [.blob(digest)], { (id: $0.int(0), day: $0.int(1)) })
    guard let found else {
      return try db.insert(
        "INSERT INTO result_note (digest, body, used_day) VALUES ($1, $2, $3)", [.blob(digest), .text(text), .int(day)])
    }
    if found.day < day {
      try db.run("UPDATE result_note SET used_day = $1 WHERE id = $2", [.int(day), .int(found.id)])
    }
    return found.id
  }

  /// Deletes up to `limit` notes that no result from `day` on uses; answers how many there were.
  public static func pruneNotes(before day: Int64, limit: Int, in db: Connection) throws -> Int {
    try db.run(
      "DELETE FROM result_note WHERE id IN (SELECT id FROM result_note WHERE used_day < $1 LIMIT $2)",
      [.int(day), .int(Int64(limit))])
  }

  /// Two FNV-1a sums with different starts: names a text, protects nothing.
  private static func digest(_ text: String) -> [UInt8] {
    var a: UInt64 = 0xcbf2_9ce4_8422_2325
    var b: UInt64 = 0x6c62_272e_07bb_0142
    for byte in text.utf8 {
      a = (a ^ UInt64(byte)) &* 0x100_0000_01b3
      b = (b &+ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
      b ^= b >> 29
    }
    return [a, b].flatMap { n in (0..<8).map { UInt8(truncatingIfNeeded: n >> UInt64(8 * $0)) } }
  }

  /// Whether a slot already has its result: asked for each result that comes out of order, and before a slot is noted as
  /// missed. A run starts within the hour after its slot; what a clock gets wrong before it is looked for as well.
  public static func holds(_ job: JobID, in db: Connection) throws -> Bool {
    guard let slot = job.slot else { return false }
    return try db.first(
      """
      SELECT 1 FROM result_log WHERE monitor_id = $1 AND started_ms >= $2 AND started_ms < $3 AND region_id = $4
        AND slot_ms = $5 AND final = 1
      """,
      [
        .int(job.monitor.raw), .int(slot.ms - Instant.minuteMs), .int(slot.ms + Instant.hourMs), .int(job.region.raw),
        .int(slot.ms),
      ]
    ) { _ in true } ?? false
  }

  /// Every slot from `from` on that has its result, as the last `rows` entries tell, or is known to be missed.
  public static func accounted(from: Instant, rows: Int, in db: Connection) throws -> Set<Slot> {
    var out: Set<Slot> = []
    try db.each(
      """
      SELECT slot_ms, monitor_id, region_id FROM result_log
      WHERE id > (SELECT coalesce(max(id), 0) FROM result_log) - $2 AND slot_ms >= $1 AND final = 1
      UNION ALL SELECT slot_ms, monitor_id, region_id FROM slot_missed WHERE slot_ms >= $1
      """, [.int(from.ms), .int(Int64(rows))]
    ) { out.insert(Slot(Instant(ms: $0.int(0)), MonitorID($0.int(1)), RegionID($0.int(2)))) }
    return out
  }

  /// The newest slot and start of each monitor and region among the last `rows` entries: the window of accepted slots.
  public static func newest(
    rows: Int, in db: Connection, _ body: (MonitorID, RegionID, _ slot: Instant?, _ started: Instant) -> Void
  ) throws {
    try db.each(
      """
      SELECT monitor_id, region_id, max(CASE WHEN final = 1 THEN slot_ms END), max(started_ms) FROM result_log
      WHERE id > (SELECT coalesce(max(id), 0) FROM result_log) - $1 GROUP BY monitor_id, region_id
      """, [.int(Int64(rows))]
    ) { body(MonitorID($0.int(0)), RegionID($0.int(1)), $0.intOrNil(2).map(Instant.init(ms:)), Instant(ms: $0.int(3))) }
  }

  /// A slot that has its result by now, or is missed already, is left as it is; but where it was put down to a worker that
  /// was not heard of, that worker's own word is the better reason. Answers whether it was noted as one more.
  @discardableResult
  public static func missed(_ job: JobID, reason: MissedReason, in db: Connection) throws -> Bool {
    guard let slot = job.slot, try !holds(job, in: db) else { return false }
    let values: [Value] = [
      .int(job.monitor.raw), .int(job.region.raw), .int(slot.ms), .int(Int64(reason.rawValue)),
    ]
    let isNew =
      try db.run(
        """
        INSERT INTO slot_missed (monitor_id, region_id, slot_ms, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """, values) == 1
    guard !isNew, reason == .spoolFull else { return isNew }
    let guesses: [MissedReason] = [.workerLost, .workerOffline]
    try db.run(
      """
      UPDATE slot_missed SET reason = $4 WHERE monitor_id = $1 AND region_id = $2 AND slot_ms = $3
        AND reason IN ($5, $6)
      """, values + guesses.map { .int(Int64($0.rawValue)) })
    return false
  }

  /// A result that came late takes the place of `missed`.
  public static func unmiss(_ job: JobID, in db: Connection) throws {
    guard let slot = job.slot else { return }
    try db.run(
      "DELETE FROM slot_missed WHERE monitor_id = $1 AND region_id = $2 AND slot_ms = $3",
      [.int(job.monitor.raw), .int(job.region.raw), .int(slot.ms)])
  }
}

/// What failing runs saw: the first and the last one of each streak.
public enum EvidenceLog {
  public static let keptMs = 90 * Instant.dayMs

  /// The first of a streak stays; a later one takes the place of the one before it.
  public static func keep(
    _ report: RunReport, isFirst: Bool, organization: OrganizationID, in db: Connection
  ) throws {
    guard let evidence = report.observation.evidence else { return }
    if !isFirst {
      try db.run(
        """
        DELETE FROM evidence WHERE id = (SELECT id FROM evidence WHERE monitor_id = $1 AND region_id = $2
          ORDER BY id DESC LIMIT 1) AND body LIKE '{"first":false%'
        """, [.int(report.job.monitor.raw), .int(report.job.region.raw)])
    }
    try db.run(
      """
      INSERT INTO evidence (organization_id, monitor_id, region_id, incident_id, run_key, at_ms, body)
      VALUES ($1, $2, $3, (SELECT incident_id FROM incident_monitor WHERE monitor_id = $2 AND is_open = 1), $4, $5, $6)
      """,
      [
        .int(organization.raw), .int(report.job.monitor.raw), .int(report.job.region.raw), .int(report.runKey.raw),
        .int(report.observation.startedAt.ms), .text(bounded(report, evidence, isFirst: isFirst)),
      ])
  }

  /// As text of at most `evidenceBytesMax`, whoever sent it: the excerpt is cut first, then the head, then certificates
  /// and hops are left out from their ends.
  private static func bounded(_ report: RunReport, _ evidence: Evidence, isFirst: Bool) -> String {
    var evidence = evidence
    func text() -> String { json(report, evidence, isFirst: isFirst).text }
    func cut(_ part: WritableKeyPath<Evidence, String>) {
      let over = text().utf8.count - Limits.evidenceBytesMax
      guard over > 0 else { return }
      // A character cut in two takes three bytes.
      let kept = max(evidence[keyPath: part].utf8.count - over - 3, 0)
      evidence[keyPath: part] = String(decoding: evidence[keyPath: part].utf8.prefix(kept), as: UTF8.self)
    }
    cut(\.bodyExcerpt)
    cut(\.responseHead)
    while text().utf8.count > Limits.evidenceBytesMax, evidence.certificateChain.popLast() != nil {}
    while text().utf8.count > Limits.evidenceBytesMax, evidence.hops.popLast() != nil {}
    return text()
  }

  private static func json(_ report: RunReport, _ evidence: Evidence, isFirst: Bool) -> JSON {
    let o = report.observation
    return [
      "first": .bool(isFirst), "stand_in": report.isStandIn ? .int(report.worker.raw) : .null,
      "http_status": JSON(o.httpStatus), "address": JSON(o.remoteAddress),
      "reason": JSON(o.failure?.reason.name), "phase": JSON(o.failure?.phase.name), "message": JSON(o.failure?.message),
      "total_us": JSON(o.timing.totalUs), "phases_us": phases(o.timing),
      "hops": .array(
        evidence.hops.map {
          [
            "url": .string($0.url), "address": JSON($0.address), "status": JSON($0.status),
            "total_us": JSON($0.timing.totalUs),
          ]
        }), "head": .string(evidence.responseHead), "excerpt": .string(evidence.bodyExcerpt),
      "chain": .array(evidence.certificateChain.map(JSON.string)),
    ]
  }

  /// Those that happened.
  private static func phases(_ timing: Timing) -> JSON {
    let all: [(String, Int32?)] = [
      ("dns", timing.dnsUs), ("connect", timing.connectUs), ("tls", timing.tlsUs), ("first_byte", timing.firstByteUs),
      ("transfer", timing.transferUs),
    ]
    return .object(all.compactMap { name, us in us.map { .init(name, .int(Int64($0))) } })
  }

  /// One failing run as it was kept.
  public struct Kept: Sendable {
    public let at: Instant
    public let region: RegionID
    public let body: JSON
  }

  /// What was kept of a monitor between two moments, oldest first: of the newest sixteen regions' streaks at most.
  public static func all(
    of monitor: MonitorID, from: Instant, to: Instant, scope: TenantScope, in db: Connection
  ) throws -> [Kept] {
    try db.rows(
      """
      SELECT at_ms, region_id, body FROM evidence
      WHERE monitor_id = $1 AND organization_id = $2 AND at_ms >= $3 AND at_ms <= $4 ORDER BY at_ms DESC, id DESC LIMIT 32
      """, [.int(monitor.raw), .int(scope.organization.raw), .int(from.ms), .int(to.ms)]
    ) { Kept(at: Instant(ms: $0.int(0)), region: RegionID($0.int(1)), body: try JSON(parsing: $0.text(2))) }
    .reversed()
  }

  /// The newest evidence of a monitor.
  public static func latest(_ monitor: MonitorID, scope: TenantScope, in db: Connection) throws -> (
    at: Instant, region: String, body: JSON
  )? {
    try db.first(
      """
      SELECT e.at_ms, r.name, e.body FROM evidence e JOIN region r ON r.id = e.region_id
      WHERE e.monitor_id = $1 AND e.organization_id = $2 ORDER BY e.at_ms DESC, e.id DESC LIMIT 1
      """, [.int(monitor.raw), .int(scope.organization.raw)]
    ) { (Instant(ms: $0.int(0)), $0.text(1), try JSON(parsing: $0.text(2))) }
  }

  public static func prune(now: Instant, in db: Connection) throws {
    try db.run("DELETE FROM evidence WHERE at_ms < $1", [.int(now.ms - keptMs)])
  }
}
