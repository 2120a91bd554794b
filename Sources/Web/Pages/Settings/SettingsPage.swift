import HTML

/// A page of the settings: the same head and the same ways between them.
protocol SettingsPage: AppPage {
  var place: SettingsPlace { get }
  /// One sentence about how it stands.
  var sentence: HTML { get }
  var lead: HTML? { get }
  var buttons: HTML? { get }
  var content: HTML { get }
}

/// The pages of the settings, in order.
enum SettingsPlace: String, Sendable, CaseIterable {
  case organization = "Organization"
  case members = "Members"
  case channels = "Channels"
  case notifications = "Notifications"
  case apiKeys = "API keys"
  case auditLog = "Audit log"
  case account = "Account"
  case sessions = "Sessions"

  /// Whether members, who only read, are kept out.
  var isForAdmins: Bool { self == .apiKeys || self == .auditLog }

  var path: String {
    switch self {
    case .organization: Paths.organization
    case .members: Paths.members
    case .channels: Paths.channels
    case .notifications: Paths.notifications
    case .apiKeys: Paths.apiKeys
    case .auditLog: Paths.auditLog
    case .account: Paths.account
    case .sessions: Paths.sessions
    }
  }
}

extension SettingsPage {
  var section: AppFrame.Section { .settings }
  var title: String { "\(place.rawValue) · Settings" }
  var lead: HTML? { nil }
  var buttons: HTML? { nil }

  var body: HTML {
    """
    \(PageHead(sentence: sentence, lead: lead, buttons: buttons))
    \(Tabs(label: "Settings", tabs: SettingsPlace.allCases.filter { frame.canWrite || !$0.isForAdmins }.map {
      Tab(label: HTML(text: $0.rawValue), path: $0.path, isCurrent: $0 == place)
    }))
    \(content)
    """
  }
}

/// `GET /settings/organization`; posts to itself: `name`.
struct OrganizationPage: SettingsPage {
  var frame: AppFrame
  var name: String
  var slug: String
  var createdAt: Int64
  var errors: FormErrors = [:]

  var place: SettingsPlace { .organization }
  var sentence: HTML { "<bdi>\(frame.organization)</bdi>, since \(When(createdAt, .date))." }

  var content: HTML {
    guard frame.canWrite else {
      return "<dl class=\"kv\"><dt>Name</dt><dd dir=\"auto\">\(name)</dd><dt>Slug</dt><dd>\(slug)</dd></dl>"
    }
    return """
      \(FormError(message: errors[""]))
      <form class="form" action="\(Paths.organization)" method="post">\
      \(Field(name: "name", label: "Name", value: name, error: errors["name"], isRequired: true, autocomplete: "organization"))
      <div class="btns"><button class="btn btn-primary">Save</button></div></form>
      """
  }
}

/// `GET /settings/audit-log?page=`.
struct AuditLogPage: SettingsPage {
  struct Row: Sendable {
    var at: Int64
    /// A person, a key, or Martlet.
    var actor: String
    /// `monitor.update`
    var action: String
    /// What it was done to, by name.
    var target: String
    /// `interval_s: 60 → 30`
    var changes: String
    var address: String?
  }

  var frame: AppFrame
  var rows: [Row]
  var page: Int
  var rowsPerPage: Int
  var total: Int

  var place: SettingsPlace { .auditLog }
  var sentence: HTML { "Who changed what, and when." }
  var lead: HTML? { "\(Format.count(total, "entry", "entries")), newest first. Nothing here can be changed." }

  var content: HTML {
    """
    <section class="card"><table class="table folds-up three log"><caption class="vh">Audit log, newest first</caption><thead><tr>\
    <th scope="col">Time, UTC</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Changed</th>\
    <th scope="col">From</th></tr></thead><tbody>\(rows, row)</tbody></table>
    \(Pager(page: page, rows: rowsPerPage, total: total, path: Paths.auditLog))</section>
    """
  }

  private func row(_ row: Row) -> HTML {
    """
    <tr><td class="c-state">\(When(row.at, .full))</td><td class="name"><span dir="auto">\(row.actor)</span></td>\
    <td class="c-wide"><span class="mono">\(row.action)</span> <span class="soft" dir="auto">\(row.target)</span></td>\
    <td class="c-wide soft" dir="auto">\(row.changes)</td>\
    <td class="c-hide quiet mono">\(row.address.map { HTML(text: $0) } ?? Nothing().body)</td></tr>

    """
  }
}
