import Domain
import HTML
import HTTPServer
import Store

/// One page or form: where it stands, who may, what it answers.
struct PageRoute: Sendable {
  let method: String
  /// `/monitors/{id}/edit`
  let pattern: String
  let policy: Policy
  let handler: @Sendable (PageRequest) async throws -> Response

  static func get(
    _ pattern: String, _ policy: Policy = .session,
    _ handler: @escaping @Sendable (PageRequest) async throws -> Response
  ) -> PageRoute { PageRoute(method: "GET", pattern: pattern, policy: policy, handler: handler) }

  static func post(
    _ pattern: String, _ policy: Policy = .write, _ handler: @escaping @Sendable (PageRequest) async throws -> Response
  ) -> PageRoute { PageRoute(method: "POST", pattern: pattern, policy: policy, handler: handler) }

  /// The variable segments when the path fits. A fixed segment beats a variable one by standing earlier in the list.
  func match(_ path: [Substring]) -> [String]? {
    let parts = pattern.split(separator: "/")
    guard parts.count == path.count else { return nil }
    var arguments: [String] = []
    for (part, segment) in zip(parts, path) {
      if part.hasPrefix("{") { arguments.append(String(segment)) } else if part != segment { return nil }
    }
    return arguments
  }
}

/// Answers every path that is not the API, an asset or a live stream.
public struct PageRouter: Sendable {
  private let context: WebContext
  private static let routes: [PageRoute] =
    GatePages.routes + MonitorPages.routes + IncidentPages.routes + ServicePages.routes + SettingsPages.routes
    + StatusPageSettings.routes + PublicPages.routes
  private let publicPages: PublicPageCache

  public init(_ context: WebContext) {
    self.context = context
    publicPages = PublicPages.cache(context.store, context.settings)
  }

  /// On the server's loop: a public page as kept; everybody gets the same.
  public func cached(_ head: RequestHead) -> CachedResponse? {
    guard head.method == "GET" || head.method == "HEAD" else { return nil }
    return PublicPages.key(target: head.target).flatMap { publicPages.fresh($0) }
  }

  public func answer(_ visit: Visit) async -> Response {
    let target = visit.request.target
    let path = target.prefix { $0 != "?" }.split(separator: "/")
    let method = visit.request.method == "HEAD" ? "GET" : visit.request.method
    let fitting = Self.routes.compactMap { route in route.match(path).map { (route, $0) } }
    do {
      guard let (route, arguments) = fitting.first(where: { $0.0.method == method }) else {
        guard fitting.isEmpty else {
          throw Problem.wrongMethod(allow: fitting.map { $0.0.method == "GET" ? "GET, HEAD" : $0.0.method })
        }
        throw Problem.notFound
      }
      return try await answer(route, arguments, visit)
    } catch {
      return await refuse(error, visit)
    }
  }

  private func answer(_ route: PageRoute, _ arguments: [String], _ visit: Visit) async throws -> Response {
    let query = try RequestQuery(target: visit.request.target)
    var known: APIRequest?
    var live: LiveFeed?
    if route.policy == .everyone {
      if route.method == "POST" { try Gatekeeper.refuseCrossSite(visit) }
      known = try? await Gatekeeper(context).admit(visit, policy: .session, arguments: arguments)
    } else {
      do {
        let person = try await Gatekeeper(context).admit(visit, policy: route.policy, arguments: arguments)
        live = try await LiveFeed.now(of: person, context.store)
        known = person
      } catch let problem as Problem where problem.status == 401 {
        let next = route.method == "GET" ? "?next=" + PercentCoding.encode(visit.request.target) : ""
        return .seeOther(Paths.login + next)
      }
    }
    return try await route.handler(
      PageRequest(
        visit: visit, context: context, arguments: arguments, query: query, known: known, publicPages: publicPages,
        live: live))
  }

  /// A page that says what is wrong, within the shell for those who are signed in.
  private func refuse(_ error: any Error, _ visit: Visit) async -> Response {
    let problem = ProblemMapping.problem(error, context)
    var refusal: Refusal
    switch problem.status {
    case 404: refusal = .notFound
    case 403: refusal = visit.site == .cross ? .crossSite : .forbidden
    case 429: refusal = .tooMany
    case 503: refusal = .unavailable
    case 500...: refusal = .ours(reference: problem.detail)
    default:
      refusal = Refusal(status: problem.status, sentence: "This cannot be done.", more: HTML(text: problem.detail))
    }
    refusal.status = problem.status
    if let known = try? await Gatekeeper(context).admit(visit, policy: .session, arguments: []),
      let frame = try? await FrameMaker.frame(
        PageRequest(
          visit: visit, context: context, arguments: [], query: .empty, known: known, publicPages: publicPages,
          live: try await LiveFeed.now(of: known, context.store)))
    {
      return .page(
        AppErrorPage(frame: frame, refusal: refusal).render(), status: problem.status, headers: problem.headers)
    }
    return .page(GateErrorPage(refusal: refusal).render(), status: problem.status, headers: problem.headers)
  }
}

extension Response {
  /// A page for one person: never kept by caches.
  static func page(_ html: HTML, status: Int = 200, headers: [Header] = []) -> Response {
    Response(
      status: status,
      headers: [
        Header("content-type", "text/html; charset=utf-8"),
        Header("content-security-policy", PagePolicy.contentSecurityPolicy), Header("cache-control", "no-store"),
      ] + headers, body: html.bytes)
  }
}
