import Domain
import JSON
import SQLite

/// A page that tells visitors how services do.
public struct StatusPageRow: Sendable {
  public let id: StatusPageID
  public let publicID: PublicID<StatusPageTag>
  public let organization: OrganizationID
  public let slug: String
  public let name: String
  public let description: String
  public let isPublic: Bool
  /// Raised by everything that changes what the page shows.
  public let revision: Int64
  public let createdAt: Instant
  public let updatedAt: Instant
}

/// What a person says about a page, checked.
public struct StatusPageDraft: Sendable {
  public var slug: String
  public var name: String
  public var description: String
  public var isPublic: Bool
  /// In the order shown; nil leaves them as they are.
  public var services: [PublicID<ServiceTag>]?

  public init(slug: String, name: String, description: String, isPublic: Bool, services: [PublicID<ServiceTag>]?) {
    self.slug = slug
    self.name = name
    self.description = description
    self.isPublic = isPublic
    self.services = services
  }
}

/// A page as whoever may see it finds it by its slug, with the scope that reads what it shows.
public struct PublishedPage: Sendable {
  public let page: StatusPageRow
  public let scope: TenantScope
}

/// Another page has this slug.
public struct SlugTaken: Error, Hashable, Sendable {}

public enum StatusPageQueries {
  private static let columns =
    "p.id, p.public_id, p.organization_id, p.slug, p.name, p.description, p.is_public, p.revision, p.created_ms, p.updated_ms"

  public static func list(scope: TenantScope, in db: Connection) throws -> [StatusPageRow] {
    try db.rows(
      "SELECT \(columns) FROM status_page p WHERE p.organization_id = $1 ORDER BY p.id", [.int(scope.organization.raw)],
      row)
  }

  public static func find(
    _ id: PublicID<StatusPageTag>, scope: TenantScope, in db: Connection
  ) throws -> StatusPageRow? {
    try db.first(
      "SELECT \(columns) FROM status_page p WHERE p.public_id = $1 AND p.organization_id = $2",
      [.text(id.text), .int(scope.organization.raw)], row)
  }

  /// The one way by which nobody in particular comes to a scope: through a page that is public.
  public static func publicPage(slug: String, in db: Connection) throws -> PublishedPage? {
    try db.first("SELECT \(columns) FROM status_page p WHERE p.slug = $1 AND p.is_public = 1", [.text(slug)], row)
      .map { PublishedPage(page: $0, scope: TenantScope(minting: $0.organization)) }
  }

  /// One of the organization's own pages by its slug, published or not: what its members see.
  public static func ownPage(slug: String, scope: TenantScope, in db: Connection) throws -> PublishedPage? {
    try db.first(
      "SELECT \(columns) FROM status_page p WHERE p.slug = $1 AND p.organization_id = $2",
      [.text(slug), .int(scope.organization.raw)], row
    ).map { PublishedPage(page: $0, scope: scope) }
  }

  public static func services(
    of page: StatusPageID, scope: TenantScope, in db: Connection
  ) throws -> [PublicID<ServiceTag>] {
    try db.rows(
      """
      SELECT s.public_id FROM status_page_service x JOIN service s ON s.id = x.service_id
      WHERE x.page_id = $1 AND s.organization_id = $2 AND s.deleted_ms IS NULL ORDER BY x.position, s.id
      """, [.int(page.raw), .int(scope.organization.raw)]
    ) { PublicID(stored: $0.text(0)) }
  }

  /// The pages that show one of these services.
  public static func showing(
    _ services: [ServiceID], scope: TenantScope, in db: Connection
  ) throws -> [StatusPageID] {
    var found: Set<StatusPageID> = []
    for service in services {
      try db.each(
        """
        SELECT p.id FROM status_page_service x JOIN status_page p ON p.id = x.page_id
        JOIN service s ON s.id = x.service_id WHERE x.service_id = $1 AND p.organization_id = $2 AND s.is_active = 1
        """, [.int(service.raw), .int(scope.organization.raw)]
      ) { found.insert(StatusPageID($0.int(0))) }
    }
    return found.sorted()
  }

  /// What the page shows has changed.
  public static func touch(_ page: StatusPageID, scope: TenantScope, in db: Connection) throws {
    try db.run(
      "UPDATE status_page SET revision = revision + 1 WHERE id = $1 AND organization_id = $2",
      [.int(page.raw), .int(scope.organization.raw)])
    db.announce(.pageChanged(page))
  }

  /// Throws `SlugTaken` and `UnknownReference.service`. No copy of a hidden or renamed page outlives the commit.
  public static func update(
    _ page: StatusPageRow, to draft: StatusPageDraft, scope: TenantScope, by principal: Principal, in db: Connection,
    world: World
  ) throws {
    if draft.slug != page.slug, try OrganizationQueries.slugIsTaken(draft.slug, except: scope.organization, in: db) {
      throw SlugTaken()
    }
    try db.run(
      """
      UPDATE status_page SET slug = $1, name = $2, description = $3, is_public = $4, revision = revision + 1,
        updated_ms = $5 WHERE id = $6 AND organization_id = $7
      """,
      [
        .text(draft.slug), .text(draft.name), .text(draft.description), Value(draft.isPublic), .int(world.now().ms),
        .int(page.id.raw), .int(scope.organization.raw),
      ])
    if let services = draft.services { try setServices(services, of: page.id, scope: scope, in: db) }
    try Audit.record(
      "status_page.update", subject: page.publicID.text,
      detail: ["slug": .string(draft.slug), "name": .string(draft.name), "is_public": .bool(draft.isPublic)],
      scope: scope, by: principal, in: db, world: world)
    db.announce(.pageChanged(page.id))
    if draft.isPublic != page.isPublic || draft.slug != page.slug { db.announce(.pageVisibilityChanged(page.id)) }
  }

  private static func setServices(
    _ services: [PublicID<ServiceTag>], of page: StatusPageID, scope: TenantScope, in db: Connection
  ) throws {
    try db.run("DELETE FROM status_page_service WHERE page_id = $1", [.int(page.raw)])
    for (index, service) in services.enumerated() {
      let added = try db.run(
        """
        INSERT INTO status_page_service (page_id, service_id, position)
        SELECT $1, id, $2 FROM service WHERE public_id = $3 AND organization_id = $4 AND deleted_ms IS NULL
        ON CONFLICT DO NOTHING
        """, [.int(page.raw), Value(index), .text(service.text), .int(scope.organization.raw)])
      guard added == 1 || services[..<index].contains(service) else { throw UnknownReference.service(index) }
    }
  }

  private static func row(_ row: Row) -> StatusPageRow {
    StatusPageRow(
      id: StatusPageID(row.int(0)), publicID: PublicID(stored: row.text(1)), organization: OrganizationID(row.int(2)),
      slug: row.text(3), name: row.text(4), description: row.text(5), isPublic: row.bool(6), revision: row.int(7),
      createdAt: Instant(ms: row.int(8)), updatedAt: Instant(ms: row.int(9)))
  }
}
