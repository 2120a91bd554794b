import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Services: members read, admins write.
enum ServiceAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let now = context.world.now()
    let found = try await context.store.read { db in
      try ServiceQueries.page(scope: request.scope, offset: paging.offset, rows: paging.rows, in: db, now: now)
    }
    return .list(found.rows.map { json($0) }, total: found.total, paging)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    .json(json(try await existing(request, context)))
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let draft = draft(body, ServiceDraft(name: ""), isNew: true)
    let state = state(body)
    try body.finish()
    let made = try await desk(request, context) { try $0.create(draft, state: state) }
    return .json(json(made), status: 201)
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<ServiceTag>.self)
    let body = try request.body()
    let old = try await existing(request, context)
    let was = ServiceDraft(
      name: old.name, description: old.description, isActive: old.isActive, monitors: old.monitors.map(\.publicID))
    let draft = draft(body, was, isNew: false)
    let state = state(body)
    try body.finish()
    return .json(json(try await desk(request, context) { try $0.update(id, to: draft, state: state) }))
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<ServiceTag>.self)
    try await desk(request, context) { try $0.delete(id) }
    return .noContent
  }

  /// Visitors see no monitors.
  static func json(_ row: ServiceRow, isPublic: Bool = false) -> JSON {
    [
      "id": JSON(row.publicID), "name": .string(row.name), "description": .string(row.description),
      "status": .string(row.status.rawValue), "status_display": .string(row.status.display),
      "observed": .string(row.observed.rawValue), "is_active": .bool(row.isActive),
      "valid_next_states": .array(
        row.status.validNextStates.map { ["value": .string($0.rawValue), "label": .string($0.display)] }),
      "monitors": .array(isPublic ? [] : row.monitors.map { JSON($0.publicID) }), "created_at": JSON(row.createdAt),
      "updated_at": JSON(row.updatedAt),
    ]
  }

  // MARK: Private

  private static func draft(_ body: JSONReader, _ old: ServiceDraft, isNew: Bool) -> ServiceDraft {
    ServiceDraft(
      name: isNew ? body.text("name") : body.text("name", or: old.name),
      description: body.prose("description", 0...Limits.proseCharactersMax, or: old.description),
      isActive: body.bool("is_active", or: old.isActive),
      monitors: body.ids(
        "monitors", PublicID<MonitorTag>.self, max: Limits.monitorsPerServiceMax, or: old.monitors))
  }

  /// Absent leaves it, null gives it back to incidents and monitors.
  private static func state(_ body: JSONReader) -> ServiceDesk.State {
    guard body.has("status") else { return .asItIs }
    return body.raw("status")?.isNull == true ? .byMonitors : .set(body.choice("status", ServiceStatus.self))
  }

  private static func existing(_ request: APIRequest, _ context: WebContext) async throws -> ServiceRow {
    let id = try request.id(PublicID<ServiceTag>.self)
    let now = context.world.now()
    let found = try await context.store.read { db in
      try ServiceQueries.find(id, scope: request.scope, in: db, now: now)
    }
    guard let found else { throw Problem.notFound }
    return found
  }

  private static func desk<T: Sendable>(
    _ request: APIRequest, _ context: WebContext, _ body: @escaping @Sendable (ServiceDesk) throws -> T
  ) async throws -> T {
    do {
      return try await context.store.write { [world = context.world] db in
        try body(ServiceDesk(scope: request.scope, by: request.principal, in: db, world: world))
      }
    } catch is IncidentRefusal {
      throw Problem.notFound
    } catch UnknownReference.monitor(let index) {
      throw Problem.invalid("/monitors/\(index)", "is no monitor of this organization")
    } catch is ServiceDesk.TooMany {
      throw Problem.conflict("too_many_services", "An organization has at most \(Limits.servicesPerOrganizationMax).")
    }
  }
}
