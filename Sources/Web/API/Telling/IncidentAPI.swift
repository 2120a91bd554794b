import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Incidents: members read, admins write.
enum IncidentAPI {
  /// Which incidents a list has.
  enum State: String, CaseIterable { case open, resolved }

  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let isOpen = try request.query.choice("state", State.self).map { $0 == .open }
    let found = try await context.store.read { db in
      try IncidentQueries.list(
        isOpen: isOpen, scope: request.scope, offset: paging.offset, rows: paging.rows, in: db)
    }
    return .list(found.rows.map { json($0) }, total: found.total, paging)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    let found = try await context.store.read { try IncidentQueries.find(id, scope: request.scope, in: $0) }
    guard let found else { throw Problem.notFound }
    return .json(json(found))
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let now = context.world.now()
    let title = body.text("title", 1...Limits.incidentTitleCharactersMax)
    let description = body.prose("description", 0...Limits.proseCharactersMax, or: "")
    let status = body.choice("status", or: Domain.IncidentStatus.investigating)
    if status == .resolved { body.refuse("status", "must be open; resolve it with an update") }
    let message = body.prose("message", 1...Limits.proseCharactersMax, or: description.isEmpty ? title : description)
    let startedAt = body.instant("started_at", or: now)
    if startedAt > now { body.refuse("started_at", "must not be in the future") }
    let services = services(body)
    try body.finish()
    let opening = IncidentDesk.Opening(
      title: title, description: description, status: status, message: message, startedAt: startedAt,
      services: services.list)
    let made = try await desk(request, context, isSingle: services.isSingle) { try $0.open(opening) }
    return .json(json(made), status: 201)
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    let body = try request.body()
    let found = try await context.store.read { try IncidentQueries.find(id, scope: request.scope, in: $0) }
    guard let old = found else { throw Problem.notFound }
    let title = body.text("title", 1...Limits.incidentTitleCharactersMax, or: old.title)
    let description = body.prose("description", 0...Limits.proseCharactersMax, or: old.description)
    let postmortem = body.proseOrNull("postmortem", 1...Limits.postmortemCharactersMax, or: old.postmortem)
    let status = body.choice("status", or: old.status)
    try body.finish()
    let edited = try await desk(request, context) {
      try $0.edit(id, title: title, description: description, postmortem: postmortem, status: status)
    }
    return .json(json(edited))
  }

  static func addUpdate(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    let body = try request.body()
    let found = try await context.store.read { try IncidentQueries.find(id, scope: request.scope, in: $0) }
    guard let old = found else { throw Problem.notFound }
    let status = body.choice("status", or: old.status)
    let message = body.prose("message", 1...Limits.proseCharactersMax)
    try body.finish()
    let updated = try await desk(request, context) { try $0.update(id, to: status, message: message) }
    return .json(json(updated), status: 201)
  }

  static func acknowledge(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    try request.body().finish()
    return .json(json(try await desk(request, context) { try $0.acknowledge(id) }))
  }

  /// How each region voted over time, for each monitor of the incident.
  static func votes(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    let now = context.world.now()
    let (scope, sealer) = (request.scope, context.store.sealer)
    let found = try await context.store.read { db -> [IncidentVotes]? in
      guard let row = try IncidentQueries.find(id, scope: scope, in: db) else { return nil }
      return try row.monitors.compactMap { id in
        guard let monitor = try MonitorQueries.find(id, scope: scope, in: db, sealer: sealer) else { return nil }
        return try IncidentVotes(row, monitor, scope: scope, now: now, in: db)
      }
    }
    guard let found else { throw Problem.notFound }
    return .json(["results": .array(found.map(\.json))])
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<IncidentTag>.self)
    try await desk(request, context) { try $0.delete(id) }
    return .noContent
  }

  /// Visitors see neither who wrote nor which monitors.
  static func json(_ row: StoredIncident, isPublic: Bool = false) -> JSON {
    [
      "id": JSON(row.publicID), "title": .string(row.title), "description": .string(row.description),
      "status": .string(row.status.rawValue), "status_display": .string(row.status.display),
      "started_at": JSON(row.startedAt), "acknowledged_at": JSON(row.acknowledgedAt),
      "acknowledged_by": isPublic ? .null : JSON(row.acknowledgedBy),
      "resolved_at": JSON(row.resolvedAt),
      "services": .array(
        row.impacts.map {
          [
            "id": JSON($0.publicID), "name": .string($0.name), "from_state": .string($0.from.rawValue),
            "to_state": .string($0.to.rawValue),
          ]
        }),
      "updates": .array(
        row.updates.map {
          [
            "id": JSON($0.publicID), "status": .string($0.status.rawValue), "message": .string($0.message),
            "created_at": JSON($0.createdAt), "author": isPublic ? .null : .string($0.author),
          ]
        }),
      "cause": .string(row.cause.rawValue), "monitor_ids": .array(isPublic ? [] : row.monitors.map { JSON($0) }),
      "caused_by": isPublic ? .null : row.causedBy.map { JSON($0.publicID) } ?? .null,
      "causing": .array(isPublic ? [] : row.causing.map { JSON($0.publicID) }),
      "postmortem": JSON(row.postmortem), "created_at": JSON(row.createdAt), "updated_at": JSON(row.updatedAt),
    ]
  }

  // MARK: Private

  /// `services: [{id, to_state}]`, or the single `service_id` and `to_state`.
  private static func services(
    _ body: JSONReader
  ) -> (list: [(id: PublicID<ServiceTag>, to: ServiceStatus)], isSingle: Bool) {
    if body.has("service_id") || body.has("to_state") {
      if body.has("services") { body.refuse("services", "stands beside service_id; give one of them") }
      _ = body.raw("services")
      return ([(body.id("service_id", PublicID<ServiceTag>.self), body.choice("to_state", ServiceStatus.self))], true)
    }
    let list = body.objects("services", 0...Limits.servicesPerIncidentMax, or: []) { one in
      (id: one.id("id", PublicID<ServiceTag>.self), to: one.choice("to_state", ServiceStatus.self))
    }
    return (list, false)
  }

  private static func desk<T: Sendable>(
    _ request: APIRequest, _ context: WebContext, isSingle: Bool = false,
    _ body: @escaping @Sendable (IncidentDesk) throws -> T
  ) async throws -> T {
    do {
      return try await context.store.write { [world = context.world] db in
        try body(IncidentDesk(scope: request.scope, by: request.principal, in: db, world: world))
      }
    } catch let refusal as IncidentRefusal {
      throw problem(refusal, isSingle: isSingle)
    }
  }

  private static func problem(_ refusal: IncidentRefusal, isSingle: Bool) -> Problem {
    switch refusal {
    case .notFound: .notFound
    case .unknownService(let index):
      .invalid(isSingle ? "/service_id" : "/services/\(index)/id", "is no service of this organization")
    case .serviceTwice(let index): .invalid("/services/\(index)/id", "is named twice")
    case .cannotMove(let index, let from, let to):
      .invalid(
        isSingle ? "/to_state" : "/services/\(index)/to_state",
        "cannot be \(to.rawValue) while the service is \(from.rawValue): an incident only worsens a service")
    case .cannotGo(let from, let to):
      .conflict(
        "invalid_transition",
        from == .resolved
          ? "The incident is resolved and stays so; open another one."
          : "An incident goes forward only: not from \(from.rawValue) to \(to.rawValue).")
    case .movedMeanwhile: .conflict("moved_meanwhile", "Somebody changed the incident meanwhile; load it again.")
    }
  }
}
