import Domain
import JSON
import SQLite
import Store

/// Reads the history back from the store, as anybody could who has the file.
enum ReadBack {
  static func slots(_ window: Span, monitors: Int, in db: Connection) throws -> SlotHistory {
    let gaps = try EngineQueries.gaps(from: window.from, to: window.to, in: db)
    let values: [Value] = [.int(window.from.ms), .int(window.to.ms)]
    let rows = try db.rows(
      """
      SELECT coalesce(slot_ms, -started_ms), monitor_id, region_id, final AND slot_ms IS NOT NULL, body_bytes, started_ms,
        status <> 3
      FROM result_log WHERE coalesce(slot_ms, started_ms) >= $1 AND coalesce(slot_ms, started_ms) < $2
      """, values
    ) { row in
      SlotHistory.Row(
        slot: Slot(Instant(ms: row.int(0)), MonitorID(row.int(1)), RegionID(row.int(2))), isFinal: row.bool(3),
        mark: row.int(4), startedAt: Instant(ms: row.int(5)), isGood: row.bool(6))
    }
    var missed: [Slot: MissedReason] = [:]
    try db.each(
      "SELECT slot_ms, monitor_id, region_id, reason FROM slot_missed WHERE slot_ms >= $1 AND slot_ms < $2", values
    ) { row in
      missed[Slot(Instant(ms: row.int(0)), MonitorID(row.int(1)), RegionID(row.int(2)))] = MissedReason(
        rawValue: Int16(row.int(3)))
    }
    let plan = try (0..<monitors).flatMap {
      try PlanQueries.touching(MonitorID(Int64($0) + 1), from: window.from, to: window.to, in: db)
    }
    return SlotHistory(
      window: window, plan: plan, gaps: gaps.map { Span($0.from, $0.to) }, rows: rows, missed: missed)
  }

  /// The organization's feed after `seq`.
  static func feed(
    after seq: Int64, in db: Connection
  ) throws -> (read: [(seq: Int64, at: Instant)], told: [History.Told]) {
    var read: [(seq: Int64, at: Instant)] = []
    var told: [History.Told] = []
    let ids = Dictionary(
      uniqueKeysWithValues: try db.rows("SELECT public_id, id FROM monitor") { ($0.text(0), Int($0.int(1)) - 1) })
    try db.each(
      """
      SELECT e.seq, e.at_ms, e.type, e.data FROM feed_event e JOIN feed f ON f.id = e.feed_id
      WHERE f.page_id IS NULL AND e.seq > $1 ORDER BY e.seq
      """, [.int(seq)]
    ) { row in
      read.append((row.int(0), Instant(ms: row.int(1))))
      guard row.text(2) == FeedEventType.monitor.rawValue else { return }
      let data = try JSON(parsing: row.text(3))
      let monitor = data["id"]?.string.flatMap { ids[$0] }
      if let monitor, data["is_deleted"]?.bool == true {
        let at = Instant(ms: row.int(1))
        told.append(.init(seq: row.int(0), at: at, monitor: monitor, status: .paused, since: at))
      }
      guard let monitor,
        let status = data["status"]?.string.flatMap(MonitorStatus.init(rawValue:)),
        let since = data["status_since"]?.string.flatMap(Instant.init(rfc3339:))
      else { return }
      told.append(
        .init(
          seq: row.int(0), at: Instant(ms: row.int(1)), monitor: monitor, status: status, since: since,
          flapping: data["flapping"]?.bool ?? false))
    }
    return (read, told)
  }

  /// What the audits have read goes, as closing hours would take it.
  static func forget(before: Instant, seq: Int64, in db: Connection) throws {
    try db.run("DELETE FROM result_log WHERE started_ms < $1", [.int(before.ms)])
    try db.run("DELETE FROM slot_missed WHERE slot_ms < $1", [.int(before.ms)])
    try db.run("DELETE FROM feed_event WHERE seq < $1", [.int(seq)])
  }

  static func states(in db: Connection) throws -> [History.State] {
    try db.rows(
      "SELECT monitor_id, since_ms, until_ms, state, learned_ms FROM monitor_state ORDER BY monitor_id, since_ms"
    ) {
      History.State(
        monitor: Int($0.int(0)) - 1, since: Instant(ms: $0.int(1)), until: $0.intOrNil(2).map(Instant.init(ms:)),
        state: MonitorStatus(code: $0.int(3)) ?? .unknown, isLearned: $0.intOrNil(4) != nil)
    }
  }

  static func incidents(in db: Connection) throws -> [History.Incident] {
    try db.rows(
      """
      SELECT i.id, m.monitor_id, i.started_ms, i.created_ms, i.resolved_ms FROM incident i
      JOIN incident_monitor m ON m.incident_id = i.id ORDER BY i.id
      """
    ) {
      History.Incident(
        id: $0.int(0), monitor: Int($0.int(1)) - 1, startedAt: Instant(ms: $0.int(2)),
        createdAt: Instant(ms: $0.int(3)), resolvedAt: $0.intOrNil(4).map(Instant.init(ms:)))
    }
  }

  static func messages(in db: Connection) throws -> [History.Message] {
    let kinds: [String: History.Message.Kind] = [
      "monitor.down": .down, "monitor.flapping": .flapping, "monitor.resolved": .resolved,
    ]
    return try db.rows(
      "SELECT id, incident_id, kind, created_ms, state FROM notification WHERE incident_id IS NOT NULL ORDER BY id"
    ) { row -> History.Message? in
      kinds[row.text(2)].map {
        History.Message(
          id: row.int(0), incident: row.int(1), kind: $0, createdAt: Instant(ms: row.int(3)), state: row.text(4))
      }
    }.compactMap(\.self)
  }
}
