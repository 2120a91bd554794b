import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Status pages: members read, admins write.
enum StatusPageAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let pages = try await context.store.read { db in
      try StatusPageQueries.list(scope: request.scope, in: db).map { page in
        (page, try StatusPageQueries.services(of: page.id, scope: request.scope, in: db))
      }
    }
    let shown = pages.dropFirst(paging.offset).prefix(paging.rows).map { json($0.0, services: $0.1) }
    return .list(Array(shown), total: pages.count, paging)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<StatusPageTag>.self)
    let found = try await context.store.read { db in try existing(id, request.scope, in: db) }
    return .json(json(found.page, services: found.services))
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<StatusPageTag>.self)
    let body = try request.body()
    let old = try await context.store.read { db in try existing(id, request.scope, in: db) }
    let slug = body.text("slug", 1...Slug.bytesMax, or: old.page.slug)
    if slug != old.page.slug, !Slug.isAcceptable(slug) {
      body.refuse("slug", "must be lower-case letters, digits and single dashes, and no word of the product's own")
    }
    let draft = StatusPageDraft(
      slug: slug, name: body.text("name", or: old.page.name),
      description: body.prose("description", 0...Limits.proseCharactersMax, or: old.page.description),
      isPublic: body.bool("is_public", or: old.page.isPublic),
      services: body.has("services")
        ? body.ids("services", PublicID<ServiceTag>.self, max: Limits.servicesPerOrganizationMax, or: []) : nil)
    try body.finish()
    do {
      let saved = try await context.store.write { [world = context.world] db in
        let page = try existing(id, request.scope, in: db).page
        try StatusPageQueries.update(
          page, to: draft, scope: request.scope, by: request.principal, in: db, world: world)
        return try existing(id, request.scope, in: db)
      }
      return .json(json(saved.page, services: saved.services))
    } catch is SlugTaken {
      throw Problem.conflict("slug_taken", "Another page has this address; choose another slug.")
    } catch UnknownReference.service(let index) {
      throw Problem.invalid("/services/\(index)", "is no service of this organization")
    }
  }

  private static func existing(
    _ id: PublicID<StatusPageTag>, _ scope: TenantScope, in db: StoreConnection
  ) throws -> (page: StatusPageRow, services: [PublicID<ServiceTag>]) {
    guard let page = try StatusPageQueries.find(id, scope: scope, in: db) else { throw Problem.notFound }
    return (page, try StatusPageQueries.services(of: page.id, scope: scope, in: db))
  }

  static func json(_ row: StatusPageRow, services: [PublicID<ServiceTag>]) -> JSON {
    [
      "id": JSON(row.publicID), "slug": .string(row.slug), "name": .string(row.name),
      "description": .string(row.description), "is_public": .bool(row.isPublic),
      "services": .array(services.map { JSON($0) }), "created_at": JSON(row.createdAt),
      "updated_at": JSON(row.updatedAt),
    ]
  }
}

/// What anybody may read of a public page; a hidden page answers like an absent one.
enum PublicAPI {
  static func services(_ request: PublicRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let now = context.world.now()
    let all = try await read(request, context) { page, db in
      try ServiceQueries.shown(on: page.page.id, scope: page.scope, in: db, now: now)
    }
    let shown = all.dropFirst(paging.offset).prefix(paging.rows).map { ServiceAPI.json($0, isPublic: true) }
    return .list(Array(shown), total: all.count, paging)
  }

  static func incidents(_ request: PublicRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let isOpen = try request.query.choice("state", IncidentAPI.State.self).map { $0 == .open }
    let found = try await read(request, context) { page, db in
      try IncidentQueries.shown(
        on: page.page.id, isOpen: isOpen, scope: page.scope, offset: paging.offset, rows: paging.rows, in: db)
    }
    return .list(found.rows.map { IncidentAPI.json($0, isPublic: true) }, total: found.total, paging)
  }

  /// Worst service wins.
  static func status(_ request: PublicRequest, _ context: WebContext) async throws -> Response {
    let now = context.world.now()
    let (services, open, updatedAt) = try await read(request, context) { page, db in
      let services = try ServiceQueries.shown(on: page.page.id, scope: page.scope, in: db, now: now)
      let open = try IncidentQueries.openCount(on: page.page.id, scope: page.scope, in: db)
      return (services, open, services.map(\.updatedAt).reduce(page.page.updatedAt, max))
    }
    let overall = IncidentRules.overall(services.map(\.status))
    return .json([
      "status": .string(overall.rawValue), "status_display": .string(overall.display),
      "observed": .string(IncidentRules.overall(services.map(\.observed)).rawValue),
      "services_total": .int(Int64(services.count)), "incidents_open": .int(Int64(open)),
      "updated_at": JSON(updatedAt),
    ])
  }

  private static func read<T: Sendable>(
    _ request: PublicRequest, _ context: WebContext,
    _ body: @escaping @Sendable (PublishedPage, StoreConnection) throws -> T
  ) async throws -> T {
    guard let slug = request.arguments.first else { throw Problem.notFound }
    return try await context.strangers.look(for: slug, from: request.clientAddress) {
      try await context.store.read { db in
        try StatusPageQueries.publicPage(slug: slug, in: db).map { try body($0, db) }
      }
    }
  }
}
