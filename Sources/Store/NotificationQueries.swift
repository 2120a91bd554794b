import Domain
import SQLite

/// One message to one channel, as the log shows it.
public struct NotificationRow: Sendable {
  public let publicID: PublicID<NotificationTag>
  public let channel: PublicID<ChannelTag>?
  public let channelName: String?
  public let kind: String
  public let incident: PublicID<IncidentTag>?
  public let payload: String
  /// `pending`, `claimed`, `sent` or `dead`.
  public let state: String
  public let attempts: Int
  public let nextAt: Instant
  public let lastError: String?
  public let createdAt: Instant
  public let doneAt: Instant?
  /// It waits until `nextAt` to learn whose trouble it tells of.
  public let isHeld: Bool
}

/// A message that this sender holds until its lease ends.
public struct ClaimedNotification: Sendable {
  public let id: NotificationID
  public let publicID: PublicID<NotificationTag>
  public let payload: String
  /// Tries before this one.
  public let attempts: Int
  public let channel: ChannelRow
  public let privateTargets: Bool
}

/// The outbox: rows written with what caused them, claimed, sent, then marked.
public enum NotificationQueries {
  /// One message per enabled channel; `dedup` names the transition, so that saying it twice is harmless. With `after`, only
  /// to channels that were sent one of these earlier transitions: who never heard of the beginning does not hear of the
  /// end. With `heldUntil` it waits until then for `release` or `drop`.
  public static func enqueue(
    kind: String, incident: IncidentID?, dedup: String, payload: String, organization: OrganizationID,
    after earlier: [String] = [], heldUntil: Instant? = nil, in db: Connection, world: World
  ) throws {
    let channels = try db.rows(
      "SELECT id FROM channel WHERE organization_id = $1 AND enabled = 1 AND deleted_ms IS NULL ORDER BY id",
      [.int(organization.raw)]
    ) { $0.int(0) }
    let now = world.now().ms
    for channel in channels {
      let heard = try earlier.contains { key in
        try db.first("SELECT 1 FROM notification WHERE dedup_key = $1", [.text("\(key)/\(channel)")]) { _ in true }
          ?? false
      }
      guard earlier.isEmpty || heard else { continue }
      try db.run(
        """
        INSERT INTO notification (public_id, organization_id, channel_id, kind, incident_id, dedup_key, payload, state,
          next_ms, created_ms, is_held) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)
        ON CONFLICT DO NOTHING
        """,
        [
          .text(world.newID(PublicID<NotificationTag>.self).text), .int(organization.raw), .int(channel), .text(kind),
          Value(incident?.raw), .text("\(dedup)/\(channel)"), .text(payload), .int(heldUntil?.ms ?? now), .int(now),
          Value(heldUntil != nil),
        ])
    }
    if !channels.isEmpty { db.announce(.notificationsDue) }
  }

  /// Takes up to `limit` messages that are due, or whose sender was lost. A message waits for the earlier ones of its
  /// incident to the same channel, so that nobody hears of the end before the beginning.
  public static func claim(limit: Int, now: Instant, in db: Connection) throws -> [ClaimedNotification] {
    let due = try db.rows(
      """
      SELECT n.id FROM notification n WHERE n.next_ms <= $1
        AND (n.state = 'pending' OR (n.state = 'claimed' AND n.lease_until_ms <= $1))
        AND NOT EXISTS (SELECT 1 FROM notification e WHERE e.incident_id = n.incident_id
          AND e.channel_id = n.channel_id AND e.id < n.id AND e.state IN ('pending', 'claimed'))
      ORDER BY n.next_ms, n.id LIMIT $2
      """, [.int(now.ms), .int(Int64(limit))]
    ) { $0.int(0) }
    return try due.compactMap { id in
      try db.run(
        "UPDATE notification SET state = 'claimed', lease_until_ms = $1, attempts = attempts + 1, is_held = 0 WHERE id = $2",
        [.int(now.ms + DeliveryPolicy.leaseMs), .int(id)])
      let channel = ChannelRow.columns.split(separator: ", ").map { "c.\($0)" }.joined(separator: ", ")
      return try db.first(
        """
        SELECT n.public_id, n.payload, n.attempts, \(OrganizationQueries.mayBePrivate), \(channel) FROM notification n
        JOIN channel c ON c.id = n.channel_id JOIN organization o ON o.id = n.organization_id WHERE n.id = $1
        """, [.int(id)]
      ) {
        ClaimedNotification(
          id: NotificationID(id), publicID: PublicID(stored: $0.text(0)), payload: $0.text(1),
          attempts: Int($0.int(2)) - 1, channel: ChannelRow($0, from: 4), privateTargets: $0.bool(3))
      }
    }
  }

