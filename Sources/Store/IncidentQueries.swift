import Domain
import SQLite

/// Incidents, their words and what they touch. What follows from a change is the caller's.
public enum IncidentQueries {
  private static let columns = """
    i.id, i.public_id, i.organization_id, i.title, i.description, i.status, i.cause, i.started_ms, i.acknowledged_ms,
    i.acknowledged_by, i.resolved_ms, i.postmortem, i.created_ms, i.updated_ms, i.caused_by_id
    """

  /// Newest first; `isOpen` nil for all.
  public static func list(
    isOpen: Bool?, scope: TenantScope, offset: Int, rows count: Int, in db: Connection
  ) throws -> (total: Int, rows: [IncidentRow]) {
    let filter = """
      i.organization_id = $1 AND i.deleted_ms IS NULL AND ($2 IS NULL OR CASE WHEN i.status <> 'resolved' THEN 1 ELSE 0 END = $2)
      """
    let values: [Value] = [.int(scope.organization.raw), isOpen.map { Value($0) } ?? .null]
    return (
      try db.first("SELECT count(*) FROM incident i WHERE \(filter)", values) { Int($0.int(0)) } ?? 0,
      try rows(
        "WHERE \(filter) ORDER BY i.started_ms DESC, i.id DESC LIMIT $3 OFFSET $4",
        values + [Value(count), Value(offset)], in: db)
    )
  }

  public static func find(
    _ id: PublicID<IncidentTag>, scope: TenantScope, in db: Connection
  ) throws -> IncidentRow? {
    try rows(
      "WHERE i.public_id = $1 AND i.organization_id = $2 AND i.deleted_ms IS NULL",
      [.text(id.text), .int(scope.organization.raw)], in: db
    ).first
  }

  public static func find(_ id: IncidentID, scope: TenantScope, in db: Connection) throws -> IncidentRow? {
    try rows(
      "WHERE i.id = $1 AND i.organization_id = $2 AND i.deleted_ms IS NULL",
      [.int(id.raw), .int(scope.organization.raw)], in: db
    ).first
  }

  /// What touches a service that the page shows; newest first, with only those services.
  public static func shown(
    on page: StatusPageID, isOpen: Bool?, scope: TenantScope, offset: Int, rows count: Int, in db: Connection
  ) throws -> (total: Int, rows: [IncidentRow]) {
    let filter = "\(onPage) AND ($3 IS NULL OR CASE WHEN i.status <> 'resolved' THEN 1 ELSE 0 END = $3)"
    let values: [Value] = [.int(scope.organization.raw), .int(page.raw), isOpen.map { Value($0) } ?? .null]
    return (
      try db.first("SELECT count(*) FROM incident i WHERE \(filter)", values) { Int($0.int(0)) } ?? 0,
      try rows(
        "WHERE \(filter) ORDER BY i.started_ms DESC, i.id DESC LIMIT $4 OFFSET $5",
        values + [Value(count), Value(offset)], page: page, in: db)
    )
  }

  /// What a page shows of a stretch of time, by when it began; newest first, five hundred at most.
  public static func shown(
    on page: StatusPageID, from: Instant, to: Instant, scope: TenantScope, in db: Connection
  ) throws -> [IncidentRow] {
    try rows(
      """
      WHERE \(onPage) AND i.started_ms >= $3 AND i.started_ms < $4 ORDER BY i.started_ms DESC, i.id DESC LIMIT 500
      """, [.int(scope.organization.raw), .int(page.raw), .int(from.ms), .int(to.ms)], page: page, in: db
    ).filter { !$0.impacts.isEmpty }
  }

  /// Whether a page shows anything that began before `instant`.
  public static func shownBefore(
    _ instant: Instant, on page: StatusPageID, scope: TenantScope, in db: Connection
  ) throws -> Bool {
    try db.first(
      "SELECT 1 FROM incident i WHERE \(onPage) AND i.started_ms < $3 LIMIT 1",
      [.int(scope.organization.raw), .int(page.raw), .int(instant.ms)]
    ) { _ in true } ?? false
  }

