import HTTPServer

extension API {
  /// Services, incidents, status pages, channels, notifications, live changes and public pages.
  func telling(_ call: Call) async throws -> Response {
    switch call.operation {
    case .listServices: try await ServiceAPI.list(call.known(), context)
    case .createService: try await ServiceAPI.create(call.known(), context)
    case .showService: try await ServiceAPI.show(call.known(), context)
    case .updateService: try await ServiceAPI.update(call.known(), context)
    case .deleteService: try await ServiceAPI.delete(call.known(), context)
    case .listIncidents: try await IncidentAPI.list(call.known(), context)
    case .createIncident: try await IncidentAPI.create(call.known(), context)
    case .showIncident: try await IncidentAPI.show(call.known(), context)
    case .updateIncident: try await IncidentAPI.update(call.known(), context)
    case .deleteIncident: try await IncidentAPI.delete(call.known(), context)
    case .addIncidentUpdate: try await IncidentAPI.addUpdate(call.known(), context)
    case .acknowledgeIncident: try await IncidentAPI.acknowledge(call.known(), context)
    case .showIncidentVotes: try await IncidentAPI.votes(call.known(), context)
    case .listStatusPages: try await StatusPageAPI.list(call.known(), context)
    case .showStatusPage: try await StatusPageAPI.show(call.known(), context)
    case .updateStatusPage: try await StatusPageAPI.update(call.known(), context)
    case .publicServices: try await PublicAPI.services(call.anybody, context)
    case .publicIncidents: try await PublicAPI.incidents(call.anybody, context)
    case .publicStatus: try await PublicAPI.status(call.anybody, context)
    case .publicChanges: try await live().publicChanges(call.anybody, context.strangers)
    case .createRealtimeTicket: try await live().createTicket(call.known())
    case .listChanges: try await live().organizationChanges(call.known())
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

  private func live() throws(Problem) -> LiveHandlers {
    guard let live = context.live else { throw .unavailable("Live changes are not served by this process.") }
    return live
  }
}
