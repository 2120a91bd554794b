import Domain
import SQLite
import Store

/// Services as people arrange them.
public struct ServiceDesk {
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

  /// What a person says of the state.
  public enum State: Hashable, Sendable {
    /// Nothing: it follows what changed.
    case asItIs
    /// As incidents and monitors say, whatever was set before.
    case byMonitors
    case set(ServiceStatus)
  }

  public struct TooMany: Error, Hashable, Sendable {}

  /// Throws `UnknownReference.monitor` and `TooMany`.
  public func create(_ draft: ServiceDraft, state: State) throws -> ServiceRow {
    let count = try ServiceQueries.page(scope: scope, offset: 0, rows: 0, in: db, now: world.now()).total
    guard count < Limits.servicesPerOrganizationMax else { throw TooMany() }
    var given: ServiceStatus?
    if case .set(let status) = state { given = status }
    let id = try ServiceQueries.create(draft, status: given, scope: scope, by: principal, in: db, world: world)
    var announcer = Announcer(scope: scope, db: db, world: world)
    try adopt(existing(id), &announcer)
    let states = ServiceStates(scope: scope, db: db, world: world)
    if let given { _ = try states.set(existing(id), to: given) } else { _ = try states.release(existing(id)) }
    try announcer.service(id)
    try announcer.finish()
    return try existing(id)
  }

  /// Throws `UnknownReference.monitor` and `IncidentRefusal.notFound`.
  public func update(_ id: PublicID<ServiceTag>, to draft: ServiceDraft, state: State) throws -> ServiceRow {
    guard let before = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else {
      throw IncidentRefusal.notFound
    }
    let pagesBefore = try StatusPageQueries.showing([before.id], scope: scope, in: db)
    try ServiceQueries.update(before, to: draft, scope: scope, by: principal, in: db, world: world)
    var announcer = Announcer(scope: scope, db: db, world: world)
    let states = ServiceStates(scope: scope, db: db, world: world)
    try adopt(existing(before.id), &announcer)
    let left = try leave(before, pages: pagesBefore, &announcer)
    let service = try existing(before.id)
    switch state {
    case .asItIs:
      if let left, !service.isSetByHand {
        _ = try states.afterEnd(of: left, service.id)
      } else if service.monitors != before.monitors {
        // A new name moves nothing; other monitors may.
        _ = try states.afterMonitor(service)
      }
    case .byMonitors: _ = try states.release(service)
    case .set(let status): _ = try states.set(service, to: status)
    }
    try announcer.service(before.id)
    if before.isActive, !draft.isActive { try announcer.hidden(before, pages: pagesBefore) }
    try announcer.finish()
    return try existing(before.id)
  }

  /// Soft. Incidents that name it keep its name.
  public func delete(_ id: PublicID<ServiceTag>) throws {
    guard let service = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else {
      throw IncidentRefusal.notFound
    }
    let pages = try StatusPageQueries.showing([service.id], scope: scope, in: db)
    try ServiceQueries.delete(service, scope: scope, by: principal, in: db, world: world)
    var announcer = Announcer(scope: scope, db: db, world: world)
    try announcer.gone(.service, id: id.text, pages: pages)
    try announcer.finish()
  }

  /// The open incidents of its monitors are its own from here on: what is down already counts as what goes down next,
  /// and puts it where going down would have.
  private func adopt(_ service: ServiceRow, _ announcer: inout Announcer) throws {
    for monitor in service.monitors {
      guard let incident = try IncidentQueries.open(of: monitor.id, scope: scope, in: db) else { continue }
      if try IncidentQueries.join(incident.id, service: service.id, from: service.status, to: .major, in: db) {
        _ = try ServiceStates(scope: scope, db: db, world: world).worsen(existing(service.id), to: .major)
        try announcer.incident(incident.id)
      }
    }
  }

  /// The open incidents of monitors that it has no more are its own no more, as if they had ended for it. Answers one of
  /// those that it left.
  private func leave(
    _ before: ServiceRow, pages: [StatusPageID], _ announcer: inout Announcer
  ) throws -> IncidentID? {
    let kept = Set(try existing(before.id).monitors.map(\.publicID))
    var left: IncidentID?
    for monitor in before.monitors where !kept.contains(monitor.publicID) {
      guard let incident = try IncidentQueries.open(of: monitor.id, scope: scope, in: db),
        kept.isDisjoint(with: incident.monitors),
        try IncidentQueries.leave(incident.id, service: before.id, in: db)
      else { continue }
      left = incident.id
      try announcer.left(incident.id, pages: pages)
    }
    return left
  }

  private func existing(_ id: ServiceID) throws -> ServiceRow {
    guard let found = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else {
      throw IncidentRefusal.notFound
    }
    return found
  }
}