  /// `$1` the organization, `$2` the page.
  private static let onPage = """
    i.organization_id = $1 AND i.deleted_ms IS NULL
    AND EXISTS (SELECT 1 FROM incident_service x JOIN status_page_service p ON p.service_id = x.service_id
      JOIN service s ON s.id = x.service_id
      WHERE x.incident_id = i.id AND p.page_id = $2 AND s.is_active = 1 AND s.deleted_ms IS NULL)
    """

  /// One incident as the page shows it; nil when it touches nothing there.
  public static func shown(
    _ id: PublicID<IncidentTag>, on page: StatusPageID, scope: TenantScope, in db: Connection
  ) throws -> IncidentRow? {
    try rows(
      "WHERE i.public_id = $1 AND i.organization_id = $2 AND i.deleted_ms IS NULL",
      [.text(id.text), .int(scope.organization.raw)], page: page, in: db
    ).first { !$0.impacts.isEmpty }
  }

  /// An incident that runs takes in a service that came to watch its monitor; false when it had it.
  public static func join(
    _ incident: IncidentID, service: ServiceID, from: ServiceStatus, to: ServiceStatus, in db: Connection
  ) throws -> Bool {
    try db.run(
      """
      INSERT INTO incident_service (incident_id, service_id, from_state, to_state) VALUES ($1, $2, $3, $4)
      ON CONFLICT DO NOTHING
      """, [.int(incident.raw), .int(service.raw), .text(from.rawValue), .text(to.rawValue)]) == 1
  }

  /// Takes a service out of an incident that runs; false when it was not in it.
  public static func leave(_ incident: IncidentID, service: ServiceID, in db: Connection) throws -> Bool {
    try db.run(
      "DELETE FROM incident_service WHERE incident_id = $1 AND service_id = $2",
      [.int(incident.raw), .int(service.raw)]) == 1
  }

  /// The open incident of a monitor; there is one at most.
  public static func open(of monitor: MonitorID, scope: TenantScope, in db: Connection) throws -> IncidentRow? {
    try rows(
      """
      JOIN incident_monitor m ON m.incident_id = i.id
      WHERE m.monitor_id = $1 AND m.is_open = 1 AND i.organization_id = $2 AND i.deleted_ms IS NULL
      """, [.int(monitor.raw), .int(scope.organization.raw)], in: db
    ).first
  }

  /// The monitor's newest incident, open or not.
  public static func newest(of monitor: MonitorID, scope: TenantScope, in db: Connection) throws -> IncidentRow? {
    try rows(
      """
      JOIN incident_monitor m ON m.incident_id = i.id
      WHERE m.monitor_id = $1 AND i.organization_id = $2 AND i.deleted_ms IS NULL ORDER BY i.id DESC LIMIT 1
      """, [.int(monitor.raw), .int(scope.organization.raw)], in: db
    ).first
  }

  /// Where the newest open incident that touches a service put it.
  public static func newestOpenState(
    of service: ServiceID, except: IncidentID?, scope: TenantScope, in db: Connection
  ) throws -> ServiceStatus? {
    try db.first(
      """
      SELECT x.to_state FROM incident_service x JOIN incident i ON i.id = x.incident_id
      WHERE x.service_id = $1 AND i.organization_id = $2 AND i.id <> $3 AND i.status <> 'resolved'
        AND i.deleted_ms IS NULL ORDER BY i.started_ms DESC, i.id DESC LIMIT 1
      """, [.int(service.raw), .int(scope.organization.raw), .int(except?.raw ?? -1)]
    ) { ServiceStatus(rawValue: $0.text(0)) } ?? nil
  }

  /// What the newest open incident that touches a service is called, whoever opened it.
  public static func newestOpenTitle(of service: ServiceID, scope: TenantScope, in db: Connection) throws -> String? {
    try db.first(
      """
      SELECT i.title FROM incident_service x JOIN incident i ON i.id = x.incident_id
      WHERE x.service_id = $1 AND i.organization_id = $2 AND i.status <> 'resolved' AND i.deleted_ms IS NULL
      ORDER BY i.started_ms DESC, i.id DESC LIMIT 1
      """, [.int(service.raw), .int(scope.organization.raw)]
    ) { $0.text(0) }
  }

  public static func openCount(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(countingOpen, [.int(scope.organization.raw)]) { Int($0.int(0)) } ?? 0
  }

