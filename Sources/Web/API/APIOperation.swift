/// Every operation of the JSON API. A new one is a case, its endpoint, its shape and its line in `API.answer`.
public enum APIOperation: String, Surface {
  case health, openAPI
  case signUp, logIn, logOut, requestReset, confirmReset, switchOrganization
  case showMe, updateMe, changePassword, leaveOrganization
  case listSessions, endOtherSessions, endSession
  case showOrganization, updateOrganization
  case listAPIKeys, createAPIKey, deleteAPIKey
  case listMembers, updateMember, removeMember
  case listInvitations, createInvitation, revokeInvitation, acceptInvitation
  case listMonitors, createMonitor, showMonitor, updateMonitor, deleteMonitor, checkMonitor
  case listResults, showMetrics, showUptime, accountSlots
  case listRegions, createRegion, createRegionToken, revokeWorker
  case listAuditLog
  case listServices, createService, showService, updateService, deleteService
  case listIncidents, createIncident, showIncident, updateIncident, deleteIncident
  case addIncidentUpdate, acknowledgeIncident, showIncidentVotes
  case listStatusPages, showStatusPage, updateStatusPage
  case listChannels, createChannel, showChannel, updateChannel, deleteChannel, testChannel
  case listNotifications, resendNotification
  case createRealtimeTicket, listChanges
  case publicServices, publicIncidents, publicStatus, publicChanges

  public static let root = "/api/v1/"
  public static let endsInSlash = true

  public var endpoint: Endpoint {
    switch self {
    case .health: Endpoint(.get, "health", .everyone)
    case .openAPI: Endpoint(.get, "openapi.json", .everyone)

    case .signUp: Endpoint(.post, "auth/signup", .everyone)
    case .logIn: Endpoint(.post, "auth/login", .everyone)
    case .logOut: Endpoint(.post, "auth/logout", .session)
    case .requestReset: Endpoint(.post, "auth/reset", .everyone)
    case .confirmReset: Endpoint(.post, "auth/reset/confirm", .everyone)
    case .switchOrganization: Endpoint(.post, "auth/organization", .session)
    case .showMe: Endpoint(.get, "me", .session)
    case .updateMe: Endpoint(.patch, "me", .session)
    case .changePassword: Endpoint(.post, "me/password", .session)
    case .leaveOrganization: Endpoint(.delete, "me/membership", .session)
    case .listSessions: Endpoint(.get, "sessions", .session)
    case .endOtherSessions: Endpoint(.delete, "sessions", .session)
    case .endSession: Endpoint(.delete, "sessions/{id}", .session)

    case .showOrganization: Endpoint(.get, "organization", .read)
    case .updateOrganization: Endpoint(.patch, "organization", .admin)
    case .listAPIKeys: Endpoint(.get, "api-keys", .admin)
    case .createAPIKey: Endpoint(.post, "api-keys", .admin)
    case .deleteAPIKey: Endpoint(.delete, "api-keys/{id}", .admin)
    case .listMembers: Endpoint(.get, "members", .admin)
    case .updateMember: Endpoint(.patch, "members/{id}", .admin)
    case .removeMember: Endpoint(.delete, "members/{id}", .admin)
    case .listInvitations: Endpoint(.get, "invitations", .admin)
    case .createInvitation: Endpoint(.post, "invitations", .admin)
    case .revokeInvitation: Endpoint(.delete, "invitations/{id}", .admin)
    case .acceptInvitation: Endpoint(.post, "invitations/accept", .everyone)

    case .listMonitors: Endpoint(.get, "monitors", .read)
    case .createMonitor: Endpoint(.post, "monitors", .write)
    case .showMonitor: Endpoint(.get, "monitors/{id}", .read)
    case .updateMonitor: Endpoint(.patch, "monitors/{id}", .write)
    case .deleteMonitor: Endpoint(.delete, "monitors/{id}", .write)
    case .checkMonitor: Endpoint(.post, "monitors/{id}/check", .write)
    case .listResults: Endpoint(.get, "monitors/{id}/results", .read)
    case .showMetrics: Endpoint(.get, "monitors/{id}/metrics", .read)
    case .showUptime: Endpoint(.get, "monitors/{id}/uptime", .read)
    case .accountSlots: Endpoint(.get, "monitors/{id}/slots", .read)
    case .listRegions: Endpoint(.get, "regions", .read)
    case .createRegion: Endpoint(.post, "regions", .admin)
    case .createRegionToken: Endpoint(.post, "regions/{id}/tokens", .admin)
    case .revokeWorker: Endpoint(.delete, "workers/{id}", .admin)
    case .listAuditLog: Endpoint(.get, "audit-log", .admin)

    case .listServices: Endpoint(.get, "services", .read)
    case .createService: Endpoint(.post, "services", .write)
    case .showService: Endpoint(.get, "services/{id}", .read)
    case .updateService: Endpoint(.patch, "services/{id}", .write)
    case .deleteService: Endpoint(.delete, "services/{id}", .write)
    case .listIncidents: Endpoint(.get, "incidents", .read)
    case .createIncident: Endpoint(.post, "incidents", .write)
    case .showIncident: Endpoint(.get, "incidents/{id}", .read)
    case .updateIncident: Endpoint(.patch, "incidents/{id}", .write)
    case .deleteIncident: Endpoint(.delete, "incidents/{id}", .write)
    case .addIncidentUpdate: Endpoint(.post, "incidents/{id}/updates", .write)
    case .acknowledgeIncident: Endpoint(.post, "incidents/{id}/acknowledge", .write)
    case .showIncidentVotes: Endpoint(.get, "incidents/{id}/votes", .read)
    case .listStatusPages: Endpoint(.get, "status-pages", .read)
    case .showStatusPage: Endpoint(.get, "status-pages/{id}", .read)
    case .updateStatusPage: Endpoint(.patch, "status-pages/{id}", .write)
    case .listChannels: Endpoint(.get, "channels", .read)
    case .createChannel: Endpoint(.post, "channels", .write)
    case .showChannel: Endpoint(.get, "channels/{id}", .read)
    case .updateChannel: Endpoint(.patch, "channels/{id}", .write)
    case .deleteChannel: Endpoint(.delete, "channels/{id}", .write)
    case .testChannel: Endpoint(.post, "channels/{id}/test", .write)
    case .listNotifications: Endpoint(.get, "notifications", .read)
    case .resendNotification: Endpoint(.post, "notifications/{id}/resend", .write)
    case .createRealtimeTicket: Endpoint(.post, "realtime/ticket", .read)
    case .listChanges: Endpoint(.get, "realtime/changes", .read)
    case .publicServices: Endpoint(.get, "public/{slug}/services", .everyone)
    case .publicIncidents: Endpoint(.get, "public/{slug}/incidents", .everyone)
    case .publicStatus: Endpoint(.get, "public/{slug}/status", .everyone)
    case .publicChanges: Endpoint(.get, "public/{slug}/changes", .everyone)
    }
  }
}
