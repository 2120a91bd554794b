import Domain
import JSON
import SQLite

public struct OrganizationRow: Hashable, Sendable {
  public let key: OrganizationID
  public let id: PublicID<OrganizationTag>
  public let name: String
  public let slug: String
  public let created: Instant
  public let updated: Instant
}

/// One person's place in one organization.
public struct MembershipRow: Hashable, Sendable {
  public let organization: OrganizationRow
  public let role: Role
}

/// Organizations and which of them a person belongs to.
public enum OrganizationQueries {
  static let columns = "o.id, o.public_id, o.name, o.slug, o.created_ms, o.updated_ms"

  static func row(_ row: Row, from column: Int = 0) -> OrganizationRow {
    OrganizationRow(
      key: OrganizationID(row.int(column)), id: PublicID(stored: row.text(column + 1)), name: row.text(column + 2),
      slug: row.text(column + 3), created: Instant(ms: row.int(column + 4)), updated: Instant(ms: row.int(column + 5)))
  }

  public static func find(scope: TenantScope, in db: Connection) throws -> OrganizationRow? {
    try db.first("SELECT \(columns) FROM organization o WHERE o.id = $1", [.int(scope.organization.raw)]) { row($0) }
  }

  /// Whose owner holds the process: the first one, made by the link that the process printed at its first start. It hears
  /// of trouble of the installation; what it may do elsewhere does not follow from it.
  public static func operates(in db: Connection) throws -> OrganizationID? {
    try db.first("SELECT min(id) FROM organization") { $0.intOrNil(0).map { OrganizationID($0) } } ?? nil
  }

  /// 1 where checks and messages of organization `o` may go to private addresses: its operator's grant, or it is alone
  /// here. The one spelling; a CASE, as PostgreSQL takes no boolean for an integer.
  static let mayBePrivate = """
    CASE WHEN o.private_targets = 1 OR NOT EXISTS (SELECT 1 FROM organization x WHERE x.id <> o.id) THEN 1 ELSE 0 END
    """

  public static func allowsPrivateTargets(scope: TenantScope, in db: Connection) throws -> Bool {
    try db.first("SELECT \(mayBePrivate) FROM organization o WHERE o.id = $1", [.int(scope.organization.raw)]) {
      $0.bool(0)
    } ?? false
  }

  /// Whether an organization or a status page has this name in links; an organization's own is free to itself.
  public static func slugIsTaken(_ slug: String, except own: OrganizationID? = nil, in db: Connection) throws -> Bool {
    try db.first(
      """
      SELECT 1 FROM organization WHERE slug = $1 AND id <> $2
      UNION ALL SELECT 1 FROM status_page WHERE slug = $1 AND organization_id <> $2
      """, [.text(slug), .int(own?.raw ?? -1)], { _ in true }) ?? false
  }

  /// An organization with its first status page, which has the same slug.
  public static func create(name: String, slug: String, in db: Connection, world: World) throws -> OrganizationRow {
    let id = world.newID(PublicID<OrganizationTag>.self)
    let now = world.now()
    let key = try db.insert(
      "INSERT INTO organization (public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $4)",
      [.text(id.text), .text(name), .text(slug), .int(now.ms)])
    try db.run(
      """
      INSERT INTO status_page (public_id, organization_id, slug, name, description, is_public, revision, created_ms,
        updated_ms) VALUES ($1, $2, $3, $4, '', 1, 1, $5, $5)
      """,
      [.text(world.newID(PublicID<StatusPageTag>.self).text), .int(key), .text(slug), .text(name), .int(now.ms)])
    return OrganizationRow(key: OrganizationID(key), id: id, name: name, slug: slug, created: now, updated: now)
  }

  public static func rename(
    to name: String, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws {
    try db.run(
      "UPDATE organization SET name = $1, updated_ms = $2 WHERE id = $3",
      [.text(name), .int(world.now().ms), .int(scope.organization.raw)])
    try Audit.record(
      "organization.update", subject: try find(scope: scope, in: db)?.id.text, detail: ["name": .string(name)],
      scope: scope, by: principal, in: db, world: world)
  }

  /// In the order in which the person joined.
  public static func memberships(of account: AccountID, in db: Connection) throws -> [MembershipRow] {
    try db.rows(
      """
      SELECT m.role, \(columns) FROM member m JOIN organization o ON o.id = m.organization_id
      WHERE m.account_id = $1 ORDER BY m.created_ms, o.id
      """, [.int(account.raw)]
    ) { MembershipRow(organization: row($0, from: 1), role: Role(rawValue: $0.text(0)) ?? .member) }
  }
}
