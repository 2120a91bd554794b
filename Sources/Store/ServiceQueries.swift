import Domain
import JSON
import SQLite

/// What a status page shows: one name over the monitors that decide its state.
public struct ServiceRow: Sendable {
  public struct Watcher: Hashable, Sendable {
    public let id: MonitorID
    public let publicID: PublicID<MonitorTag>
    public let status: MonitorStatus
  }

  public let id: ServiceID
  public let publicID: PublicID<ServiceTag>
  public let organization: OrganizationID
  public let name: String
  public let description: String
  public let status: ServiceStatus
  public let statusSince: Instant
  public let isSetByHand: Bool
  public let isActive: Bool
  public let createdAt: Instant
  public let updatedAt: Instant
  public let monitors: [Watcher]
  /// By the monitors as stored.
  public let observed: Observed
}

/// What a person says about a service, checked.
public struct ServiceDraft: Hashable, Sendable {
  public var name: String
  public var description: String
  public var isActive: Bool
  public var monitors: [PublicID<MonitorTag>]

  public init(name: String, description: String = "", isActive: Bool = true, monitors: [PublicID<MonitorTag>] = []) {
    self.name = name
    self.description = description
    self.isActive = isActive
    self.monitors = monitors
  }
}

/// A draft names something that the organization does not have.
public enum UnknownReference: Error, Hashable, Sendable {
  /// Its place in the list that was given.
  case monitor(Int)
  case service(Int)
}

/// Services and the monitors behind them. What follows from a change (live events, page revisions) is the caller's.
public enum ServiceQueries {
  private static let columns = """
    s.id, s.public_id, s.organization_id, s.name, s.description, s.status, s.status_since_ms, s.set_by_hand, s.is_active,
    s.created_ms, s.updated_ms
    """

