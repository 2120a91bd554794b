import Domain
import Engine
import HTTPServer
import Store

/// Finds out who asks and whether the route's policy lets them in: on the matched route, before the body is read.
struct Gatekeeper: Sendable {
  let context: WebContext

  init(_ context: WebContext) { self.context = context }

  /// Throws 401 without or with a wrong credential, 403 for a policy that does not fit and for writes from another site.
  func admit(_ visit: Visit, policy: Policy, arguments: [String]) async throws -> APIRequest {
    guard let identity = try await identify(visit) else { throw Problem.unauthenticated }
    let authority: Authority
    var session: SignedIn?
    switch identity.kind {
    case .session(let person):
      try Self.refuseForeignWrite(visit)
      authority = .role(person.role)
      session = person
    case .key(let key): authority = key.scope == .write ? .writeKey : .readKey
    }
    guard authority.allows(policy) else { throw Problem.forbidden }
    return APIRequest(
      request: visit.request, arguments: arguments, query: try RequestQuery(target: visit.request.target),
      scope: identity.scope, principal: identity.principal, authority: authority, session: session)
  }

  /// A key where there is one, else the cookie's session; never both.
  func identify(_ visit: Visit) async throws -> Access.Identity? {
    switch visit.credential {
    case .key(let key): return try await context.access.identify(key: key, client: visit.client)
    case .malformed: return nil
    case .none:
      guard let token = visit.sessionToken else { return nil }
      return try await context.access.identify(session: token, client: visit.client)
    }
  }

  static func isRead(_ method: String) -> Bool { method == "GET" || method == "HEAD" }

  /// A write that rests on a cookie must say that our own page sent it.
  static func refuseForeignWrite(_ visit: Visit) throws(Problem) {
    guard !isRead(visit.request.method), visit.site != .same else { return }
    throw Problem(
      403, "cross_site", "A write with a session cookie needs this site's own Origin or Sec-Fetch-Site: same-origin.")
  }

  /// What sets a cookie for whoever asks (login, sign-up) must not come from another site's page.
  static func refuseCrossSite(_ visit: Visit) throws(Problem) {
    guard visit.site != .cross else {
      throw Problem(403, "cross_site", "This came from another site's page and was not carried out.")
    }
  }
}
