import Domain
import JSON
import SQLite

/// What a key may do.
public enum APIKeyScope: String, Sendable, CaseIterable { case read, write }

public struct APIKeyRow: Hashable, Sendable {
  public let key: APIKeyID
  public let id: PublicID<APIKeyTag>
  /// The part of the key that is no secret.
  public let keyID: String
  public let name: String
  public let scope: APIKeyScope
  public let createdBy: PublicID<AccountTag>
  public let created: Instant
  public let expires: Instant?
  public let used: Instant?
}

/// API keys, kept by the hash of their secret.
public enum APIKeyQueries {
  private static let columns = """
    k.id, k.public_id, k.key_id, k.name, k.scope, a.public_id, k.created_ms, k.expires_ms, k.used_ms
    """
  private static let from = "FROM api_key k JOIN account a ON a.id = k.created_by"

  private static func row(_ row: Row) -> APIKeyRow {
    APIKeyRow(
      key: APIKeyID(row.int(0)), id: PublicID(stored: row.text(1)), keyID: row.text(2), name: row.text(3),
      scope: APIKeyScope(rawValue: row.text(4)) ?? .read, createdBy: PublicID(stored: row.text(5)),
      created: Instant(ms: row.int(6)), expires: row.intOrNil(7).map { Instant(ms: $0) },
      used: row.intOrNil(8).map { Instant(ms: $0) })
  }

  public static func list(scope: TenantScope, offset: Int, rows: Int, in db: Connection) throws -> [APIKeyRow] {
    try db.rows(
      """
      SELECT \(columns) \(from) WHERE k.organization_id = $1 AND k.deleted_ms IS NULL
      ORDER BY k.id DESC LIMIT $2 OFFSET $3
      """, [.int(scope.organization.raw), Value(rows), Value(offset)], row)
  }

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      "SELECT COUNT(*) FROM api_key WHERE organization_id = $1 AND deleted_ms IS NULL", [.int(scope.organization.raw)]
    ) { Int($0.int(0)) } ?? 0
  }

  public static func create(
    keyID: String, secretHash: [UInt8], name: String, keyScope: APIKeyScope, expires: Instant?, account: AccountID,
    scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> APIKeyRow? {
    let id = world.newID(PublicID<APIKeyTag>.self)
    try db.run(
      """
      INSERT INTO api_key (public_id, organization_id, key_id, secret_hash, name, scope, created_by, created_ms,
        expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """,
      [
        .text(id.text), .int(scope.organization.raw), .text(keyID), .blob(secretHash), .text(name),
        .text(keyScope.rawValue), .int(account.raw), .int(world.now().ms), Value(expires?.ms),
      ])
    try Audit.record(
      "api_key.create", subject: id.text, detail: ["name": .string(name), "scope": .string(keyScope.rawValue)],
      scope: scope, by: principal, in: db, world: world)
    return try db.first("SELECT \(columns) \(from) WHERE k.public_id = $1", [.text(id.text)], row)
  }

  public static func delete(
    _ id: PublicID<APIKeyTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> Bool {
    let changed = try db.run(
      """
      UPDATE api_key SET deleted_ms = $1 WHERE public_id = $2 AND organization_id = $3 AND deleted_ms IS NULL
      """, [.int(world.now().ms), .text(id.text), .int(scope.organization.raw)])
    guard changed == 1 else { return false }
    try Audit.record(
      "api_key.delete", subject: id.text, scope: scope, by: principal, in: db, world: world)
    return true
  }

  /// What a presented key leads to; the caller compares the hash.
  public static func identity(keyID: String, in db: Connection, now: Instant) throws -> (
    row: APIKeyRow, secretHash: [UInt8], organization: OrganizationID
  )? {
    try db.first(
      """
      SELECT \(columns), k.secret_hash, k.organization_id \(from)
      WHERE k.key_id = $1 AND k.deleted_ms IS NULL AND (k.expires_ms IS NULL OR k.expires_ms > $2)
      """, [.text(keyID), .int(now.ms)]
    ) { (row($0), $0.blob(9), OrganizationID($0.int(10))) }
  }

  public static func touch(_ key: APIKeyID, in db: Connection, now: Instant) throws {
    try db.run("UPDATE api_key SET used_ms = $1 WHERE id = $2", [.int(now.ms), .int(key.raw)])
  }
}
