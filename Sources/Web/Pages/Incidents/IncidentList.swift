import HTML

/// The four states of an incident.
enum IncidentStatus: String, Sendable, CaseIterable {
  case investigating, identified, monitoring, resolved

  var word: String {
    switch self {
    case .investigating: "Investigating"
    case .identified: "Identified"
    case .monitoring: "Monitoring"
    case .resolved: "Resolved"
    }
  }

  /// Forward only: this and what follows; a resolved incident is not reopened.
  var next: [IncidentStatus] {
    guard self != .resolved else { return [] }
    return Array(Self.allCases.drop { $0 != self })
  }
}

/// One incident as a line of the list; also the live fragment `inc_…`.
struct IncidentLine: Component {
  var id: String
  var title: String
  var status: IncidentStatus
  /// The worst it does to a service.
  var impact: State
  var services: [String]
  var startedAt: Int64
  var resolvedAt: Int64?
  var isAutomatic: Bool
  /// The title of the incident that it is part of.
  var cause: String?
  var isAcknowledged: Bool
  var now: Int64

  var body: HTML {
    """
    <tr id="\(id)"><td class="c-state">\(StateMark(status == .resolved ? .up : impact, status.word))</td>\
    <td class="name clip"><a href="\(Paths.incident(id))" dir="auto">\(title)</a><span class="sub">\(origin)\
    \(services.isEmpty ? "" : " · " + services.joined(separator: ", "))</span></td>\
    <td class="c-b" data-l="since">\(When(startedAt))</td>\
    <td class="num c-b last" data-l="for">\(Format.span(ms: (resolvedAt ?? now) - startedAt))</td></tr>

    """
  }

  private var origin: String {
    (cause.map { "Caused by “\($0)”" } ?? (isAutomatic ? "Opened by a monitor" : "Opened by hand"))
      + (isAcknowledged || status == .resolved ? "" : ", not acknowledged")
  }
}

/// `GET /incidents?status=open|resolved&page=`.
struct IncidentListPage: AppPage {
  var frame: AppFrame
  /// `open`, `resolved`, or nil for all.
  var filter: String?
  var rows: [IncidentLine]
  var page: Int
  var rowsPerPage: Int
  var total: Int
  var openCount: Int
  /// When the last incident ended; nil when there was none.
  var lastResolvedAt: Int64?
  var now: Int64

  var section: AppFrame.Section { .incidents }
  var title: String { openCount > 0 ? "\(openCount) open · Incidents" : "Incidents" }
  var icon: Asset { openCount > 0 ? .faviconDown : .favicon }

  var body: HTML {
    """
    \(PageHead(sentence: HTML(text: sentence), buttons: button, isLive: true))
    <section class="stack" aria-label="Incidents">\(Tabs(label: "Filter", tabs: tabs))
    <div class="card" id="incident-list" data-live-part>\(table)\(pager)</div></section>
    """
  }

  private var sentence: String {
    switch openCount {
    case 1: return "One incident is open."
    case 2...: return "\(openCount) incidents are open."
    default:
      guard let last = lastResolvedAt else { return "No incident so far." }
      return "No incident is open; the last one ended \(Format.span(ms: now - last)) ago."
    }
  }

  private var button: HTML? {
    frame.canWrite
      ? LinkButton(label: "\(Icon(Drawing.plus))New incident", path: Paths.newIncident, style: "btn-primary").body : nil
  }

  private var tabs: [Tab] {
    [("All", nil), ("Open", "open"), ("Resolved", "resolved")].map { (label: String, value: String?) in
      Tab(
        label: HTML(text: label), path: Query(Paths.incidents).adding("status", value ?? "").path,
        isCurrent: filter == value)
    }
  }

  private var table: HTML {
    guard !rows.isEmpty else {
      return EmptyNote(
        sentence: filter == "open" ? "Nothing is open." : "No incident yet.",
        more:
          "A monitor opens one when it is confirmed down, and resolves it when it recovers. People can open one, too."
      ).body
    }
    return """
      <table class="table folds-up three"><caption class="vh">Incidents, newest first</caption><thead><tr><th scope="col">State</th>\
      <th scope="col">Incident</th><th scope="col">Since</th><th scope="col" class="num">For</th></tr></thead>
      <tbody>\(rows, { $0.body })</tbody></table>
      """
  }

  private var pager: Pager {
    Pager(page: page, rows: rowsPerPage, total: total, path: Query(Paths.incidents).adding("status", filter ?? "").path)
  }
}

/// `GET /incidents/new`; posts to itself: `title, message, status, service` (several ids), `impact` (`degraded`, `partial`
/// or `major`, for all of them).
struct NewIncidentPage: AppPage {
  var frame: AppFrame
  var incidentTitle = ""
  var message = ""
  var status = IncidentStatus.investigating
  var services: [MonitorForm.Tick]
  var impact = "major"
  var errors: FormErrors = [:]

  var section: AppFrame.Section { .incidents }
  var title: String { errors.isEmpty ? "New incident" : "Not opened · New incident" }

  var body: HTML {
    """
    \(PageHead(
      crumbs: [("Incidents", Paths.incidents), ("New", nil)], sentence: "What is wrong?",
      lead: "This appears on the status page at once, for everybody who can see it."))
    \(FormError(message: errors[""]))
    <form class="form" action="\(Paths.newIncident)" method="post">
    \(Field(
      name: "title", label: "Title", value: incidentTitle, hint: "What people see: <q>Bookings fail with time-outs</q>",
      error: errors["title"], isRequired: true, isLarge: true, isFocused: true))
    \(Field(
      name: "message", label: "What is known now", value: message, kind: .lines(4),
      hint: "Say what people see, what you do, and when you will write again.", error: errors["message"]))
    \(CheckGroup(
      legend: "Status",
      checks: IncidentStatus.allCases.dropLast().map {
        Check(name: "status", value: $0.rawValue, label: HTML(text: $0.word), isOn: $0 == status, isRadio: true)
      }, error: errors["status"]))
    \(serviceChoice)
    \(Choice(
      name: "impact", label: "They are", options: Self.impacts, selected: impact,
      hint: "An incident only makes a service worse than it is, never better.", error: errors["impact"]))
    <div class="btns"><button class="btn btn-primary btn-lg">Open incident</button>\
    <a class="btn btn-plain btn-lg" href="\(Paths.incidents)">Leave</a></div></form>
    """
  }

  private var serviceChoice: HTML {
    guard !services.isEmpty else {
      return
        "<p class=\"soft\">There is no service yet, so the incident stands alone. <a href=\"\(Paths.newService)\">Add a service</a></p>"
    }
    return CheckGroup(
      legend: "Which services",
      checks: services.map { Check(name: "service", value: $0.id, label: HTML(text: $0.name), isOn: $0.isOn) },
      error: errors["service"]
    ).body
  }

  static let impacts: [Choice.Option] = [
    .init(value: "degraded", label: "slow or degraded"), .init(value: "partial", label: "partly out"),
    .init(value: "major", label: "out"),
  ]
}
