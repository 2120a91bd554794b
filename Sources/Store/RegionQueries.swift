import Domain
import SQLite

public struct RegionRow: Hashable, Sendable {
  public let key: RegionID
  public let id: PublicID<RegionTag>
  public let name: String
  /// A private location of one organization rather than one of the installation.
  public let isPrivate: Bool
  /// Since when it has no voice; nil while it is healthy, as far as it was concluded.
  public let unwellSince: Instant?

  /// Where workers of no region belong to.
  public var isStandIn: Bool { name == StandIn.name && !isPrivate }
}

/// A time in which a region had no voice.
public struct RegionPast: Hashable, Sendable {
  public let state: RegionState
  public let from: Instant
  public let to: Instant
}

/// Where checks can run from.
public enum RegionQueries {
  private static let columns = "id, public_id, name, organization_id, unwell_since_ms"

  private static func row(_ row: Row) -> RegionRow {
    RegionRow(
      key: RegionID(row.int(0)), id: PublicID(stored: row.text(1)), name: row.text(2), isPrivate: !row.isNull(3),
      unwellSince: row.intOrNil(4).map(Instant.init(ms:)))
  }

  /// The installation's regions and the organization's own, by name.
  public static func list(scope: TenantScope, in db: Connection) throws -> [RegionRow] {
    try db.rows(
      """
      SELECT \(columns) FROM region WHERE organization_id IS NULL OR organization_id = $1 ORDER BY name, id
      """, [.int(scope.organization.raw)], row)
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
      SELECT \(columns) FROM region WHERE public_id = $1 AND (organization_id IS NULL OR organization_id = $2)
      """, [.text(id.text), .int(scope.organization.raw)], row)
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
    return RegionRow(key: RegionID(key), id: id, name: name, isPrivate: true, unwellSince: nil)
  }

  /// The installation's region of that name; nil when there is none.
  public static func shared(named name: String, in db: Connection) throws -> RegionID? {
    try db.first("SELECT id FROM region WHERE name = $1 AND organization_id IS NULL", [.text(name)]) {
      RegionID($0.int(0))
    }
  }

  /// The installation's region of that name, made when there is none: the operator's token asks for it.
  public static func shared(_ name: String, in db: Connection, world: World) throws -> RegionID {
    if let found = try shared(named: name, in: db) { return found }
    return RegionID(
      try db.insert(
        "INSERT INTO region (public_id, name, organization_id, created_ms) VALUES ($1, $2, NULL, $3)",
        [.text(world.newID(PublicID<RegionTag>.self).text), .text(name), .int(world.now().ms)]))
  }

  /// Makes the place of workers that belong to no region; nil when it is there already.
  public static func createStandIn(
    scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> RegionRow? {
    let all = try list(scope: scope, in: db)
    guard !all.contains(where: \.isStandIn) else { return nil }
    _ = try shared(StandIn.name, in: db, world: world)
    let made = try list(scope: scope, in: db).first(where: \.isStandIn)
    try Audit.record(
      "region.create", subject: made?.id.text ?? "", detail: ["name": .string(StandIn.name)], scope: scope,
      by: principal, in: db, world: world)
    return made
  }

  /// How many are the organization's own.
  public static func privateCount(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first("SELECT count(*) FROM region WHERE organization_id = $1", [.int(scope.organization.raw)]) {
      Int($0.int(0))
    } ?? 0
  }

  /// Whether an organization is the installation's operator too: it is when there is no other.
  public static func operatesShared(in db: Connection) throws -> Bool {
    try db.first("SELECT count(*) FROM organization") { $0.int(0) } == 1
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

  /// What a region looks at for an organization.
  public struct Use: Hashable, Sendable {
    public let monitors: Int
    /// Of these the ones that a stand-in looks at while the region has no worker.
    public let lent: Int
    /// Of the others the ones that no other region looks at.
    public let alone: Int

    public init(monitors: Int, lent: Int, alone: Int) {
      self.monitors = monitors
      self.lent = lent
      self.alone = alone
    }
  }

  /// `isVacant`: it has no worker, so that stand-ins look, if there are any.
  public static func use(
    of region: RegionID, isVacant: Bool, scope: TenantScope, in db: Connection
  ) throws -> Use {
    // Private regions are lent by the same rule as in the engine.
    let mayLend = try db.first(
      """
      SELECT 1 FROM region s WHERE s.name = $2 AND s.organization_id IS NULL AND s.state = 'healthy'
        AND EXISTS (SELECT 1 FROM worker w WHERE w.region_id = s.id AND w.revoked_ms IS NULL)
        AND EXISTS (SELECT 1 FROM region r WHERE r.id = $1 AND (r.organization_id IS NULL OR $3 = 1))
      """,
      [
        .int(region.raw), .text(StandIn.name),
        Value(try OrganizationQueries.allowsPrivateTargets(scope: scope, in: db)),
      ]
    ) { _ in true }
    return try db.first(
      """
      SELECT count(*), coalesce(sum(x.lent), 0), coalesce(sum(CASE WHEN x.lent = 0 AND x.elsewhere = 0 THEN 1 ELSE 0 END), 0)
      FROM (SELECT CASE WHEN $3 = 1 AND m.settings LIKE '%"allow_stand_in":true%' THEN 1 ELSE 0 END AS lent,
          CASE WHEN EXISTS (SELECT 1 FROM monitor_plan o WHERE o.monitor_id = p.monitor_id AND o.to_ms IS NULL
            AND o.region_id <> p.region_id) THEN 1 ELSE 0 END AS elsewhere
        FROM monitor m JOIN monitor_plan p ON p.monitor_id = m.id AND p.region_id = $2 AND p.to_ms IS NULL
        WHERE m.organization_id = $1 AND m.deleted_ms IS NULL) x
      """, [.int(scope.organization.raw), .int(region.raw), Value(isVacant && mayLend == true)]
    ) { Use(monitors: Int($0.int(0)), lent: Int($0.int(1)), alone: Int($0.int(2))) }
      ?? Use(monitors: 0, lent: 0, alone: 0)
  }

  // MARK: Health

  /// What was concluded of a region; answers since when it is not healthy, or was until now.
  public static func enter(_ state: RegionState, of region: RegionID, at: Instant, in db: Connection) throws -> Instant
  {
    let since =
      try db.first("SELECT unwell_since_ms FROM region WHERE id = $1", [.int(region.raw)]) {
        $0.intOrNil(0).map(Instant.init(ms:))
      } ?? nil
    try db.run(
      "UPDATE region SET state = $1, unwell_since_ms = $2 WHERE id = $3",
      [.text(state.rawValue), state == .healthy ? .null : .int((since ?? at).ms), .int(region.raw)])
    try db.run(
      "UPDATE region_unwell SET to_ms = CASE WHEN from_ms > $1 THEN from_ms ELSE $1 END WHERE region_id = $2 AND to_ms IS NULL",
      [.int(at.ms), .int(region.raw)])
    if state != .healthy {
      try db.run(
        "INSERT INTO region_unwell (region_id, state, from_ms) VALUES ($1, $2, $3)",
        [.int(region.raw), .text(state.rawValue), .int(at.ms)])
    }
    return since ?? at
  }

  /// When a region had no voice between `from` and `to`, oldest first, cut to that time. What was known when the control
  /// plane ended goes on until it knows better.
  public static func unwell(
    _ region: RegionID, from: Instant, to: Instant, in db: Connection
  ) throws -> [RegionPast] {
    try db.rows(
      """
      SELECT state, from_ms, to_ms FROM region_unwell
      WHERE region_id = $1 AND from_ms < $2 AND (to_ms IS NULL OR to_ms > $3 AND to_ms > from_ms) ORDER BY from_ms, id
      """, [.int(region.raw), .int(to.ms), .int(from.ms)]
    ) { row in
      RegionPast(
        state: RegionState(rawValue: row.text(0)) ?? .offline, from: max(Instant(ms: row.int(1)), from),
        to: min(row.intOrNil(2).map(Instant.init(ms:)) ?? to, to))
    }
  }

  /// Forgets at most `limit` times that ended before `before`; answers how many went.
  public static func pruneUnwell(before: Instant, limit: Int, in db: Connection) throws -> Int {
    try db.run(
      "DELETE FROM region_unwell WHERE id IN (SELECT id FROM region_unwell WHERE to_ms < $1 LIMIT $2)",
      [.int(before.ms), .int(Int64(limit))])
  }

  /// Regions that had no voice when that was last concluded.
  public static func unwell(in db: Connection) throws -> [RegionID: RegionState] {
    let rows = try db.rows("SELECT id, state FROM region WHERE state <> 'healthy'") {
      (RegionID($0.int(0)), RegionState(rawValue: $0.text(1)) ?? .healthy)
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  /// Organizations with a monitor that a region is to look at now.
  public static func users(of region: RegionID, in db: Connection) throws -> [OrganizationID] {
    try db.rows(
      """
      SELECT DISTINCT m.organization_id FROM monitor_plan p JOIN monitor m ON m.id = p.monitor_id
      WHERE p.region_id = $1 AND p.to_ms IS NULL AND m.deleted_ms IS NULL ORDER BY m.organization_id
      """, [.int(region.raw)]
    ) { OrganizationID($0.int(0)) }
  }

  /// The organization whose private location it is, and the name by which it is known.
  public static func owner(
    of region: RegionID, in db: Connection
  ) throws -> (id: PublicID<RegionTag>, organization: OrganizationID?)? {
    try db.first("SELECT public_id, organization_id FROM region WHERE id = $1", [.int(region.raw)]) {
      (PublicID(stored: $0.text(0)), $0.intOrNil(1).map { OrganizationID($0) })
    }
  }
}