  /// When the next message falls due, or its sender's lease ends. One that waits for an earlier one is woken by its end.
  public static func nextDue(in db: Connection) throws -> Instant? {
    try db.first(
      """
      SELECT min(CASE WHEN n.state = 'claimed' THEN n.lease_until_ms ELSE n.next_ms END) FROM notification n
      WHERE n.state IN ('pending', 'claimed')
        AND NOT EXISTS (SELECT 1 FROM notification e WHERE e.incident_id = n.incident_id
          AND e.channel_id = n.channel_id AND e.id < n.id AND e.state IN ('pending', 'claimed'))
      """
    ) { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
  }

  /// A mark holds for the claim it was made under: once the lease ended and another sender took the message, what the
  /// first one says of it changes nothing. Each answers whether it held.
  @discardableResult
  public static func markSent(_ claimed: ClaimedNotification, in db: Connection, world: World) throws -> Bool {
    try settle(claimed, "sent", error: nil, in: db, world: world)
  }

  @discardableResult
  public static func markDead(
    _ claimed: ClaimedNotification, error: String, in db: Connection, world: World
  ) throws -> Bool {
    try settle(claimed, "dead", error: error, in: db, world: world)
  }

  @discardableResult
  public static func markAgain(
    _ claimed: ClaimedNotification, at next: Instant, error: String, in db: Connection
  ) throws -> Bool {
    try db.run(
      """
      UPDATE notification SET state = 'pending', next_ms = $1, lease_until_ms = NULL, last_error = $2
      WHERE id = $3 AND state = 'claimed' AND attempts = $4
      """, [.int(next.ms), .text(error), .int(claimed.id.raw), .int(Int64(claimed.attempts + 1))]) == 1
  }

  private static func settle(
    _ claimed: ClaimedNotification, _ state: String, error: String?, in db: Connection, world: World
  ) throws -> Bool {
    let marked = try db.run(
      """
      UPDATE notification SET state = $1, last_error = $2, done_ms = $3, lease_until_ms = NULL
      WHERE id = $4 AND state = 'claimed' AND attempts = $5
      """,
      [
        .text(state), Value(error), .int(world.now().ms), .int(claimed.id.raw), .int(Int64(claimed.attempts + 1)),
      ])
    // What waited behind it may go now.
    if marked == 1 { db.announce(.notificationsDue) }
    return marked == 1
  }

  /// What was said of an incident, oldest first; a hundred at most.
  public static func list(
    incident: IncidentID, scope: TenantScope, in db: Connection
  ) throws -> [NotificationRow] {
    try db.rows(
      ofIncident, [.int(incident.raw), .int(scope.organization.raw)], read)
  }

  /// One step into the index for each channel, however many messages it was sent.
  static let latestOfChannels = """
    SELECT n.channel_id, n.state, n.attempts, coalesce(n.done_ms, n.created_ms) FROM channel c
    JOIN notification n ON n.id = (SELECT max(x.id) FROM notification x
      WHERE x.organization_id = c.organization_id AND x.channel_id = c.id)
    WHERE c.organization_id = $1 AND c.deleted_ms IS NULL
    """

  /// What became of each channel's newest message.
  public static func latest(
    scope: TenantScope, in db: Connection
  ) throws -> [ChannelID: (state: String, attempts: Int, at: Instant)] {
    let rows = try db.rows(latestOfChannels, [.int(scope.organization.raw)]) {
      (ChannelID($0.int(0)), (state: $0.text(1), attempts: Int($0.int(2)), at: Instant(ms: $0.int(3))))
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  public static func count(state: String, scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      "SELECT count(*) FROM notification WHERE organization_id = $1 AND state = $2",
      [.int(scope.organization.raw), .text(state)]
    ) { Int($0.int(0)) } ?? 0
  }

  /// Newest first; those in one of `states`, or all when it is empty.
  public static func list(
    states: [String], page: Int, rows: Int, scope: TenantScope, in db: Connection
  ) throws -> (total: Int, rows: [NotificationRow]) {
    let places = states.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
    let filter = "n.organization_id = $1" + (states.isEmpty ? "" : " AND n.state IN (\(places))")
    let values = [Value.int(scope.organization.raw)] + states.map(Value.text)
    let total = try db.first("SELECT count(*) FROM notification n WHERE \(filter)", values) { Int($0.int(0)) } ?? 0
    let found = try db.rows(
      "\(select) WHERE \(filter) ORDER BY n.id DESC LIMIT $\(values.count + 1) OFFSET $\(values.count + 2)",
      values + [.int(Int64(rows)), .int(Int64((page - 1) * rows))], read)
    return (total, found)
  }

  public static func find(
    _ id: PublicID<NotificationTag>, scope: TenantScope, in db: Connection
  ) throws -> NotificationRow? {
    try db.first(
      "\(select) WHERE n.public_id = $1 AND n.organization_id = $2", [.text(id.text), .int(scope.organization.raw)],
      read)
  }

  /// Puts a dead letter back in the queue. False when it is not dead.
  public static func resend(
    _ id: PublicID<NotificationTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> Bool {
    let changed = try db.run(
      """
      UPDATE notification SET state = 'pending', attempts = 0, next_ms = $1, done_ms = NULL
      WHERE public_id = $2 AND organization_id = $3 AND state = 'dead'
      """, [.int(world.now().ms), .text(id.text), .int(scope.organization.raw)])
    guard changed == 1 else { return false }
    try Audit.record("notification.resend", subject: id.text, scope: scope, by: principal, in: db, world: world)
    db.announce(.notificationsDue)
    return true
  }

  /// Deletes up to `limit` messages that are old enough; answers how many. What was said of an outage that is not over
  /// stays: its end is only told where its beginning was.
  public static func prune(_ state: Over, before: Instant, limit: Int, in db: Connection) throws -> Int {
    try db.run(pruning, [.text(state.rawValue), .int(before.ms), .int(Int64(limit))])
  }

  /// The states in which nothing more happens to a message by itself.
  public enum Over: String, Sendable { case sent, dead }

  static let pruning: String = {
    let away = [MonitorStatus.down, .unconfirmed, .unknown].map { String($0.code) }.joined(separator: ", ")
    return """
      DELETE FROM notification WHERE id IN (SELECT n.id FROM notification n
        WHERE n.state = $1 AND n.done_ms < $2
          AND NOT EXISTS (SELECT 1 FROM incident i
            WHERE i.id = n.incident_id AND i.status <> 'resolved' AND i.deleted_ms IS NULL)
          AND NOT EXISTS (SELECT 1 FROM incident_monitor x JOIN monitor m ON m.id = x.monitor_id
            WHERE x.incident_id = n.incident_id AND m.deleted_ms IS NULL AND m.status IN (\(away)))
        ORDER BY n.done_ms LIMIT $3)
      """
  }()

  static let ofIncident =
    "\(select) WHERE n.incident_id = $1 AND n.organization_id = $2 ORDER BY n.id LIMIT 100"

  private static let select = """
    SELECT n.public_id, c.public_id, c.name, n.kind, i.public_id, n.payload, n.state, n.attempts, n.next_ms, n.last_error,
      n.created_ms, n.done_ms, n.is_held FROM notification n LEFT JOIN channel c ON c.id = n.channel_id
      LEFT JOIN incident i ON i.id = n.incident_id
    """

  private static func read(_ row: Row) -> NotificationRow {
    NotificationRow(
      publicID: PublicID(stored: row.text(0)), channel: row.textOrNil(1).map { PublicID(stored: $0) },
      channelName: row.textOrNil(2), kind: row.text(3), incident: row.textOrNil(4).map { PublicID(stored: $0) },
      payload: row.text(5), state: row.text(6), attempts: Int(row.int(7)), nextAt: Instant(ms: row.int(8)),
      lastError: row.textOrNil(9), createdAt: Instant(ms: row.int(10)), doneAt: row.intOrNil(11).map(Instant.init(ms:)),
      isHeld: row.bool(12))
  }
}
