import Domain
import JSON
import SQLite

public struct InvitationRow: Hashable, Sendable {
  public let id: PublicID<InvitationTag>
  public let organization: OrganizationID
  public let organizationName: String
  public let email: String
  public let role: Role
  public let invitedBy: String
  public let created: Instant
  public let expires: Instant
}

/// Invitations that wait for an answer, kept by the hash of their token.
public enum InvitationQueries {
  private static let select = """
    SELECT i.public_id, i.organization_id, o.name, i.email, i.role, a.name, i.created_ms, i.expires_ms
    FROM invitation i JOIN organization o ON o.id = i.organization_id JOIN account a ON a.id = i.created_by
    WHERE i.accepted_ms IS NULL AND i.deleted_ms IS NULL
    """

  private static func row(_ row: Row) -> InvitationRow {
    InvitationRow(
      id: PublicID(stored: row.text(0)), organization: OrganizationID(row.int(1)), organizationName: row.text(2),
      email: row.text(3), role: Role(rawValue: row.text(4)) ?? .member, invitedBy: row.text(5),
      created: Instant(ms: row.int(6)), expires: Instant(ms: row.int(7)))
  }

  public static func list(scope: TenantScope, offset: Int, rows: Int, in db: Connection) throws -> [InvitationRow] {
    try db.rows(
      "\(select) AND i.organization_id = $1 ORDER BY i.id DESC LIMIT $2 OFFSET $3",
      [.int(scope.organization.raw), Value(rows), Value(offset)], row)
  }

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      """
      SELECT COUNT(*) FROM invitation WHERE organization_id = $1 AND accepted_ms IS NULL AND deleted_ms IS NULL
      """, [.int(scope.organization.raw)]
    ) { Int($0.int(0)) } ?? 0
  }

  /// Replaces what waited for the same address.
  public static func create(
    email: String, role: Role, tokenHash: [UInt8], expires: Instant, account: AccountID, scope: TenantScope,
    by principal: Principal, in db: Connection, world: World
  ) throws -> InvitationRow? {
    let id = world.newID(PublicID<InvitationTag>.self)
    let now = world.now().ms
    try db.run(
      """
      UPDATE invitation SET deleted_ms = $1
      WHERE organization_id = $2 AND email = $3 AND accepted_ms IS NULL AND deleted_ms IS NULL
      """, [.int(now), .int(scope.organization.raw), .text(email)])
    try db.run(
      """
      INSERT INTO invitation (public_id, organization_id, email, role, token_hash, created_by, created_ms, expires_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .text(id.text), .int(scope.organization.raw), .text(email), .text(role.rawValue), .blob(tokenHash),
        .int(account.raw), .int(now), .int(expires.ms),
      ])
    try Audit.record(
      "invitation.create", subject: id.text, detail: ["email": .string(email), "role": .string(role.rawValue)],
      scope: scope, by: principal, in: db, world: world)
    return try db.first("\(select) AND i.public_id = $1", [.text(id.text)], row)
  }

  public static func revoke(
    _ id: PublicID<InvitationTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> Bool {
    let changed = try db.run(
      """
      UPDATE invitation SET deleted_ms = $1
      WHERE public_id = $2 AND organization_id = $3 AND accepted_ms IS NULL AND deleted_ms IS NULL
      """, [.int(world.now().ms), .text(id.text), .int(scope.organization.raw)])
    guard changed == 1 else { return false }
    try Audit.record("invitation.revoke", subject: id.text, scope: scope, by: principal, in: db, world: world)
    return true
  }

  public static func find(tokenHash: [UInt8], in db: Connection, now: Instant) throws -> InvitationRow? {
    try db.first(
      "\(select) AND i.token_hash = $1 AND i.expires_ms > $2", [.blob(tokenHash), .int(now.ms)], row)
  }

  /// Uses the invitation up; true for exactly one caller.
  public static func accept(_ id: PublicID<InvitationTag>, in db: Connection, now: Instant) throws -> Bool {
    try db.run(
      """
      UPDATE invitation SET accepted_ms = $1
      WHERE public_id = $2 AND accepted_ms IS NULL AND deleted_ms IS NULL AND expires_ms > $1
      """, [.int(now.ms), .text(id.text)]) == 1
  }
}
