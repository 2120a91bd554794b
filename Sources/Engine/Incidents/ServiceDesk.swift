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
    if given == nil { _ = try ServiceStates(scope: scope, db: db, world: world).release(existing(id)) }
    var announcer = Announcer(scope: scope, db: db, world: world)
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
    let states = ServiceStates(scope: scope, db: db, world: world)
    let service = try existing(before.id)
    switch state {
    case .asItIs:
      // A new name moves nothing; other monitors may.
      if service.monitors != before.monitors { _ = try states.afterMonitor(service) }
    case .byMonitors: _ = try states.release(service)
    case .set(let status): _ = try states.set(service, to: status)
    }
    var announcer = Announcer(scope: scope, db: db, world: world)
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

  private func existing(_ id: ServiceID) throws -> ServiceRow {
    guard let found = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else {
      throw IncidentRefusal.notFound
    }
    return found
  }
}
