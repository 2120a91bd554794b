import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Ways to tell people. Secrets are written, never read; one that was made here is shown once.
enum ChannelAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let rows = try await context.store.read { try ChannelQueries.list(scope: request.scope, in: $0) }
    return .json(["results": .array(try rows.map { try json($0, context) })])
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let kind = body.choice("type", Kind.self)
    let name = body.text("name")
    let settings = body.raw("settings") ?? .object([])
    if settings.members == nil { body.refuse("settings", "must be an object") }
    let enabled = body.bool("enabled", or: true)
    try body.finish()
    let draft = try ChannelRules.draft(
      kind: kind.rawValue, name: name, settings: settings, over: nil, enabled: enabled)
    let row = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      let id = try ChannelQueries.create(
        draft, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
      return try ChannelQueries.find(id, scope: request.scope, in: db)
    }
    guard let row else { throw Problem.notFound }
    return .json(try json(row, context, showingSecrets: true), status: 201)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    .json(try json(try await find(request, context), context))
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let old = try await find(request, context)
    let body = try request.body()
    let name = body.text("name", or: old.name)
    let settings = body.raw("settings") ?? .object([])
    if settings.members == nil { body.refuse("settings", "must be an object") }
    let enabled = body.bool("enabled", or: old.enabled)
    try body.finish()
    let draft = try ChannelRules.draft(
      kind: old.kind, name: name, settings: settings, over: try old.settings(context.store.sealer), enabled: enabled)
    let changed = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      try ChannelQueries.update(
        old.publicID, to: draft, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
    }
    guard changed else { throw Problem.notFound }
    return .json(try json(try await find(request, context), context))
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<ChannelTag>.self)
    let deleted = try await context.store.write { [world = context.world] db in
      try ChannelQueries.delete(id, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard deleted else { throw Problem.notFound }
    return .noContent
  }

  static func test(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let channel = try await find(request, context)
    try request.body().finish()
    let outcome = try await context.testChannel(channel.publicID, request.scope, request.principal.name)
    guard let outcome else { throw Problem.notFound }
    return .json(["delivered": .bool(outcome.isDelivered), "detail": .string(outcome.reason)])
  }

  private enum Kind: String, CaseIterable { case webhook, email, slack }

  private static func find(_ request: APIRequest, _ context: WebContext) async throws -> ChannelRow {
    let id = try request.id(PublicID<ChannelTag>.self)
    let found = try await context.store.read { try ChannelQueries.find(id, scope: request.scope, in: $0) }
    guard let found else { throw Problem.notFound }
    return found
  }

  private static func json(_ row: ChannelRow, _ context: WebContext, showingSecrets: Bool = false) throws -> JSON {
    let settings = try row.settings(context.store.sealer)
    return [
      "id": JSON(row.publicID), "type": .string(row.kind), "name": .string(row.name),
      "settings": showingSecrets ? settings : ChannelRules.masked(settings, kind: row.kind),
      "summary": .string(row.summary), "enabled": .bool(row.enabled), "disabled_reason": JSON(row.disabledReason),
      "created_at": JSON(row.createdAt), "updated_at": JSON(row.updatedAt),
    ]
  }
}

/// What was sent, what waits, and the dead letters.
enum NotificationAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let state = try request.query.choice("state", State.self)
    let found = try await context.store.read { db in
      try NotificationQueries.list(
        states: state.map { [$0.rawValue] } ?? [], page: paging.page, rows: paging.rows, scope: request.scope, in: db)
    }
    return .list(try found.rows.map(json), total: found.total, paging)
  }

  /// Puts a dead letter back into the queue.
  static func resend(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<NotificationTag>.self)
    try request.body().finish()
    let row = try await context.store.write { [world = context.world] db -> NotificationRow in
      guard try NotificationQueries.find(id, scope: request.scope, in: db) != nil else { throw Problem.notFound }
      guard try NotificationQueries.resend(id, scope: request.scope, by: request.principal, in: db, world: world) else {
        throw Problem.conflict("not_dead", "Only a message that was given up can be sent again.")
      }
      guard let row = try NotificationQueries.find(id, scope: request.scope, in: db) else { throw Problem.notFound }
      return row
    }
    return .json(try json(row), status: 202)
  }

  enum State: String, CaseIterable { case pending, claimed, sent, dead }

  private static func json(_ row: NotificationRow) throws -> JSON {
    [
      "id": JSON(row.publicID), "channel_id": row.channel.map { JSON($0) } ?? .null,
      "channel_name": JSON(row.channelName), "kind": .string(row.kind),
      "incident_id": row.incident.map { JSON($0) } ?? .null, "payload": try JSON(parsing: row.payload),
      "state": .string(row.state), "attempts": JSON(row.attempts), "next_at": JSON(row.nextAt),
      "last_error": JSON(row.lastError), "created_at": JSON(row.createdAt), "done_at": JSON(row.doneAt),
    ]
  }
}
