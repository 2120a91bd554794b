import Domain
import HTTPServer
import Store

/// Finds the live operation, lets the sender in where it asks for one, and calls its handler.
public struct LiveRouter: Sendable {
  private let context: WebContext
  private let handlers: LiveHandlers
  private let table = RouteTable<LiveOperation>()

  public init(_ context: WebContext, hub: LiveHub) {
    self.context = context
    handlers = LiveHandlers(hub: hub, baseURL: context.settings.baseURL)
  }

  /// `POST realtime/ticket/` of the API.
  public func ticket(_ asked: APIRequest) async throws -> Response { try await handlers.createTicket(asked) }

  public func answer(_ visit: Visit) async -> Response {
    do {
      switch table.match(method: visit.request.method, target: visit.request.target) {
      case .nothing: throw Problem.notFound
      case .wrongMethod(let allow): throw Problem.wrongMethod(allow: allow)
      case .found(let route): return try await answer(route, visit)
      }
    } catch { return ProblemMapping.problem(error, context).response }
  }

  private func answer(_ route: Route<LiveOperation>, _ visit: Visit) async throws -> Response {
    let anybody = PublicRequest(
      request: visit.request, arguments: route.arguments, query: try RequestQuery(target: visit.request.target),
      clientAddress: visit.address)
    switch route.operation {
    case .publicSocket: return try await handlers.publicSocket(anybody, context.strangers)
    case .publicEvents: return try await handlers.publicEvents(anybody, context.strangers)
    case .publicChanges: return try await handlers.publicChanges(anybody, context.strangers)
    case .organizationSocket:
      return try await handlers.organizationSocket(anybody) {
        guard visit.sessionToken != nil,
          let known = try? await Gatekeeper(context).admit(visit, policy: .session, arguments: []),
          let person = known.session
        else { return nil }
        return (try LiveHolder(known), person.organizationID.text)
      }
    case .organizationEvents: return try await handlers.organizationEvents(known(route, visit))
    case .organizationChanges: return try await handlers.organizationChanges(known(route, visit))
    }
  }

  private func known(_ route: Route<LiveOperation>, _ visit: Visit) async throws -> APIRequest {
    try await Gatekeeper(context).admit(visit, policy: .read, arguments: route.arguments)
  }
}