  public static func list(scope: TenantScope, in db: Connection, now: Instant) throws -> [ServiceRow] {
    try rows(
      "WHERE s.organization_id = $1 AND s.deleted_ms IS NULL ORDER BY s.position, s.id",
      [.int(scope.organization.raw)], in: db, now: now)
  }

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(
      "SELECT count(*) FROM service WHERE organization_id = $1 AND deleted_ms IS NULL", [.int(scope.organization.raw)]
    ) { Int($0.int(0)) } ?? 0
  }

  public static func page(
    scope: TenantScope, offset: Int, rows count: Int, in db: Connection, now: Instant
  ) throws -> (total: Int, rows: [ServiceRow]) {
    let total = try Self.count(scope: scope, in: db)
    let found = try rows(
      """
      WHERE s.organization_id = $1 AND s.deleted_ms IS NULL ORDER BY s.position, s.id LIMIT $2 OFFSET $3
      """, [.int(scope.organization.raw), Value(count), Value(offset)], in: db, now: now)
    return (total, found)
  }

  public static func find(
    _ id: PublicID<ServiceTag>, scope: TenantScope, in db: Connection, now: Instant
  ) throws -> ServiceRow? {
    try rows(
      "WHERE s.public_id = $1 AND s.organization_id = $2 AND s.deleted_ms IS NULL",
      [.text(id.text), .int(scope.organization.raw)], in: db, now: now
    ).first
  }

  public static func find(_ id: ServiceID, scope: TenantScope, in db: Connection, now: Instant) throws -> ServiceRow? {
    try rows(
      "WHERE s.id = $1 AND s.organization_id = $2 AND s.deleted_ms IS NULL",
      [.int(id.raw), .int(scope.organization.raw)], in: db, now: now
    ).first
  }

  public static func watching(
    _ monitor: MonitorID, scope: TenantScope, in db: Connection, now: Instant
  ) throws -> [ServiceRow] {
    try rows(
      """
      JOIN service_monitor w ON w.service_id = s.id
      WHERE w.monitor_id = $1 AND s.organization_id = $2 AND s.deleted_ms IS NULL ORDER BY s.position, s.id
      """, [.int(monitor.raw), .int(scope.organization.raw)], in: db, now: now)
  }

  /// What a page shows, in its order.
  public static func shown(
    on page: StatusPageID, scope: TenantScope, in db: Connection, now: Instant
  ) throws -> [ServiceRow] {
    try rows(
      """
      JOIN status_page_service p ON p.service_id = s.id
      WHERE p.page_id = $1 AND s.organization_id = $2 AND s.deleted_ms IS NULL AND s.is_active = 1
      ORDER BY p.position, s.id
      """, [.int(page.raw), .int(scope.organization.raw)], in: db, now: now)
  }

  /// A new service stands last, on every page of the organization. Throws `UnknownReference.monitor`.
  public static func create(
    _ draft: ServiceDraft, status: ServiceStatus?, scope: TenantScope, by principal: Principal, in db: Connection,
    world: World
  ) throws -> ServiceID {
    let id = world.newID(PublicID<ServiceTag>.self)
    let now = world.now().ms
    let organization = Value.int(scope.organization.raw)
    let key = try db.insert(
      """
      INSERT INTO service (public_id, organization_id, name, description, status, status_since_ms, set_by_hand, is_active,
        position, created_ms, updated_ms)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(position), 0) + 1, $6, $6 FROM service WHERE organization_id = $2
      """,
      [
        .text(id.text), organization, .text(draft.name), .text(draft.description),
        .text((status ?? .operational).rawValue), .int(now), Value(status != nil), Value(draft.isActive),
      ])
    try setMonitors(draft.monitors, of: ServiceID(key), scope: scope, in: db)
    try db.run(
      """
      INSERT INTO status_page_service (page_id, service_id, position)
      SELECT p.id, $1, 1 + coalesce((SELECT max(position) FROM status_page_service x WHERE x.page_id = p.id), 0)
      FROM status_page p WHERE p.organization_id = $2
      """, [.int(key), organization])
    try Audit.record(
      "service.create", subject: id.text, detail: ["name": .string(draft.name)], scope: scope, by: principal, in: db,
      world: world)
    return ServiceID(key)
  }

  /// Throws `UnknownReference.monitor`.
  public static func update(
    _ service: ServiceRow, to draft: ServiceDraft, scope: TenantScope, by principal: Principal, in db: Connection,
    world: World
  ) throws {
    try db.run(
      """
      UPDATE service SET name = $1, description = $2, is_active = $3, updated_ms = $4
      WHERE id = $5 AND organization_id = $6
      """,
      [
        .text(draft.name), .text(draft.description), Value(draft.isActive), .int(world.now().ms), .int(service.id.raw),
        .int(scope.organization.raw),
      ])
    try setMonitors(draft.monitors, of: service.id, scope: scope, in: db)
    try Audit.record(
      "service.update", subject: service.publicID.text,
      detail: ["name": .string(draft.name), "is_active": .bool(draft.isActive)], scope: scope, by: principal, in: db,
      world: world)
  }

  public static func delete(
    _ service: ServiceRow, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws {
    try db.run(
      "UPDATE service SET deleted_ms = $1, updated_ms = $1 WHERE id = $2 AND organization_id = $3",
      [.int(world.now().ms), .int(service.id.raw), .int(scope.organization.raw)])
    try db.run("DELETE FROM service_monitor WHERE service_id = $1", [.int(service.id.raw)])
    try Audit.record(
      "service.delete", subject: service.publicID.text, detail: ["name": .string(service.name)], scope: scope,
      by: principal, in: db, world: world)
  }

  /// Compare-and-set on the state it had; false when it has moved meanwhile.
  @discardableResult
  public static func move(
    _ service: ServiceRow, to status: ServiceStatus, byHand: Bool, scope: TenantScope, in db: Connection, now: Instant
  ) throws -> Bool {
    try db.run(
      """
      UPDATE service SET status = $1, set_by_hand = $2, updated_ms = $3,
        status_since_ms = CASE WHEN status = $1 THEN status_since_ms ELSE $3 END
      WHERE id = $4 AND organization_id = $5 AND status = $6
      """,
      [
        .text(status.rawValue), Value(byHand), .int(now.ms), .int(service.id.raw), .int(scope.organization.raw),
        .text(service.status.rawValue),
      ]) == 1
  }

  /// When the engine last said that it runs.
  public static func engineSeen(in db: Connection) throws -> Instant? {
    try db.first("SELECT max(to_ms) FROM engine_span") { $0.intOrNil(0).map(Instant.init(ms:)) } ?? nil
  }

  private static func setMonitors(
    _ monitors: [PublicID<MonitorTag>], of service: ServiceID, scope: TenantScope, in db: Connection
  ) throws {
    try db.run("DELETE FROM service_monitor WHERE service_id = $1", [.int(service.raw)])
    for (index, monitor) in monitors.enumerated() {
      let added = try db.run(
        """
        INSERT INTO service_monitor (service_id, monitor_id)
        SELECT $1, id FROM monitor WHERE public_id = $2 AND organization_id = $3 AND deleted_ms IS NULL
        ON CONFLICT DO NOTHING
        """, [.int(service.raw), .text(monitor.text), .int(scope.organization.raw)])
      guard added == 1 || monitors[..<index].contains(monitor) else { throw UnknownReference.monitor(index) }
    }
  }

  private static func rows(
    _ rest: String, _ values: [Value], in db: Connection, now: Instant
  ) throws -> [ServiceRow] {
    let seen = try engineSeen(in: db)
    return try db.rows("SELECT \(columns) FROM service s \(rest)", values) { row in
      let watchers = try watchers(of: row.int(0), in: db)
      return ServiceRow(
        id: ServiceID(row.int(0)), publicID: PublicID(stored: row.text(1)), organization: OrganizationID(row.int(2)),
        name: row.text(3), description: row.text(4), status: ServiceStatus(rawValue: row.text(5)) ?? .operational,
        statusSince: Instant(ms: row.int(6)), isSetByHand: row.bool(7), isActive: row.bool(8),
        createdAt: Instant(ms: row.int(9)), updatedAt: Instant(ms: row.int(10)), monitors: watchers,
        observed: ServiceRule.observed(watchers.map(\.status), engineSeen: seen, now: now))
    }
  }

  private static func watchers(of service: Int64, in db: Connection) throws -> [ServiceRow.Watcher] {
    try db.rows(
      """
      SELECT m.id, m.public_id, m.status FROM service_monitor w JOIN monitor m ON m.id = w.monitor_id
      WHERE w.service_id = $1 AND m.deleted_ms IS NULL ORDER BY m.id
      """, [.int(service)]
    ) {
      ServiceRow.Watcher(
        id: MonitorID($0.int(0)), publicID: PublicID(stored: $0.text(1)),
        status: MonitorStatus(code: $0.int(2)) ?? .unknown)
    }
  }
}
