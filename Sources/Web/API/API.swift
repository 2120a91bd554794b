import Domain
import Engine
import HTTPServer
import JSON
import Store

/// The JSON API: finds the operation, lets the sender in or not, and calls the handler.
public struct API: Sendable {
  let context: WebContext
  private let table = RouteTable<APIOperation>()

  public init(_ context: WebContext) { self.context = context }

  /// Everything that goes wrong becomes a problem here, and only here.
  public func answer(_ visit: Visit) async -> Response {
    do {
      switch table.match(method: visit.request.method, target: visit.request.target) {
      case .nothing: throw Problem.notFound
      case .wrongMethod(let allow): throw Problem.wrongMethod(allow: allow)
      case .found(let route): return try await answer(Call(api: self, visit: visit, route: route))
      }
    } catch { return ProblemMapping.problem(error, context).response }
  }

  private func answer(_ call: Call) async throws -> Response {
    let anybody = call.anybody
    switch call.operation {
    case .health: return try await HealthAPI.show(context)
    case .openAPI: return OpenAPI.response(context.settings.version)
    case .signUp: return try await AuthAPI.signUp(anybody, call.visit, context)
    case .logIn: return try await AuthAPI.logIn(anybody, call.visit, context)
    case .logOut: return try await AuthAPI.logOut(call.known(), call.visit, context)
    case .requestReset: return try AuthAPI.requestReset(anybody, call.visit, context)
    case .confirmReset: return try await AuthAPI.confirmReset(anybody, call.visit, context)
    case .switchOrganization: return try await AuthAPI.switchOrganization(call.known(), call.visit, context)
    case .showMe: return try await MeAPI.show(call.known(), context)
    case .updateMe: return try await MeAPI.update(call.known(), context)
    case .changePassword: return try await MeAPI.changePassword(call.known(), context)
    case .leaveOrganization: return try await MeAPI.leave(call.known(), call.visit, context)
    case .listSessions: return try await SessionAPI.list(call.known(), context)
    case .endOtherSessions: return try await SessionAPI.endOthers(call.known(), context)
    case .endSession: return try await SessionAPI.end(call.known(), call.visit, context)
    case .showOrganization: return try await OrganizationAPI.show(call.known(), context)
    case .updateOrganization: return try await OrganizationAPI.update(call.known(), context)
    case .listAPIKeys: return try await APIKeyAPI.list(call.known(), context)
    case .createAPIKey: return try await APIKeyAPI.create(call.known(), context)
    case .deleteAPIKey: return try await APIKeyAPI.delete(call.known(), context)
    case .listMembers: return try await MemberAPI.list(call.known(), context)
    case .updateMember: return try await MemberAPI.update(call.known(), context)
    case .removeMember: return try await MemberAPI.remove(call.known(), context)
    case .listInvitations: return try await InvitationAPI.list(call.known(), context)
    case .createInvitation: return try await InvitationAPI.create(call.known(), call.visit, context)
    case .revokeInvitation: return try await InvitationAPI.revoke(call.known(), context)
    case .acceptInvitation: return try await InvitationAPI.accept(anybody, call.visit, context)
    case .listRegions: return try await RegionAPI.list(call.known(), context)
    case .createRegion: return try await RegionAPI.create(call.known(), context)
    case .createRegionToken: return try await RegionAPI.createToken(call.known(), call.visit, context)
    case .revokeWorker: return try await RegionAPI.revokeWorker(call.known(), context)
    case .listAuditLog: return try await AuditAPI.list(call.known(), context)
    case .listMonitors, .createMonitor, .showMonitor, .updateMonitor, .deleteMonitor, .checkMonitor, .listResults,
      .showMetrics, .showUptime, .accountSlots:
      return try await watching(call)
    case .listServices, .createService, .showService, .updateService, .deleteService, .listIncidents, .createIncident,
      .showIncident, .updateIncident, .deleteIncident, .addIncidentUpdate, .acknowledgeIncident, .showIncidentVotes,
      .listStatusPages,
      .showStatusPage, .updateStatusPage, .listChannels, .createChannel, .showChannel, .updateChannel, .deleteChannel,
      .testChannel, .listNotifications, .resendNotification, .createRealtimeTicket, .listChanges, .publicServices,
      .publicIncidents, .publicStatus, .publicChanges:
      return try await telling(call)
    }
  }
}

/// One call of an operation, before and after its sender is known.
struct Call: Sendable {
  let visit: Visit
  let operation: APIOperation
  /// For operations that anybody may use.
  let anybody: PublicRequest
  private let identified: APIRequest?

  /// Reads the query and lets the sender in as the operation's policy says; throws 401 or 403.
  init(api: API, visit: Visit, route: Route<APIOperation>) async throws {
    self.visit = visit
    operation = route.operation
    let policy = operation.endpoint.policy
    identified =
      policy == .everyone
      ? nil
      : try await Gatekeeper(api.context).admit(visit, policy: policy, arguments: route.arguments)
    let query = try RequestQuery(target: visit.request.target)
    try query.refuseUnknown(operation.shape.query.map(\.name))
    anybody = PublicRequest(
      request: visit.request, arguments: route.arguments, query: query, clientAddress: visit.address)
  }

  /// The sender of an operation that not everybody may use.
  func known() throws(Problem) -> APIRequest {
    guard let identified else { throw .unauthenticated }
    return identified
  }
}
