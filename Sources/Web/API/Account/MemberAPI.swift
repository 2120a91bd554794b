import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Who belongs to the organization.
enum MemberAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let (rows, total) = try await context.store.read { db in
      (
        try MemberQueries.list(scope: request.scope, offset: paging.offset, rows: paging.rows, in: db),
        try MemberQueries.count(scope: request.scope, in: db)
      )
    }
    return .list(rows.map(json), total: total, paging)
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<AccountTag>.self)
    let body = try request.body()
    let role = body.choice("role", Role.self)
    try body.finish()
    return .json(
      json(
        try await context.access.setRole(
          role, of: id, asked: try request.person, scope: request.scope, by: request.principal)))
  }

  static func remove(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    try await context.access.removeMember(
      try request.id(PublicID<AccountTag>.self), asked: try request.person, scope: request.scope,
      by: request.principal)
    return .noContent
  }

  private static func json(_ row: MemberRow) -> JSON {
    [
      "id": JSON(row.id), "email": .string(row.email), "name": .string(row.name), "role": .string(row.role.rawValue),
      "joined_at": JSON(row.joined),
    ]
  }
}

/// Invitations that wait; without a mail server the link is there to copy.
enum InvitationAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let (rows, total) = try await context.store.read { db in
      (
        try InvitationQueries.list(scope: request.scope, offset: paging.offset, rows: paging.rows, in: db),
        try InvitationQueries.count(scope: request.scope, in: db)
      )
    }
    return .list(rows.map { .object(members($0)) }, total: total, paging)
  }

  static func create(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let email = body.text("email", 3...254)
    let role = body.choice("role", or: Role.member)
    try body.finish()
    let made = try await context.access.invite(
      email: email, role: role, asked: try request.person, scope: request.scope, by: request.principal)
    return .json(
      .object(
        members(made.row) + [
          .init("link", .string(visit.origin + Query(Paths.join).adding("token", made.token).path)),
          .init("mailed", .bool(made.mailed)),
        ]), status: 201)
  }

  static func revoke(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<InvitationTag>.self)
    let revoked = try await context.store.write { [world = context.world] db in
      try InvitationQueries.revoke(id, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard revoked else { throw Problem.notFound }
    return .noContent
  }

  /// As the person who is logged in, or as somebody new with a name and a password.
  static func accept(_ request: PublicRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    try Gatekeeper.refuseCrossSite(visit)
    let body = try request.body()
    let token = body.text("token", 1...200)
    if case .session(let person)? = try await Gatekeeper(context).identify(visit)?.kind {
      try Gatekeeper.refuseForeignWrite(visit)
      _ = (body.raw("name"), body.raw("password"))
      try body.finish()
      let session = try await context.access.acceptInvitation(token, as: person, client: visit.client)
      return try await AuthAPI.begun(session, visit, context, status: 200)
    }
    let name = body.text("name")
    let password = body.secret("password")
    try body.finish()
    let session = try await context.access.acceptInvitation(
      token, name: name, password: password, client: visit.client)
    return try await AuthAPI.begun(session, visit, context, status: 200)
  }

  private static func members(_ row: InvitationRow) -> [JSON.Member] {
    [
      .init("id", JSON(row.id)), .init("email", .string(row.email)), .init("role", .string(row.role.rawValue)),
      .init("invited_by", .string(row.invitedBy)), .init("created_at", JSON(row.created)),
      .init("expires_at", JSON(row.expires)),
    ]
  }
}
