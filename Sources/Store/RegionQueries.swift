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
