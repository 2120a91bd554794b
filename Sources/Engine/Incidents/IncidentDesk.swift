import Domain
import JSON
import SQLite
import Store

/// Why a person's change to an incident or a service is not made.
public enum IncidentRefusal: Error, Hashable, Sendable {
  case notFound
  /// A service that the organization does not have, by its place in the list.
  case unknownService(Int)
  case serviceTwice(Int)
  /// Incidents only worsen a service; `from` is where it stands.
  case cannotMove(index: Int, from: ServiceStatus, to: ServiceStatus)
  case cannotGo(from: IncidentStatus, to: IncidentStatus)
  /// Resolved or deleted, acknowledged or moved by somebody else meanwhile.
  case movedMeanwhile
}

/// Incidents as people run them: each change with its audit row, its live events and what it means for the services.
public struct IncidentDesk {
  let scope: TenantScope
  let principal: Principal
  let db: Connection
  let world: World

  public init(scope: TenantScope, by principal: Principal, in db: Connection, world: World) {
    self.scope = scope
    self.principal = principal
    self.db = db
    self.world = world
  }

  public struct Opening: Sendable {
    public var title: String
    public var description: String
    public var status: IncidentStatus
    public var message: String
    public var startedAt: Instant
    public var services: [(id: PublicID<ServiceTag>, to: ServiceStatus)]

    public init(
      title: String, description: String, status: IncidentStatus, message: String, startedAt: Instant,
      services: [(id: PublicID<ServiceTag>, to: ServiceStatus)]
    ) {
      self.title = title
      self.description = description
      self.status = status
      self.message = message
      self.startedAt = startedAt
      self.services = services
    }
  }

  /// Opens an incident and moves its services. Throws `IncidentRefusal`.
  public func open(_ opening: Opening) throws -> IncidentRow {
    var impacts: [(row: ServiceRow, to: ServiceStatus)] = []
    for (index, one) in opening.services.enumerated() {
      guard let row = try ServiceQueries.find(one.id, scope: scope, in: db, now: world.now()) else {
        throw IncidentRefusal.unknownService(index)
      }
      guard !impacts.contains(where: { $0.row.id == row.id }) else { throw IncidentRefusal.serviceTwice(index) }
      guard IncidentRules.mayMove(from: row.status, to: one.to) else {
        throw IncidentRefusal.cannotMove(index: index, from: row.status, to: one.to)
      }
      impacts.append((row, one.to))
    }
    let draft = IncidentDraft(
      title: opening.title, description: opening.description, status: opening.status, startedAt: opening.startedAt,
      message: opening.message, author: principal.name)
    let made = try IncidentQueries.create(
      draft, impacts: impacts.map { ($0.row.id, $0.row.status, $0.to) }, scope: scope, in: db, world: world)
    try Audit.record(
      "incident.create", subject: made.publicID.text, detail: ["title": .string(opening.title)], scope: scope,
      by: principal, in: db, world: world)
    var announcer = Announcer(scope: scope, db: db, world: world)
    let states = ServiceStates(scope: scope, db: db, world: world)
    for impact in impacts where try states.worsen(impact.row, to: impact.to) { try announcer.service(impact.row.id) }
    try announcer.incident(made.id)
    try announcer.finish()
    return try existing(made.publicID)
  }

  /// Says what is known now. Throws `IncidentRefusal`.
  public func update(_ id: PublicID<IncidentTag>, to status: IncidentStatus, message: String) throws -> IncidentRow {
    let incident = try existing(id)
    guard IncidentRules.mayGo(from: incident.status, to: status) else {
      throw IncidentRefusal.cannotGo(from: incident.status, to: status)
    }
    let moved = try IncidentQueries.advance(
      incident, to: status, message: message, author: principal.name, at: world.now(), scope: scope, in: db,
      world: world)
    guard moved else { throw IncidentRefusal.movedMeanwhile }
    try Audit.record(
      "incident.update", subject: id.text, detail: ["status": .string(status.rawValue)], scope: scope, by: principal,
      in: db, world: world)
    try announce(incident, recalculating: status == .resolved)
    return try existing(id)
  }

  public func find(_ id: PublicID<IncidentTag>) throws -> IncidentRow? {
    try IncidentQueries.find(id, scope: scope, in: db)
  }

  /// Answers it unchanged when somebody has acknowledged it before.
  public func acknowledge(_ id: PublicID<IncidentTag>) throws -> IncidentRow {
    let incident = try existing(id)
    guard incident.isOpen || incident.acknowledgedAt != nil else {
      throw IncidentRefusal.cannotGo(from: incident.status, to: incident.status)
    }
    guard try IncidentQueries.acknowledge(incident, by: principal.name, scope: scope, in: db, world: world) else {
      return incident
    }
    try Audit.record("incident.acknowledge", subject: id.text, scope: scope, by: principal, in: db, world: world)
    try announce(incident, recalculating: false)
    return try existing(id)
  }

  /// Words and, when `status` says so, the status, which then needs no message of its own.
  public func edit(
    _ id: PublicID<IncidentTag>, title: String, description: String, postmortem: String?, status: IncidentStatus?
  ) throws -> IncidentRow {
    let incident = try existing(id)
    try IncidentQueries.edit(
      incident, title: title, description: description, postmortem: postmortem, scope: scope, in: db, world: world)
    try Audit.record(
      "incident.edit", subject: id.text,
      detail: ["title": .string(title), "postmortem": .bool(postmortem != nil)], scope: scope, by: principal, in: db,
      world: world)
    if let status, status != incident.status {
      return try update(id, to: status, message: "Status set to \(status.display).")
    }
    try announce(incident, recalculating: false)
    return try existing(id)
  }

  /// Soft: it disappears from lists and pages, its rows and its audit trail stay.
  public func delete(_ id: PublicID<IncidentTag>) throws {
    let incident = try existing(id)
    let pages = try StatusPageQueries.showing(incident.impacts.map(\.service), scope: scope, in: db)
    try IncidentQueries.delete(incident, scope: scope, in: db, world: world)
    try Audit.record(
      "incident.delete", subject: id.text, detail: ["title": .string(incident.title)], scope: scope, by: principal,
      in: db, world: world)
    var announcer = Announcer(scope: scope, db: db, world: world)
    if incident.isOpen { try recalculate(incident, &announcer) }
    try announcer.gone(.incident, id: id.text, pages: pages)
    try announcer.finish()
  }

  // MARK: Private

  private func existing(_ id: PublicID<IncidentTag>) throws -> IncidentRow {
    guard let found = try IncidentQueries.find(id, scope: scope, in: db) else { throw IncidentRefusal.notFound }
    return found
  }

  private func announce(_ incident: IncidentRow, recalculating: Bool) throws {
    var announcer = Announcer(scope: scope, db: db, world: world)
    if recalculating { try recalculate(incident, &announcer) }
    try announcer.incident(incident.id)
    try announcer.finish()
  }

  private func recalculate(_ incident: IncidentRow, _ announcer: inout Announcer) throws {
    let states = ServiceStates(scope: scope, db: db, world: world)
    for impact in incident.impacts where try states.afterEnd(of: incident.id, impact.service) {
      try announcer.service(impact.service)
    }
  }
}