  static let countingOpen = """
    SELECT count(*) FROM incident WHERE organization_id = $1 AND status <> 'resolved' AND deleted_ms IS NULL
    """

  public static func openCount(on page: StatusPageID, scope: TenantScope, in db: Connection) throws -> Int {
    try shown(on: page, isOpen: true, scope: scope, offset: 0, rows: 0, in: db).total
  }

  // MARK: Writing

  public static func create(
    _ draft: IncidentDraft, impacts: [(service: ServiceID, from: ServiceStatus, to: ServiceStatus)], scope: TenantScope,
    in db: Connection, world: World
  ) throws -> (id: IncidentID, publicID: PublicID<IncidentTag>) {
    let publicID = world.newID(PublicID<IncidentTag>.self)
    let now = world.now().ms
    let key = try db.insert(
      """
      INSERT INTO incident (public_id, organization_id, title, description, status, cause, started_ms, resolved_ms,
        created_ms, updated_ms, caused_by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
      """,
      [
        .text(publicID.text), .int(scope.organization.raw), .text(draft.title), .text(draft.description),
        .text(draft.status.rawValue), .text(draft.cause.rawValue), .int(draft.startedAt.ms),
        draft.status == .resolved ? .int(now) : .null, .int(now), Value(draft.causedBy?.raw),
      ])
    for impact in impacts {
      try db.run(
        "INSERT INTO incident_service (incident_id, service_id, from_state, to_state) VALUES ($1, $2, $3, $4)",
        [.int(key), .int(impact.service.raw), .text(impact.from.rawValue), .text(impact.to.rawValue)])
    }
    if let monitor = draft.monitor {
      try db.run(
        "INSERT INTO incident_monitor (incident_id, monitor_id, is_open) VALUES ($1, $2, 1)",
        [.int(key), .int(monitor.raw)])
    }
    try say(draft.message, draft.status, by: draft.author, in: IncidentID(key), db: db, world: world)
    return (IncidentID(key), publicID)
  }

  /// Adds an update and takes its status. Compare-and-set on the status it had; false when it has moved meanwhile.
  public static func advance(
    _ incident: IncidentRow, to status: IncidentStatus, message: String, author: String, at: Instant,
    scope: TenantScope, in db: Connection, world: World
  ) throws -> Bool {
    let resolved = status == .resolved ? max(at, incident.startedAt) : nil
    let changed = try db.run(
      """
      UPDATE incident SET status = $1, resolved_ms = $2, updated_ms = $3
      WHERE id = $4 AND organization_id = $5 AND status = $6 AND deleted_ms IS NULL
      """,
      [
        .text(status.rawValue), Value(resolved?.ms), .int(world.now().ms), .int(incident.id.raw),
        .int(scope.organization.raw), .text(incident.status.rawValue),
      ])
    guard changed == 1 else { return false }
    if status == .resolved { try release(incident.id, in: db) }
    try say(message, status, by: author, in: incident.id, db: db, world: world)
    return true
  }

  /// False when somebody has acknowledged it before.
  public static func acknowledge(
    _ incident: IncidentRow, by person: String, scope: TenantScope, in db: Connection, world: World
  ) throws -> Bool {
    try db.run(
      """
      UPDATE incident SET acknowledged_ms = $1, acknowledged_by = $2, updated_ms = $1
      WHERE id = $3 AND organization_id = $4 AND acknowledged_ms IS NULL AND deleted_ms IS NULL
      """, [.int(world.now().ms), .text(person), .int(incident.id.raw), .int(scope.organization.raw)]) == 1
  }

  public static func edit(
    _ incident: IncidentRow, title: String, description: String, postmortem: String?, scope: TenantScope,
    in db: Connection, world: World
  ) throws {
    try db.run(
      """
      UPDATE incident SET title = $1, description = $2, postmortem = $3, updated_ms = $4
      WHERE id = $5 AND organization_id = $6
      """,
      [
        .text(title), .text(description), Value(postmortem), .int(world.now().ms), .int(incident.id.raw),
        .int(scope.organization.raw),
      ])
  }

  public static func delete(_ incident: IncidentRow, scope: TenantScope, in db: Connection, world: World) throws {
    try db.run(
      "UPDATE incident SET deleted_ms = $1, updated_ms = $1 WHERE id = $2 AND organization_id = $3",
      [.int(world.now().ms), .int(incident.id.raw), .int(scope.organization.raw)])
    try release(incident.id, in: db)
  }

