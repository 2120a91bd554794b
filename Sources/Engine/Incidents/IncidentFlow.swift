import Domain
import JSON
import Notify
import SQLite
@_spi(Minting) import Store

/// From a monitor's change to what people see and hear: one transaction holds it all, or none of it.
///
/// Entry into down opens one incident, recovery resolves it; degraded opens none. Saying the same change twice is harmless.
public enum IncidentFlow {
  /// `change` is what the verdict says; the monitor's row has its new status already.
  public static func apply(_ change: MonitorChange, in db: Connection, world: World) throws {
    let scope = TenantScope(minting: change.organization)
    // It may have been deleted while this change was on its way: nobody would ever close what it opens.
    let stands = try db.first("SELECT 1 FROM monitor WHERE id = $1 AND deleted_ms IS NULL", [.int(change.monitor.raw)])
    {
      _ in true
    }
    guard stands != nil else { return }
    var announcer = Announcer(scope: scope, db: db, world: world)
    try announcer.monitor(change)
    switch change.to {
    case .down: try open(change, scope: scope, in: db, world: world, &announcer)
    case .up, .degraded: try close(change, scope: scope, in: db, world: world, &announcer)
    case .paused: try leave(change, scope: scope, in: db, world: world, &announcer)
    case .pending, .unconfirmed, .unknown, .maintenance: break
    }
    try followMonitor(change, scope: scope, in: db, world: world, &announcer)
    try announcer.finish()
  }

  /// Deletes a monitor for a person; its open incident ends, without a message that it were up, and its services follow the
  /// monitors that are left. False when there is no such monitor.
  public static func deleteMonitor(
    _ id: PublicID<MonitorTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World,
    sealer: Sealer
  ) throws -> Bool {
    guard let monitor = try MonitorQueries.find(id, scope: scope, in: db, sealer: sealer) else { return false }
    let now = world.now()
    let services = try ServiceQueries.watching(monitor.id, scope: scope, in: db, now: now)
    guard try MonitorQueries.delete(id, scope: scope, by: principal, in: db, world: world, sealer: sealer) else {
      return false
    }
    var announcer = Announcer(scope: scope, db: db, world: world)
    let change = MonitorChange(
      monitor: monitor.id, publicID: id, organization: monitor.organization, name: monitor.settings.name,
      url: monitor.settings.url, from: monitor.status, to: .paused, since: now, at: now)
    try leave(change, scope: scope, in: db, world: world, &announcer)
    try announcer.gone(.monitor, id: id.text, pages: [])
    let states = ServiceStates(scope: scope, db: db, world: world)
    for before in services {
      guard let service = try ServiceQueries.find(before.id, scope: scope, in: db, now: now) else { continue }
      let moved = try states.afterMonitor(service)
      if moved || service.observed != before.observed { try announcer.service(service.id) }
    }
    try announcer.finish()
    return true
  }

  // MARK: Private

  private static func open(
    _ change: MonitorChange, scope: TenantScope, in db: Connection, world: World, _ announcer: inout Announcer
  ) throws {
    guard try IncidentQueries.open(of: change.monitor, scope: scope, in: db) == nil else { return }
    let services = try ServiceQueries.watching(change.monitor, scope: scope, in: db, now: world.now())
    let subjects = services.isEmpty ? [change.name] : services.map(\.name)
    let draft = IncidentDraft(
      title: IncidentWords.title(subjects), description: "", cause: .monitor, startedAt: change.since,
      message: IncidentWords.opened(subjects, change), author: "Martlet", monitor: change.monitor)
    let made = try IncidentQueries.create(
      draft, impacts: services.map { ($0.id, $0.status, .major) }, scope: scope, in: db, world: world)
    let states = ServiceStates(scope: scope, db: db, world: world)
    for service in services where try states.worsen(service, to: .major) { try announcer.service(service.id) }
    try announcer.incident(made.id)
    try tell(.down, change, incident: made.id, made.publicID, since: change.since, until: nil, in: db, world: world)
  }

