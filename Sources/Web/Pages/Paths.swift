/// Where pages and their forms live. Every form posts `application/x-www-form-urlencoded` to one of these.
enum Paths {
  static let home = "/"
  static let setup = "/setup"
  static let login = "/login"
  static let logout = "/logout"
  static let signup = "/signup"
  static let reset = "/reset"
  static let resetConfirm = "/reset/confirm"
  static let join = "/join"
  static let switchOrganization = "/organization"

  static let monitors = "/monitors"
  static let newMonitor = "/monitors/new"
  static func monitor(_ id: String) -> String { "/monitors/\(id)" }
  static func editMonitor(_ id: String) -> String { "/monitors/\(id)/edit" }
  static func checkMonitor(_ id: String) -> String { "/monitors/\(id)/check" }
  static func pauseMonitor(_ id: String) -> String { "/monitors/\(id)/pause" }
  static func resumeMonitor(_ id: String) -> String { "/monitors/\(id)/resume" }
  static func deleteMonitor(_ id: String) -> String { "/monitors/\(id)/delete" }
  static func restoreMonitor(_ id: String) -> String { "/monitors/\(id)/restore" }
  static func result(_ monitor: String, _ run: String) -> String { "/monitors/\(monitor)?run=\(run)#run" }

  static let incidents = "/incidents"
  static let newIncident = "/incidents/new"
  static func incident(_ id: String) -> String { "/incidents/\(id)" }
  static func incidentUpdates(_ id: String) -> String { "/incidents/\(id)/updates" }
  static func acknowledgeIncident(_ id: String) -> String { "/incidents/\(id)/acknowledge" }
  static func postmortem(_ id: String) -> String { "/incidents/\(id)/postmortem" }
  static func deleteIncident(_ id: String) -> String { "/incidents/\(id)/delete" }

  static let services = "/services"
  static let newService = "/services/new"
  static func service(_ id: String) -> String { "/services/\(id)" }
  static func deleteService(_ id: String) -> String { "/services/\(id)/delete" }

  static let statusPages = "/status-pages"
  static let regions = "/regions"

  static let settings = "/settings"
  static let organization = "/settings/organization"
  static let members = "/settings/members"
  static func memberRole(_ id: String) -> String { "/settings/members/\(id)/role" }
  static func removeMember(_ id: String) -> String { "/settings/members/\(id)/remove" }
  static let leaveOrganization = "/settings/members/leave"
  static let invitations = "/settings/invitations"
  static func revokeInvitation(_ id: String) -> String { "/settings/invitations/\(id)/revoke" }
  static let channels = "/settings/channels"
  static let newChannel = "/settings/channels/new"
  static func channel(_ id: String) -> String { "/settings/channels/\(id)" }
  static func testChannel(_ id: String) -> String { "/settings/channels/\(id)/test" }
  static func deleteChannel(_ id: String) -> String { "/settings/channels/\(id)/delete" }
  static let notifications = "/settings/notifications"
  static func resendNotification(_ id: String) -> String { "/settings/notifications/\(id)/resend" }
  static let apiKeys = "/settings/api-keys"
  static func revokeAPIKey(_ id: String) -> String { "/settings/api-keys/\(id)/revoke" }
  static let account = "/settings/account"
  static let password = "/settings/password"
  static let sessions = "/settings/sessions"
  static func endSession(_ id: String) -> String { "/settings/sessions/\(id)/end" }
  static let endOtherSessions = "/settings/sessions/end-others"
  static let auditLog = "/settings/audit-log"

  static func publicPage(_ slug: String) -> String { "/status/\(slug)" }
}

/// The paths of one public page, which stands at `/status/{slug}` or, on its own host, at the root.
struct PublicPaths: Sendable {
  /// `/status/harbourline`, or empty on the page's own host.
  var base: String

  var page: String { base.isEmpty ? "/" : base }
  var history: String { base + "/history" }
  var feed: String { base + "/feed.atom" }
  var badge: String { base + "/badge.svg" }
  func incident(_ id: String) -> String { "\(base)/incidents/\(id)" }
  func history(month: String) -> String { "\(base)/history?month=\(month)" }
}
