import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Signing up, logging in and out, passwords forgotten.
enum AuthAPI {
  static func signUp(_ request: PublicRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    try Gatekeeper.refuseCrossSite(visit)
    let body = try request.body()
    let account = Access.NewAccount(
      email: body.text("email", 3...254), password: body.secret("password"), name: body.text("name"))
    let organization = body.text("organization")
    let token = body.textOrNull("setup_token", 1...200, or: nil)
    try body.finish()
    let session = try await context.access.signUp(
      account, organization: organization, setupToken: token, client: visit.client)
    return try await begun(session, visit, context, status: 201)
  }

  static func logIn(_ request: PublicRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    try Gatekeeper.refuseCrossSite(visit)
    let body = try request.body()
    let email = body.text("email", 1...254)
    let password = body.secret("password")
    try body.finish()
    let session = try await context.access.logIn(email: email, password: password, client: visit.client)
    return try await begun(session, visit, context, status: 200)
  }

  static func logOut(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    try request.body().finish()
    try await context.access.logOut(try request.person, scope: request.scope, by: request.principal)
    var response = Response.noContent
    response.headers.append(visit.endedCookie)
    return response
  }

  static func requestReset(_ request: PublicRequest, _ visit: Visit, _ context: WebContext) throws -> Response {
    let body = try request.body()
    let email = body.text("email", 1...254)
    try body.finish()
    try context.access.requestReset(email: email, client: visit.client)
    return .json(["detail": "If the address has an account, a link is on its way."], status: 202)
  }

  static func confirmReset(_ request: PublicRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let token = body.text("token", 1...200)
    let password = body.secret("password")
    try body.finish()
    try await context.access.confirmReset(token: token, password: password, client: visit.client)
    return .noContent
  }

  static func switchOrganization(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws
    -> Response
  {
    let body = try request.body()
    let id = body.id("organization_id", PublicID<OrganizationTag>.self)
    try body.finish()
    let session = try await context.access.switchOrganization(of: try request.person, to: id, client: visit.client)
    return try await begun(session, visit, context, status: 200)
  }

  /// Who is logged in now, with the cookie that says so from here on.
  static func begun(_ session: Access.NewSession, _ visit: Visit, _ context: WebContext, status: Int) async throws
    -> Response
  {
    .json(
      try await MeAPI.json(session.person, context), status: status,
      headers: [visit.cookie(for: session, now: context.world.now())])
  }
}

extension APIRequest {
  /// The person of a session; keys are refused.
  var person: SignedIn {
    get throws(Problem) {
      guard let session else { throw .forbidden }
      return session
    }
  }
}