  /// Its monitors may open another one.
  private static func release(_ incident: IncidentID, in db: Connection) throws {
    try db.run("UPDATE incident_monitor SET is_open = 0 WHERE incident_id = $1", [.int(incident.raw)])
  }

  static func say(
    _ message: String, _ status: IncidentStatus, by author: String, in incident: IncidentID, db: Connection,
    world: World
  ) throws {
    try db.run(
      """
      INSERT INTO incident_update (public_id, incident_id, status, message, author, created_ms)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        .text(world.newID(PublicID<IncidentUpdateTag>.self).text), .int(incident.raw), .text(status.rawValue),
        .text(message), .text(author), .int(world.now().ms),
      ])
  }
}

// MARK: Reading rows

extension IncidentQueries {
  /// With `page`, only the services that it shows.
  private static func rows(
    _ rest: String, _ values: [Value], page: StatusPageID? = nil, in db: Connection
  ) throws -> [IncidentRow] {
    try db.rows("SELECT \(columns) FROM incident i \(rest)", values) { row in
      let id = row.int(0)
      return IncidentRow(
        id: IncidentID(id), publicID: PublicID(stored: row.text(1)), organization: OrganizationID(row.int(2)),
        title: row.text(3), description: row.text(4), status: IncidentStatus(rawValue: row.text(5)) ?? .investigating,
        cause: IncidentRow.Cause(rawValue: row.text(6)) ?? .manual, startedAt: Instant(ms: row.int(7)),
        acknowledgedAt: row.intOrNil(8).map(Instant.init(ms:)), acknowledgedBy: row.textOrNil(9),
        resolvedAt: row.intOrNil(10).map(Instant.init(ms:)), postmortem: row.textOrNil(11),
        createdAt: Instant(ms: row.int(12)), updatedAt: Instant(ms: row.int(13)),
        impacts: try impacts(of: id, page: page, in: db), updates: try updates(of: id, in: db),
        monitors: try monitors(of: id, in: db), causedBy: try row.intOrNil(14).flatMap { try causedBy($0, in: db) },
        causing: try causing(id, in: db))
    }
  }

  private static func impacts(of incident: Int64, page: StatusPageID?, in db: Connection) throws
    -> [IncidentRow.Impact]
  {
    try db.rows(
      """
      SELECT s.id, s.public_id, s.name, x.from_state, x.to_state FROM incident_service x
      JOIN service s ON s.id = x.service_id WHERE x.incident_id = $1
        AND ($2 IS NULL OR (s.is_active = 1 AND s.deleted_ms IS NULL AND EXISTS
          (SELECT 1 FROM status_page_service p WHERE p.page_id = $2 AND p.service_id = s.id)))
      ORDER BY s.position, s.id
      """, [.int(incident), Value(page?.raw)]
    ) {
      IncidentRow.Impact(
        service: ServiceID($0.int(0)), publicID: PublicID(stored: $0.text(1)), name: $0.text(2),
        from: ServiceStatus(rawValue: $0.text(3)) ?? .operational, to: ServiceStatus(rawValue: $0.text(4)) ?? .major)
    }
  }

  private static func updates(of incident: Int64, in db: Connection) throws -> [IncidentRow.Update] {
    try db.rows(
      "SELECT public_id, status, message, author, created_ms FROM incident_update WHERE incident_id = $1 ORDER BY id",
      [.int(incident)]
    ) {
      IncidentRow.Update(
        publicID: PublicID(stored: $0.text(0)), status: IncidentStatus(rawValue: $0.text(1)) ?? .investigating,
        message: $0.text(2), author: $0.text(3), createdAt: Instant(ms: $0.int(4)))
    }
  }

  private static func monitors(of incident: Int64, in db: Connection) throws -> [PublicID<MonitorTag>] {
    try db.rows(
      """
      SELECT m.public_id FROM incident_monitor x JOIN monitor m ON m.id = x.monitor_id
      WHERE x.incident_id = $1 ORDER BY m.id
      """, [.int(incident)]
    ) { PublicID(stored: $0.text(0)) }
  }
}