  /// Recovery. When a person resolved the incident before, the message that the monitor is up is still owed.
  private static func close(
    _ change: MonitorChange, scope: TenantScope, in db: Connection, world: World, _ announcer: inout Announcer
  ) throws {
    if let incident = try IncidentQueries.open(of: change.monitor, scope: scope, in: db) {
      let subjects = incident.impacts.isEmpty ? [change.name] : incident.impacts.map(\.name)
      let until = max(change.since, incident.startedAt)
      try resolve(
        incident, message: IncidentWords.recovered(subjects, since: incident.startedAt, until: until), at: until,
        scope: scope, in: db, world: world, &announcer)
      try tell(
        .resolved, change, incident: incident.id, incident.publicID, since: incident.startedAt, until: until, in: db,
        world: world)
    } else if change.from == .down || change.from == .unknown,
      let incident = try IncidentQueries.newest(of: change.monitor, scope: scope, in: db), incident.cause == .monitor
    {
      try tell(
        .resolved, change, incident: incident.id, incident.publicID, since: incident.startedAt,
        until: max(change.since, incident.startedAt), in: db, world: world)
    }
  }

  /// Nobody looks any more: the incident ends, but nobody is told that it were up.
  private static func leave(
    _ change: MonitorChange, scope: TenantScope, in db: Connection, world: World, _ announcer: inout Announcer
  ) throws {
    guard let incident = try IncidentQueries.open(of: change.monitor, scope: scope, in: db) else { return }
    let subjects = incident.impacts.isEmpty ? [change.name] : incident.impacts.map(\.name)
    try resolve(
      incident, message: IncidentWords.noLongerChecked(subjects, since: incident.startedAt, until: change.at),
      at: change.at, scope: scope, in: db, world: world, &announcer)
  }

  static func resolve(
    _ incident: IncidentRow, message: String, at: Instant, scope: TenantScope, in db: Connection, world: World,
    _ announcer: inout Announcer
  ) throws {
    let moved = try IncidentQueries.advance(
      incident, to: .resolved, message: message, author: "Martlet", at: at, scope: scope, in: db, world: world)
    guard moved else { return }
    let states = ServiceStates(scope: scope, db: db, world: world)
    for impact in incident.impacts where try states.afterEnd(of: incident.id, impact.service) {
      try announcer.service(impact.service)
    }
    try announcer.incident(incident.id)
  }

  private static func followMonitor(
    _ change: MonitorChange, scope: TenantScope, in db: Connection, world: World, _ announcer: inout Announcer
  ) throws {
    guard change.to != .unconfirmed else { return }
    let now = world.now()
    let states = ServiceStates(scope: scope, db: db, world: world)
    let seen = try ServiceQueries.engineSeen(in: db)
    for service in try ServiceQueries.watching(change.monitor, scope: scope, in: db, now: now) {
      let before = service.monitors.map { $0.id == change.monitor ? change.from : $0.status }
      let observedBefore = ServiceRule.observed(before, engineSeen: seen, now: now)
      let moved = try states.afterMonitor(service)
      if moved || observedBefore != service.observed { try announcer.service(service.id) }
    }
  }

  /// `resolved` goes only where `down` went.
  private static func tell(
    _ kind: Notice.Kind, _ change: MonitorChange, incident: IncidentID, _ publicID: PublicID<IncidentTag>,
    since: Instant, until: Instant?, in db: Connection, world: World
  ) throws {
    let scope = TenantScope(minting: change.organization)
    let organization = try OrganizationQueries.find(scope: scope, in: db)?.name ?? ""
    var facts: [Notice.Fact] = []
    if let region = change.region { facts.append(.init("Region", region)) }
    if let failure = change.failure { facts.append(.init("Phase", failure.phase.name)) }
    if let status = change.httpStatus { facts.append(.init("HTTP status", String(status))) }
    let notice = Notice(
      kind: kind, organization: organization, at: change.at, name: change.name, monitorID: change.publicID.text,
      address: change.url, incidentID: publicID.text, since: since, until: until, reason: change.failure?.message ?? "",
      facts: kind == .down ? facts : [])
    try NotificationQueries.enqueue(
      kind: kind.rawValue, incident: incident, dedup: "\(publicID.text)/\(kind.rawValue)", payload: notice.json.text,
      organization: change.organization,
      after: kind == .resolved ? "\(publicID.text)/\(Notice.Kind.down.rawValue)" : nil, in: db, world: world)
  }
}
