import Domain
import SQLite

public struct RegionRow: Hashable, Sendable {
  public let key: RegionID
  public let id: PublicID<RegionTag>
  public let name: String
  /// A private location of one organization rather than one of the installation.
  public let isPrivate: Bool
}

/// Where checks can run from.
public enum RegionQueries {
  /// The installation's regions and the organization's own, by name.
  public static func list(scope: TenantScope, in db: Connection) throws -> [RegionRow] {
    try db.rows(
      """
      SELECT id, public_id, name, organization_id FROM region WHERE organization_id IS NULL OR organization_id = $1
      ORDER BY name, id
      """, [.int(scope.organization.raw)]
    ) {
      RegionRow(
        key: RegionID($0.int(0)), id: PublicID(stored: $0.text(1)), name: $0.text(2), isPrivate: !$0.isNull(3))
    }
  }

  /// The organization's own region of that name, else the installation's.
  public static func find(_ name: String, scope: TenantScope, in db: Connection) throws -> RegionID? {
    try db.first(
      """
      SELECT id FROM region WHERE name = $1 AND (organization_id = $2 OR organization_id IS NULL)
      ORDER BY organization_id IS NULL LIMIT 1
      """, [.text(name), .int(scope.organization.raw)]
    ) { RegionID($0.int(0)) }
  }

  /// One that the organization may see.
  public static func one(_ id: PublicID<RegionTag>, scope: TenantScope, in db: Connection) throws -> RegionRow? {
    try db.first(
      """
      SELECT id, public_id, name, organization_id FROM region
      WHERE public_id = $1 AND (organization_id IS NULL OR organization_id = $2)
      """, [.text(id.text), .int(scope.organization.raw)]
    ) {
      RegionRow(
        key: RegionID($0.int(0)), id: PublicID(stored: $0.text(1)), name: $0.text(2), isPrivate: !$0.isNull(3))
    }
  }

  /// A private location of the organization; nil when it sees a region of that name already.
  public static func create(
    _ name: String, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> RegionRow? {
    guard try find(name, scope: scope, in: db) == nil else { return nil }
    let id = world.newID(PublicID<RegionTag>.self)
    let key = try db.insert(
      "INSERT INTO region (public_id, name, organization_id, created_ms) VALUES ($1, $2, $3, $4)",
      [.text(id.text), .text(name), .int(scope.organization.raw), .int(world.now().ms)])
    try Audit.record(
      "region.create", subject: id.text, detail: ["name": .string(name)], scope: scope, by: principal, in: db,
      world: world)
    return RegionRow(key: RegionID(key), id: id, name: name, isPrivate: true)
  }

  /// The installation's region of that name, made when there is none: the operator's token asks for it.
  public static func shared(_ name: String, in db: Connection, world: World) throws -> RegionID {
    let found = try db.first("SELECT id FROM region WHERE name = $1 AND organization_id IS NULL", [.text(name)]) {
      RegionID($0.int(0))
    }
    if let found { return found }
    return RegionID(
      try db.insert(
        "INSERT INTO region (public_id, name, organization_id, created_ms) VALUES ($1, $2, NULL, $3)",
        [.text(world.newID(PublicID<RegionTag>.self).text), .text(name), .int(world.now().ms)]))
  }

  /// How many the organization may see.
  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      "SELECT count(*) FROM region WHERE organization_id IS NULL OR organization_id = $1",
      [.int(scope.organization.raw)]
    ) { Int($0.int(0)) } ?? 0
  }

  /// What the organization asks of a region.
  public struct Load: Hashable, Sendable {
    public let monitors: Int
    public let checksPerSecond: Double
  }

  /// By region, from the plan that holds now.
  public static func loads(scope: TenantScope, in db: Connection) throws -> [RegionID: Load] {
    let rows = try db.rows(
      """
      SELECT region_id, count(*), sum(1000.0 / interval_ms) FROM monitor_plan
      WHERE organization_id = $1 AND to_ms IS NULL GROUP BY region_id
      """, [.int(scope.organization.raw)]
    ) { (RegionID($0.int(0)), Load(monitors: Int($0.int(1)), checksPerSecond: $0.double(2))) }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }
}
