import Domain
import SQLite

/// Messages that wait to learn whose trouble they tell of. Each goes by itself when its time has come.
extension NotificationQueries {
  /// Until when the messages of an incident are held; nil when none is.
  public static func heldUntil(_ incident: IncidentID, in db: Connection) throws -> Instant? {
    try db.first(
      "SELECT max(next_ms) FROM notification WHERE incident_id = $1 AND is_held = 1 AND state = 'pending'",
      [.int(incident.raw)]
    ) { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
  }

  /// They go now.
  public static func release(_ incident: IncidentID, in db: Connection, world: World) throws {
    let released = try db.run(
      "UPDATE notification SET is_held = 0, next_ms = $1 WHERE incident_id = $2 AND is_held = 1 AND state = 'pending'",
      [.int(world.now().ms), .int(incident.raw)])
    if released > 0 { db.announce(.notificationsDue) }
  }

  /// They never go: somebody else's message says it. Who was told of the beginning meanwhile still hears of the end.
  public static func drop(_ incident: IncidentID, in db: Connection) throws {
    try db.run(
      """
      DELETE FROM notification WHERE incident_id = $1 AND is_held = 1 AND state = 'pending'
        AND NOT EXISTS (SELECT 1 FROM notification e WHERE e.incident_id = notification.incident_id
          AND e.channel_id = notification.channel_id AND e.id < notification.id
          AND NOT (e.is_held = 1 AND e.state = 'pending'))
      """, [.int(incident.raw)])
  }
}
