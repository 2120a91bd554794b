import Domain
import Engine
import HTTPServer
import JSON
import Store

extension API {
  /// Channels and the log of what went over them.
  func channels(_ call: Call) async throws -> Response {
    switch call.operation {
    case .listChannels: try await ChannelAPI.list(call.known(), context)
    case .createChannel: try await ChannelAPI.create(call.known(), context)
    case .showChannel: try await ChannelAPI.show(call.known(), context)
    case .updateChannel: try await ChannelAPI.update(call.known(), context)
    case .deleteChannel: try await ChannelAPI.delete(call.known(), context)
    case .testChannel: try await ChannelAPI.test(call.known(), context)
    case .listNotifications: try await NotificationAPI.list(call.known(), context)
    case .resendNotification: try await NotificationAPI.resend(call.known(), context)
    default: throw Problem.notFound
    }
  }
}

/// Channels: settings are written, secrets are never read again.
enum ChannelAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let all = try await context.store.read { try ChannelQueries.list(scope: request.scope, in: $0) }
    let shown = all.dropFirst(paging.offset).prefix(paging.rows).map { json($0) }
    return .list(shown, total: all.count, paging)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    .json(json(try await existing(request, context)))
  }

  /// A webhook's secret is shown this once.
  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let kind = body.choice("kind", Kind.self)
    let name = body.text("name")
    let settings = body.raw("settings") ?? .object([])
    if settings.members == nil { body.refuse("settings", "must be an object") }
    let enabled = body.bool("enabled", or: true)
    try body.finish()
    let draft = try draft(kind: kind.rawValue, name: name, settings: settings, enabled: enabled)
    let row = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      let id = try ChannelQueries.create(
        draft, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
      return try ChannelQueries.find(id, scope: request.scope, in: db)
    }
    guard let row, case .object(var members) = json(row) else { throw Problem.notFound }
    members.append(.init("secret", JSON(ChannelDesk.secret(draft.settings, kind: draft.kind))))
    return .json(.object(members), status: 201)
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let old = try await existing(request, context)
    let stored = try old.settings(context.store.sealer)
    let name = body.text("name", or: old.name)
    let settings = body.raw("settings") ?? stored
    if settings.members == nil { body.refuse("settings", "must be an object") }
    let enabled = body.bool("enabled", or: old.enabled)
    try body.finish()
    let draft = try draft(kind: old.kind, name: name, settings: settings, keeping: stored, enabled: enabled)
    let row = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      let isThere = try ChannelQueries.update(
        old.publicID, to: draft, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
      return isThere ? try ChannelQueries.find(old.publicID, scope: request.scope, in: db) : nil
    }
    guard let row else { throw Problem.notFound }
    return .json(json(row))
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<ChannelTag>.self)
    let isGone = try await context.store.write { [world = context.world] db in
      try ChannelQueries.delete(id, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard isGone else { throw Problem.notFound }
    return .noContent
  }

  static func test(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    try request.body().finish()
    let row = try await existing(request, context)
    guard let test = context.testChannel else { throw Problem.unavailable("This process sends no messages.") }
    let outcome = await test(row, request.principal.name)
    return .json(["delivered": .bool(outcome.isDelivered), "detail": .string(outcome.detail)])
  }

  enum Kind: String, CaseIterable { case webhook, email, slack }

  private static func draft(
    kind: String, name: String, settings: JSON, keeping old: JSON? = nil, enabled: Bool
  ) throws(Problem) -> ChannelDraft {
    do throws(ChannelRefusal) {
      return try ChannelDesk.draft(kind: kind, name: name, settings: settings, keeping: old, enabled: enabled)
    } catch {
      throw .invalid("/settings" + (error.field.isEmpty ? "" : "/\(error.field)"), error.detail)
    }
  }

  private static func existing(_ request: APIRequest, _ context: WebContext) async throws -> ChannelRow {
    let id = try request.id(PublicID<ChannelTag>.self)
    let found = try await context.store.read { try ChannelQueries.find(id, scope: request.scope, in: $0) }
    guard let found else { throw Problem.notFound }
    return found
  }

  /// Settings are written, never read: the summary says where it leads.
  private static func json(_ row: ChannelRow) -> JSON {
    [
      "id": JSON(row.publicID), "kind": .string(row.kind), "name": .string(row.name),
      "summary": .string(row.summary), "enabled": .bool(row.enabled), "disabled_reason": JSON(row.disabledReason),
      "created_at": JSON(row.createdAt), "updated_at": JSON(row.updatedAt),
    ]
  }
}

/// Every message, and those given up.
enum NotificationAPI {
  enum State: String, CaseIterable { case pending, claimed, sent, dead }

  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let state = try request.query.choice("state", State.self)
    let found = try await context.store.read { db in
      try NotificationQueries.list(
        state: state?.rawValue, page: paging.page, rows: paging.rows, scope: request.scope, in: db)
    }
    return .list(found.rows.map(json), total: found.total, paging)
  }

  static func resend(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<NotificationTag>.self)
    try request.body().finish()
    let row = try await context.store.write { [world = context.world] db -> NotificationRow in
      guard try NotificationQueries.find(id, scope: request.scope, in: db) != nil else { throw Problem.notFound }
      let isQueued = try NotificationQueries.resend(
        id, scope: request.scope, by: request.principal, in: db, world: world)
      guard isQueued, let row = try NotificationQueries.find(id, scope: request.scope, in: db) else {
        throw Problem.conflict("not_dead", "Only a message that was given up can be sent again.")
      }
      return row
    }
    return .json(json(row))
  }

  /// The payload stays inside: it is the receiver's.
  private static func json(_ row: NotificationRow) -> JSON {
    [
      "id": JSON(row.publicID), "kind": .string(row.kind), "channel_id": JSON(row.channel?.text),
      "channel_name": JSON(row.channelName), "incident_id": JSON(row.incident?.text), "state": .string(row.state),
      "attempts": .int(Int64(row.attempts)), "next_at": row.state == "pending" ? JSON(row.nextAt) : .null,
      "last_error": JSON(row.lastError), "created_at": JSON(row.createdAt), "done_at": JSON(row.doneAt),
    ]
  }
}
