import Domain
import Engine
import HTTPServer
import JSON
import Store

/// The organization at hand.
enum OrganizationAPI {
  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let found = try await context.store.read { try OrganizationQueries.find(scope: request.scope, in: $0) }
    guard let row = found else { throw Problem.notFound }
    return .json(json(row))
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let name = body.has("name") ? body.text("name") : nil
    try body.finish()
    if let name {
      try await context.store.write { [world = context.world] db in
        try OrganizationQueries.rename(to: name, scope: request.scope, by: request.principal, in: db, world: world)
      }
    }
    return try await show(request, context)
  }

  static func json(_ row: OrganizationRow) -> JSON {
    [
      "id": JSON(row.id), "name": .string(row.name), "slug": .string(row.slug), "created_at": JSON(row.created),
      "updated_at": JSON(row.updated),
    ]
  }
}

/// Keys of the organization; a key itself is shown once.
enum APIKeyAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let (rows, total) = try await context.store.read { db in
      (
        try APIKeyQueries.list(scope: request.scope, offset: paging.offset, rows: paging.rows, in: db),
        try APIKeyQueries.count(scope: request.scope, in: db)
      )
    }
    return .list(rows.map { .object(members($0)) }, total: total, paging)
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let name = body.text("name")
    let scope = body.choice("scope", APIKeyScope.self)
    let expires = body.instantOrNull("expires_at", or: nil)
    try body.finish()
    let made = try await context.access.createKey(
      name: name, keyScope: scope, expires: expires, asked: try request.person, scope: request.scope,
      by: request.principal)
    return .json(.object(members(made.row) + [.init("key", .string(made.key))]), status: 201)
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<APIKeyTag>.self)
    let deleted = try await context.store.write { [world = context.world] db in
      try APIKeyQueries.delete(id, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard deleted else { throw Problem.notFound }
    return .noContent
  }

  private static func members(_ row: APIKeyRow) -> [JSON.Member] {
    [
      .init("id", JSON(row.id)), .init("name", .string(row.name)), .init("prefix", .string("mk_\(row.keyID)")),
      .init("scope", .string(row.scope.rawValue)), .init("created_by", JSON(row.createdBy)),
      .init("created_at", JSON(row.created)), .init("expires_at", JSON(row.expires)), .init("used_at", JSON(row.used)),
    ]
  }
}
