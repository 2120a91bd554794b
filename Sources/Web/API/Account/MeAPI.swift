import Domain
import Engine
import HTTPServer
import JSON
import Store

/// The person who is logged in.
enum MeAPI {
  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    .json(try await json(try request.person, context))
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let person = try request.person
    let body = try request.body()
    let name = body.text("name", or: person.name)
    let email = body.text("email", 3...254, or: person.email)
    let password = body.has("password") ? body.secret("password") : nil
    try body.finish()
    try await context.access.update(
      person, name: name, email: email, password: password, scope: request.scope, by: request.principal)
    return .json(try await json(person, context))
  }

  static func changePassword(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let old = body.secret("current_password")
    let new = body.secret("new_password")
    try body.finish()
    try await context.access.changePassword(
      of: try request.person, from: old, to: new, scope: request.scope, by: request.principal)
    return .noContent
  }

  /// Leaves the organization that the session is set to, and ends the session with it.
  static func leave(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    try await context.access.leave(try request.person, scope: request.scope, by: request.principal)
    var response = Response.noContent
    response.headers.append(visit.endedCookie)
    return response
  }

  static func json(_ person: SignedIn, _ context: WebContext) async throws -> JSON {
    let found = try await context.store.read { db in
      (
        account: try AccountQueries.find(person.account, in: db),
        memberships: try OrganizationQueries.memberships(of: person.account, in: db)
      )
    }
    guard let account = found.account else { throw Problem.unauthenticated }
    func organization(_ membership: MembershipRow) -> JSON {
      [
        "id": JSON(membership.organization.id), "name": .string(membership.organization.name),
        "slug": .string(membership.organization.slug), "role": .string(membership.role.rawValue),
      ]
    }
    return [
      "id": JSON(account.id), "email": .string(account.email), "name": .string(account.name),
      "created_at": JSON(account.created), "session_id": JSON(person.sessionID),
      "organization_id": JSON(person.organizationID), "role": .string(person.role.rawValue),
      "organizations": .array(found.memberships.map(organization)),
    ]
  }
}

/// Where the person is logged in.
enum SessionAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let person = try request.person
    let sessions = try await context.access.sessions(of: person)
    return .json([
      "results": .array(
        sessions.map { session in
          [
            "id": JSON(session.id), "is_current": .bool(session.key == person.session),
            "organization_id": JSON(session.organization), "user_agent": .string(session.userAgent),
            "address": .string(session.address), "created_at": JSON(session.created), "seen_at": JSON(session.seen),
            "expires_at": JSON(session.expires),
          ]
        })
    ])
  }

  static func end(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    let person = try request.person
    let id = try request.id(PublicID<SessionTag>.self)
    try await context.access.endSession(id, of: person, scope: request.scope, by: request.principal)
    var response = Response.noContent
    if id == person.sessionID { response.headers.append(visit.endedCookie) }
    return response
  }

  static func endOthers(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let ended = try await context.access.endOtherSessions(
      of: try request.person, scope: request.scope, by: request.principal)
    return .json(["ended": .int(Int64(ended))])
  }
}
