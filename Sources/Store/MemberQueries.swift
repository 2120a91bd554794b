import Domain
import JSON
import SQLite

public struct MemberRow: Hashable, Sendable {
  public let account: AccountID
  public let id: PublicID<AccountTag>
  public let email: String
  public let name: String
  public let role: Role
  public let joined: Instant
}

/// Who belongs to an organization.
public enum MemberQueries {
  private static let select = """
    SELECT a.id, a.public_id, a.email, a.name, m.role, m.created_ms
    FROM member m JOIN account a ON a.id = m.account_id WHERE m.organization_id = $1
    """

  private static func row(_ row: Row) -> MemberRow {
    MemberRow(
      account: AccountID(row.int(0)), id: PublicID(stored: row.text(1)), email: row.text(2), name: row.text(3),
      role: Role(rawValue: row.text(4)) ?? .member, joined: Instant(ms: row.int(5)))
  }

  public static func list(scope: TenantScope, offset: Int, rows: Int, in db: Connection) throws -> [MemberRow] {
    try db.rows(
      "\(select) ORDER BY m.created_ms, a.id LIMIT $2 OFFSET $3",
      [.int(scope.organization.raw), Value(rows), Value(offset)], row)
  }

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first("SELECT COUNT(*) FROM member WHERE organization_id = $1", [.int(scope.organization.raw)]) {
      Int($0.int(0))
    } ?? 0
  }

  public static func find(_ id: PublicID<AccountTag>, scope: TenantScope, in db: Connection) throws -> MemberRow? {
    try db.first("\(select) AND a.public_id = $2", [.int(scope.organization.raw), .text(id.text)], row)
  }

  public static func ownerCount(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      "SELECT COUNT(*) FROM member WHERE organization_id = $1 AND role = 'owner'", [.int(scope.organization.raw)]
    ) { Int($0.int(0)) } ?? 0
  }

  /// False when the person belongs already.
  public static func add(
    _ account: AccountRow, role: Role, scope: TenantScope, by principal: Principal,
    in db: Connection, world: World
  ) throws -> Bool {
    let changed = try db.run(
      """
      INSERT INTO member (organization_id, account_id, role, created_ms) VALUES ($1, $2, $3, $4)
      ON CONFLICT (organization_id, account_id) DO NOTHING
      """,
      [.int(scope.organization.raw), .int(account.key.raw), .text(role.rawValue), .int(world.now().ms)])
    guard changed == 1 else { return false }
    try Audit.record(
      "member.add", subject: account.id.text, detail: ["role": .string(role.rawValue)], scope: scope, by: principal,
      in: db, world: world)
    db.announce(.membersChanged(scope.organization))
    return true
  }

  public static func setRole(
    _ role: Role, of member: MemberRow, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws {
    try db.run(
      "UPDATE member SET role = $1 WHERE organization_id = $2 AND account_id = $3",
      [.text(role.rawValue), .int(scope.organization.raw), .int(member.account.raw)])
    try Audit.record(
      "member.update", subject: member.id.text,
      detail: ["from": .string(member.role.rawValue), "to": .string(role.rawValue)], scope: scope, by: principal,
      in: db, world: world)
    db.announce(.membersChanged(scope.organization))
  }

  /// Takes the person out, or lets them go, and ends the sessions that were set to this organization.
  public static func remove(
    _ member: MemberRow, isLeaving: Bool = false, scope: TenantScope, by principal: Principal, in db: Connection,
    world: World
  ) throws {
    try db.run(
      "DELETE FROM member WHERE organization_id = $1 AND account_id = $2",
      [.int(scope.organization.raw), .int(member.account.raw)])
    try db.run(
      "DELETE FROM session WHERE organization_id = $1 AND account_id = $2",
      [.int(scope.organization.raw), .int(member.account.raw)])
    try Audit.record(
      isLeaving ? "member.leave" : "member.remove", subject: member.id.text,
      detail: ["role": .string(member.role.rawValue)], scope: scope, by: principal, in: db, world: world)
    db.announce(.membersChanged(scope.organization))
    db.announce(.sessionsEnded(member.account))
  }
}
