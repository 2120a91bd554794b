import Domain
import SQLite

/// Another incident, as one that has to do with it names it.
public struct RelatedIncident: Hashable, Sendable {
  public let id: IncidentID
  public let publicID: PublicID<IncidentTag>
  public let title: String
  public let isOpen: Bool
}

/// Incidents that are part of others: their monitors need the others' monitors.
extension IncidentQueries {
  /// How many an incident names of those that are part of it.
  private static let namedMax = 100

  static func causedBy(_ id: Int64, in db: Connection) throws -> RelatedIncident? {
    try related("i.id = $1", id, in: db).first
  }

  static func causing(_ id: Int64, in db: Connection) throws -> [RelatedIncident] {
    try related("i.caused_by_id = $1", id, in: db)
  }

  private static func related(_ filter: String, _ id: Int64, in db: Connection) throws -> [RelatedIncident] {
    try db.rows(
      """
      SELECT i.id, i.public_id, i.title, i.status <> 'resolved' FROM incident i
      WHERE \(filter) AND i.deleted_ms IS NULL ORDER BY i.id DESC LIMIT \(namedMax)
      """, [.int(id)]
    ) {
      RelatedIncident(
        id: IncidentID($0.int(0)), publicID: PublicID(stored: $0.text(1)), title: $0.text(2), isOpen: $0.bool(3))
    }
  }

  public static func setCause(
    of incident: IncidentID, to cause: IncidentID, scope: TenantScope, in db: Connection, world: World
  ) throws {
    try db.run(
      "UPDATE incident SET caused_by_id = $1, updated_ms = $2 WHERE id = $3 AND organization_id = $4 AND id <> $1",
      [.int(cause.raw), .int(world.now().ms), .int(incident.raw), .int(scope.organization.raw)])
  }

  /// What is to be known of an incident of a monitor that needs another one.
  public struct Dependent: Sendable {
    public let monitor: RelatedMonitor
    public let incident: IncidentID
  }

  /// Incidents of monitors that need `parent`: those open that began at `since` or later without another cause, and all
  /// whose message is held, whether the trouble is over or not.
  public static func startedTogether(
    with parent: MonitorID, since: Instant, scope: TenantScope, in db: Connection
  ) throws -> [Dependent] {
    try dependents(
      of: parent,
      """
      (im.is_open = 1 AND i.caused_by_id IS NULL AND i.started_ms >= $3) OR \(isHeld)
      """, [.int(since.ms)], scope: scope, in: db)
  }

  /// Incidents of monitors that need `parent` whose message waits for somebody's conclusion.
  public static func waiting(
    for parent: MonitorID, scope: TenantScope, in db: Connection
  ) throws -> [Dependent] {
    try dependents(of: parent, "i.caused_by_id IS NULL AND \(isHeld)", [], scope: scope, in: db)
  }

  /// Open incidents that are part of one of `parent`.
  public static func caused(
    by parent: MonitorID, scope: TenantScope, in db: Connection
  ) throws -> [Dependent] {
    try dependents(
      of: parent,
      """
      im.is_open = 1 AND EXISTS (SELECT 1 FROM incident_monitor c
        WHERE c.incident_id = i.caused_by_id AND c.monitor_id = d.parent_id)
      """, [], scope: scope, in: db)
  }

  private static let isHeld =
    "EXISTS (SELECT 1 FROM notification n WHERE n.incident_id = i.id AND n.is_held = 1 AND n.state = 'pending')"

  private static func dependents(
    of parent: MonitorID, _ filter: String, _ more: [Value], scope: TenantScope, in db: Connection
  ) throws -> [Dependent] {
    let found = try db.rows(
      """
      SELECT d.monitor_id, i.id FROM monitor_dependency d JOIN incident_monitor im ON im.monitor_id = d.monitor_id
      JOIN incident i ON i.id = im.incident_id
      WHERE d.parent_id = $1 AND i.organization_id = $2 AND i.deleted_ms IS NULL AND (\(filter)) ORDER BY i.id
      """, [.int(parent.raw), .int(scope.organization.raw)] + more
    ) { (MonitorID($0.int(0)), IncidentID($0.int(1))) }
    return try found.compactMap { id, incident in
      guard let monitor = try DependencyQueries.monitor(id, scope: scope, in: db) else { return nil }
      return Dependent(monitor: monitor, incident: incident)
    }
  }
}
