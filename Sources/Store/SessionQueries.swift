import Domain
import SQLite

/// A session as its owner sees it.
public struct SessionRow: Hashable, Sendable {
  public let key: SessionID
  public let id: PublicID<SessionTag>
  public let account: AccountID
  public let organization: PublicID<OrganizationTag>
  public let userAgent: String
  public let address: String
  public let created: Instant
  public let seen: Instant
  public let expires: Instant
}

/// What a session's token leads to.
public struct SessionIdentity: Hashable, Sendable {
  public let session: SessionRow
  public let account: AccountRow
  public let organization: OrganizationRow
  public let role: Role
}

/// Sessions, kept by the hash of their token.
public enum SessionQueries {
  private static let columns = """
    s.id, s.public_id, s.account_id, o.public_id, s.user_agent, s.address, s.created_ms, s.seen_ms, s.expires_ms
    """

  private static func row(_ row: Row) -> SessionRow {
    SessionRow(
      key: SessionID(row.int(0)), id: PublicID(stored: row.text(1)), account: AccountID(row.int(2)),
      organization: PublicID(stored: row.text(3)), userAgent: row.text(4), address: row.text(5),
      created: Instant(ms: row.int(6)), seen: Instant(ms: row.int(7)), expires: Instant(ms: row.int(8)))
  }

  /// Nil for an unknown token, one past its end or idle for longer than `idleMs`, and a person who left the organization.
  public static func identity(tokenHash: [UInt8], idleMs: Int64, in db: Connection, now: Instant) throws
    -> SessionIdentity?
  {
    try db.first(
      """
      SELECT \(columns), \(OrganizationQueries.columns), m.role,
        a.id, a.public_id, a.email, a.name, a.password_hash, a.created_ms
      FROM session s JOIN organization o ON o.id = s.organization_id JOIN account a ON a.id = s.account_id
      JOIN member m ON m.organization_id = s.organization_id AND m.account_id = s.account_id
      WHERE s.token_hash = $1 AND s.expires_ms > $2 AND s.seen_ms > $3
      """, [.blob(tokenHash), .int(now.ms), .int(now.ms - idleMs)]
    ) {
      SessionIdentity(
        session: row($0),
        account: AccountRow(
          key: AccountID($0.int(16)), id: PublicID(stored: $0.text(17)), email: $0.text(18), name: $0.text(19),
          passwordHash: $0.text(20), created: Instant(ms: $0.int(21))),
        organization: OrganizationQueries.row($0, from: 9), role: Role(rawValue: $0.text(15)) ?? .member)
    }
  }

  /// At most `max` live sessions a person: the ones seen longest ago go.
  public static func create(
    account: AccountID, scope: TenantScope, tokenHash: [UInt8], userAgent: String, address: String, expires: Instant,
    max: Int, in db: Connection, world: World
  ) throws {
    let now = world.now().ms
    try db.run("DELETE FROM session WHERE account_id = $1 AND expires_ms <= $2", [.int(account.raw), .int(now)])
    try db.run(
      """
      DELETE FROM session WHERE account_id = $1 AND id NOT IN
        (SELECT id FROM session WHERE account_id = $1 ORDER BY seen_ms DESC, id DESC LIMIT $2)
      """, [.int(account.raw), Value(max - 1)])
    try db.run(
      """
      INSERT INTO session (public_id, token_hash, account_id, organization_id, user_agent, address, created_ms,
        seen_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
      """,
      [
        .text(world.newID(PublicID<SessionTag>.self).text), .blob(tokenHash), .int(account.raw),
        .int(scope.organization.raw), .text(userAgent), .text(address), .int(now), .int(expires.ms),
      ])
  }

  public static func touch(_ session: SessionID, in db: Connection, now: Instant) throws {
    try db.run("UPDATE session SET seen_ms = $1 WHERE id = $2", [.int(now.ms), .int(session.raw)])
  }

  public static func list(account: AccountID, idleMs: Int64, in db: Connection, now: Instant) throws -> [SessionRow] {
    try db.rows(
      """
      SELECT \(columns) FROM session s JOIN organization o ON o.id = s.organization_id
      WHERE s.account_id = $1 AND s.expires_ms > $2 AND s.seen_ms > $3 ORDER BY s.seen_ms DESC, s.id DESC
      """, [.int(account.raw), .int(now.ms), .int(now.ms - idleMs)], row)
  }

  /// Moves a session to another token and organization; false when it has ended meanwhile.
  public static func rotate(
    _ session: SessionID, tokenHash: [UInt8], scope: TenantScope, in db: Connection, now: Instant
  ) throws -> Bool {
    try db.run(
      "UPDATE session SET token_hash = $1, organization_id = $2, seen_ms = $3 WHERE id = $4",
      [.blob(tokenHash), .int(scope.organization.raw), .int(now.ms), .int(session.raw)]) == 1
  }

  /// Ends one of a person's sessions and answers its user agent; nil when it is not theirs or gone.
  public static func end(_ id: PublicID<SessionTag>, account: AccountID, in db: Connection) throws -> String? {
    let userAgent = try db.first(
      "SELECT user_agent FROM session WHERE public_id = $1 AND account_id = $2", [.text(id.text), .int(account.raw)]
    ) { $0.text(0) }
    guard let userAgent else { return nil }
    try db.run("DELETE FROM session WHERE public_id = $1 AND account_id = $2", [.text(id.text), .int(account.raw)])
    db.announce(.sessionsEnded(account))
    return userAgent
  }

  /// Ends all of a person's sessions but `kept`.
  public static func endAll(account: AccountID, except kept: SessionID?, in db: Connection) throws -> Int {
    let ended = try db.run(
      "DELETE FROM session WHERE account_id = $1 AND id <> $2", [.int(account.raw), .int(kept?.raw ?? -1)])
    if ended > 0 { db.announce(.sessionsEnded(account)) }
    return ended
  }
}
