import Domain
import JSON
import SQLite
import Wire

/// A monitor that another one cannot depend on; `index` is its place in the list.
public enum DependencyRefusal: Error, Hashable, Sendable {
  /// The organization has no such monitor.
  case unknown(index: Int)
  /// It depends on this one itself, by whatever detour; a monitor depends on itself by none.
  case cycle(index: Int, name: String)

  public var index: Int {
    switch self {
    case .unknown(let index), .cycle(let index, _): index
    }
  }

  /// What is wrong with that place, for the person who named it.
  public var sentence: String {
    switch self {
    case .unknown: "is no monitor of this organization"
    case .cycle(_, let name): "\(name) depends on this monitor itself, which would make a circle"
    }
  }
}

/// A monitor as those see it that it depends on, or that depend on it: without what may hold secrets.
public struct RelatedMonitor: Sendable {
  public let id: MonitorID
  public let publicID: PublicID<MonitorTag>
  public let settings: MonitorSettings
  public let status: MonitorStatus
  public let statusSince: Instant
  public let flapping: Bool
}

/// What needs what. Only monitors of one organization are ever connected, and never in a circle.
public enum DependencyQueries {
  /// Replaces what a monitor depends on. Throws `DependencyRefusal`.
  static func replace(
    of monitor: MonitorID, with parents: [PublicID<MonitorTag>], scope: TenantScope, in db: Connection
  ) throws {
    try db.run("DELETE FROM monitor_dependency WHERE monitor_id = $1", [.int(monitor.raw)])
    for (index, parent) in parents.enumerated() {
      let found = try db.first(
        "SELECT id, name FROM monitor WHERE public_id = $1 AND organization_id = $2 AND deleted_ms IS NULL",
        [.text(parent.text), .int(scope.organization.raw)]
      ) { (id: MonitorID($0.int(0)), name: $0.text(1)) }
      guard let found else { throw DependencyRefusal.unknown(index: index) }
      guard try !depends(found.id, on: monitor, in: db) else {
        throw DependencyRefusal.cycle(index: index, name: found.name)
      }
      try db.run(
        "INSERT INTO monitor_dependency (monitor_id, parent_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [.int(monitor.raw), .int(found.id.raw)])
    }
  }

  /// What these depend on, in order; those that depend on nothing are not named. Of all monitors when none is named.
  static func parentIDs(
    of monitors: [MonitorID]? = nil, in db: Connection
  ) throws -> [MonitorID: [PublicID<MonitorTag>]] {
    let places = (monitors ?? []).indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    if monitors?.isEmpty == true { return [:] }
    var out: [MonitorID: [PublicID<MonitorTag>]] = [:]
    try db.each(
      """
      SELECT d.monitor_id, p.public_id FROM monitor_dependency d JOIN monitor p ON p.id = d.parent_id
      \(monitors == nil ? "" : "WHERE d.monitor_id IN (\(places))") ORDER BY d.monitor_id, p.public_id
      """, (monitors ?? []).map { .int($0.raw) }
    ) { out[MonitorID($0.int(0)), default: []].append(PublicID(stored: $0.text(1))) }
    return out
  }

  /// Whether `a` is `b`, or needs it through whatever others.
  private static func depends(_ a: MonitorID, on b: MonitorID, in db: Connection) throws -> Bool {
    try db.first(
      """
      WITH RECURSIVE needed(id) AS (
        SELECT CAST($1 AS BIGINT) UNION
        SELECT d.parent_id FROM monitor_dependency d JOIN needed n ON d.monitor_id = n.id)
      SELECT 1 FROM needed WHERE id = $2 LIMIT 1
      """, [.int(a.raw), .int(b.raw)]
    ) { _ in true } ?? false
  }

  /// A deleted monitor needs nothing, and nothing needs it.
  static func forget(_ monitor: MonitorID, in db: Connection) throws {
    try db.run("DELETE FROM monitor_dependency WHERE monitor_id = $1 OR parent_id = $1", [.int(monitor.raw)])
  }

  public static func parents(
    of monitor: MonitorID, scope: TenantScope, in db: Connection
  ) throws -> [RelatedMonitor] {
    try related("d.parent_id", where: "d.monitor_id", monitor, scope: scope, in: db)
  }

  /// By name; `limit` at most.
  public static func children(
    of monitor: MonitorID, limit: Int, scope: TenantScope, in db: Connection
  ) throws -> [RelatedMonitor] {
    try related("d.monitor_id", where: "d.parent_id", monitor, limit: limit, scope: scope, in: db)
  }

  private static func related(
    _ side: String, where other: String, _ monitor: MonitorID, limit: Int = Limits.dependenciesMax, scope: TenantScope,
    in db: Connection
  ) throws -> [RelatedMonitor] {
    try db.rows(
      """
      SELECT \(columns) FROM monitor_dependency d JOIN monitor m ON m.id = \(side)
      WHERE \(other) = $1 AND m.organization_id = $2 AND m.deleted_ms IS NULL ORDER BY m.name, m.id LIMIT $3
      """, [.int(monitor.raw), .int(scope.organization.raw), .int(Int64(limit))], read)
  }

  /// Nil when it is deleted.
  public static func monitor(_ id: MonitorID, scope: TenantScope, in db: Connection) throws -> RelatedMonitor? {
    try db.first(
      "SELECT \(columns) FROM monitor m WHERE m.id = $1 AND m.organization_id = $2 AND m.deleted_ms IS NULL",
      [.int(id.raw), .int(scope.organization.raw)], read)
  }

  private static let columns = """
    m.id, m.public_id, m.kind, m.name, m.url, m.enabled, m.interval_s, m.settings, m.status, m.status_since_ms, m.flapping
    """

  private static func read(_ row: Row) throws -> RelatedMonitor {
    RelatedMonitor(
      id: MonitorID(row.int(0)), publicID: PublicID(stored: row.text(1)),
      settings: MonitorCodec.settings(
        name: row.text(3), url: row.text(4), kind: row.text(2), intervalS: Int(row.int(6)), enabled: row.bool(5),
        plain: try JSON(parsing: row.text(7)), secret: nil),
      status: MonitorStatus(code: row.int(8)) ?? .unknown, statusSince: Instant(ms: row.int(9)),
      flapping: row.bool(10))
  }

  /// The monitors of that name; two at most, which is one too many.
  public static func named(_ name: String, scope: TenantScope, in db: Connection) throws -> [PublicID<MonitorTag>] {
    try db.rows(
      "SELECT public_id FROM monitor WHERE organization_id = $1 AND name = $2 AND deleted_ms IS NULL LIMIT 2",
      [.int(scope.organization.raw), .text(name)]
    ) { PublicID(stored: $0.text(0)) }
  }

  public static func name(_ id: PublicID<MonitorTag>, scope: TenantScope, in db: Connection) throws -> String? {
    try db.first(
      "SELECT name FROM monitor WHERE public_id = $1 AND organization_id = $2 AND deleted_ms IS NULL",
      [.text(id.text), .int(scope.organization.raw)]
    ) { $0.text(0) }
  }

  /// The first monitors by name.
  public static func names(
    limit: Int, scope: TenantScope, in db: Connection
  ) throws -> [(id: MonitorID, publicID: PublicID<MonitorTag>, name: String)] {
    try db.rows(
      """
      SELECT id, public_id, name FROM monitor WHERE organization_id = $1 AND deleted_ms IS NULL
      ORDER BY name, id LIMIT $2
      """, [.int(scope.organization.raw), .int(Int64(limit))]
    ) { (MonitorID($0.int(0)), PublicID(stored: $0.text(1)), $0.text(2)) }
  }

  /// How many need it.
  public static func childCount(of monitor: MonitorID, in db: Connection) throws -> Int {
    try db.first("SELECT count(*) FROM monitor_dependency WHERE parent_id = $1", [.int(monitor.raw)]) { Int($0.int(0)) }
      ?? 0
  }

  /// Whether a check that began at `since` or later found it well.
  public static func isSeenWell(_ monitor: MonitorID, since: Instant, in db: Connection) throws -> Bool {
    try db.first(
      "SELECT 1 FROM result_log WHERE monitor_id = $1 AND started_ms >= $2 AND final = 1 AND status <> $3 LIMIT 1",
      [.int(monitor.raw), .int(since.ms), .int(Int64(CheckStatus.down.rawValue))]
    ) { _ in true } ?? false
  }
}
