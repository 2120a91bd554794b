import HTML

/// `GET /services`.
struct ServiceListPage: AppPage {
  struct Row: Sendable {
    var id: String
    var name: String
    var description: String
    var state: State
    /// `fresh`, `stale` or `none`: nobody reads "Operational" without fresh data.
    var observed: String
    var monitors: Int
    var isShown: Bool
    var days: [Day]
    var uptime: Double?
  }

  var frame: AppFrame
  var rows: [Row]
  var today: Int64

  var section: AppFrame.Section { .services }
  var title: String { "Services" }

  var body: HTML {
    """
    \(PageHead(
      sentence: HTML(text: sentence), lead: "A service is what a status page shows: one name over the monitors that decide its state.",
      buttons: button, isLive: true))
    <section class="card" id="service-list" data-live-part>\(table)</section>
    """
  }

  private var sentence: String {
    if rows.isEmpty { return "No service yet." }
    let troubled = rows.filter { $0.state != .up }
    if troubled.isEmpty {
      return rows.count == 1 ? "The one service is operational." : "All \(rows.count) services are operational."
    }
    if troubled.count == 1 { return "\(troubled[0].name): \(troubled[0].state.publicWord.lowercased())." }
    return "\(troubled.count) of \(rows.count) services are not operational."
  }

  private var button: HTML? {
    frame.canWrite
      ? LinkButton(label: "\(Icon(Drawing.plus))New service", path: Paths.newService, style: "btn-primary").body : nil
  }

  private var table: HTML {
    guard !rows.isEmpty else {
      return EmptyNote(
        sentence: "Nothing is on the status page.",
        more: "Add a service, choose its monitors, and visitors see how it does."
      ).body
    }
    return """
      <table class="table folds-up"><caption class="vh">Services</caption><thead><tr><th scope="col">State</th><th scope="col">Service</th>\
      <th scope="col">90 days</th><th scope="col" class="num">Uptime</th><th scope="col" class="num">Monitors</th>\
      <th scope="col">Page</th></tr></thead><tbody>\(rows, row)</tbody></table>
      """
  }

  private func row(_ row: Row) -> HTML {
    let word = row.observed == "stale" ? row.state.publicWord + ", stale" : row.state.publicWord
    return """
      <tr id="\(row.id)"><td class="c-state">\(StateMark(row.state, word))</td>\
      <td class="name"><a href="\(Paths.service(row.id))" dir="auto">\(row.name)</a><span class="sub wraps" dir="auto">\(row.description)</span></td>\
      <td class="c-spark">\(DayBars(name: row.name, days: row.days, today: today))</td>\
      <td class="num c-b" data-l="90 days">\(row.uptime.map { HTML(text: Format.uptime($0)) } ?? Nothing().body)</td>\
      <td class="num c-b" data-l="monitors">\(row.monitors)</td>\
      <td class="c-hide">\(row.isShown ? "shown" : "hidden")</td></tr>

      """
  }
}

/// What the form of a service holds: `name, description, monitor` (several ids), `is_active` (box: on the page), and for
/// an existing one `status` (empty: as it is; `monitors`: as they say).
struct ServiceForm: Sendable {
  var name = ""
  var description = ""
  var monitors: [MonitorForm.Tick] = []
  /// There are more monitors than the form lists; these are chosen or match the search.
  var search = ""
  var totalMonitors = 0
  var isShown = true
  var errors: FormErrors = [:]

  func fields(searchPath: String) -> HTML {
    """
    \(Field(name: "name", label: "Name", value: name, hint: "The name that visitors know.", error: errors["name"], isRequired: true, isLarge: true))
    \(Field(name: "description", label: "Description", value: description, hint: "A few words under the name.", error: errors["description"]))
    \(picker)
    <fieldset><legend class="label">Status page</legend>\
    \(Check(name: "is_active", label: "Show it on the page. Its address and its monitors' names are never shown.", isOn: isShown))</fieldset>
    """
  }

  private var picker: HTML {
    guard !monitors.isEmpty else {
      return """
        <p class="soft">There is no monitor yet; without one a person sets the state by hand. \
        <a href="\(Paths.newMonitor)">Add a monitor</a></p>
        """
    }
    let more = totalMonitors - monitors.count
    return """
      \(CheckGroup(
        legend: "Monitors that decide its state",
        checks: monitors.map { Check(name: "monitor", value: $0.id, label: HTML(text: $0.name), isOn: $0.isOn) }, error: errors["monitor"]))
      \(if: more > 0, "<p class=\"hint\">\(Format.count(more, "more monitor")) \(more == 1 ? "is" : "are") not listed: search above, then choose.</p>")
      """
  }
}

/// A monitor picker's search, apart from the form that saves: `GET` with `q`.
private struct MonitorSearch: Component {
  var path: String
  var form: ServiceForm

  var body: HTML {
    guard form.totalMonitors > form.monitors.count || !form.search.isEmpty else { return HTML() }
    return """
      <form class="bar-tools" role="search" action="\(path)" method="get"><div class="search">\(Icon(Drawing.search))\
      <input class="input" type="search" name="q" aria-label="Search monitors to choose from" placeholder="Find monitors to choose from"\
      \(attribute: "value", form.search.isEmpty ? nil : form.search)></div><button class="btn">Find</button></form>
      """
  }
}

/// `GET /services/new?q=`; posts to itself: see `ServiceForm`.
struct NewServicePage: AppPage {
  var frame: AppFrame
  var form: ServiceForm

  var section: AppFrame.Section { .services }
  var title: String { "New service" }

  var body: HTML {
    """
    \(PageHead(crumbs: [("Services", Paths.services), ("New", nil)], sentence: "What do visitors rely on?"))
    \(FormError(message: form.errors[""]))
    \(MonitorSearch(path: Paths.newService, form: form))
    <form class="form" action="\(Paths.newService)" method="post">\(form.fields(searchPath: Paths.newService))
    <div class="btns"><button class="btn btn-primary btn-lg">Add service</button>\
    <a class="btn btn-plain btn-lg" href="\(Paths.services)">Leave</a></div></form>
    """
  }
}

/// `GET /services/{id}?q=`; posts to itself: see `ServiceForm`; `deleteService` (no fields).
struct ServicePage: AppPage {
  struct NextState: Sendable {
    var value: String
    var label: String
  }

  var frame: AppFrame
  var id: String
  /// As saved.
  var name: String
  var state: State
  /// Why it is in this state: `Booking API is down`, `set by Ines Okafor`.
  var why: String
  var days: [Day]
  var uptime: Double?
  var today: Int64
  var form: ServiceForm
  /// What a person may set by hand.
  var nextStates: [NextState]
  var chosenState = ""

  var section: AppFrame.Section { .services }
  var title: String { name }

  var body: HTML {
    """
    \(PageHead(
      crumbs: [("Services", Paths.services), (name, nil)], sentence: "<span dir=\"auto\">\(name)</span>",
      chip: StateMark(state, state.publicWord, chip: true).body, lead: HTML(text: why), isLive: true))
    <section class="card"><div class="card-head"><h2>90 days</h2><p>\(uptime.map { "\(Format.uptime($0)) uptime" } ?? "nothing measured yet")</p></div>\
    <div class="card-body">\(DayBars(name: name, days: days, today: today))\(DayBarsKey())</div></section>
    \(if: frame.canWrite, editing)
    """
  }

  private var editing: HTML {
    """
    \(FormError(message: form.errors[""]))
    \(MonitorSearch(path: Paths.service(id), form: form))
    <form class="form" action="\(Paths.service(id))" method="post">\(form.fields(searchPath: Paths.service(id)))
    \(Choice(
      name: "status", label: "State", options: [.init(value: "", label: "as it is now")] + nextStates.map { .init(value: $0.value, label: $0.label) },
      selected: chosenState, hint: "By hand, until its monitors change or the next hand.", error: form.errors["status"]))
    <div class="btns"><button class="btn btn-primary btn-lg">Save</button></div></form>
    \(Confirm(
      button: "Delete this service", question: "<bdi>\(name)</bdi> and its 90 days leave the status page. Its monitors stay.",
      yes: "Delete \(name)", action: Paths.deleteService(id)))
    """
  }
}

/// `GET /status-pages`; posts to itself: `name, slug, description, is_published` (box), `service` (several ids, in the
/// order shown).
struct StatusPageSettingsPage: AppPage {
  var frame: AppFrame
  /// As saved.
  var slug: String
  /// Where visitors find it: `https://status.example/status/harbourline`.
  var address: String
  var badgeAddress: String
  var isPublished: Bool
  var services: Int
  var form: (name: String, slug: String, description: String, isPublished: Bool)
  /// Those of the page first, in its order.
  var choices: [ShownServices.Choice]
  var errors: FormErrors = [:]

  var section: AppFrame.Section { .statusPages }
  var title: String { "Status page" }

  var body: HTML {
    """
    \(PageHead(
      sentence: isPublished ? "Your status page is public." : "Your status page is not published.",
      lead: services == 0 ? "It shows no service yet. <a href=\"\(Paths.newService)\">Add one</a>" : "It shows \(Format.count(services, "service")).",
      facts: "<a class=\"mono\" href=\"\(url: address)\">\(address)</a>",
      buttons: LinkButton(label: isPublished ? "Open the page" : "See it as a member", path: Paths.publicPage(slug)).body))
    \(FormError(message: errors[""]))
    \(if: frame.canWrite, editing)
    \(Card(title: "Badge", note: isPublished ? "For a README or a dashboard" : "Seen by others once the page is published", content: """
      <div class="card-body stack"><div class="code-row"><pre class="code" tabindex="0" aria-label="Markdown" id="badge-code">\
      [![Status](\(badgeAddress))](\(address))</pre><button class="btn" type="button" data-copy="badge-code">Copy</button></div></div>
      """))
    """
  }

  private var editing: HTML {
    """
    <form class="form" action="\(Paths.statusPages)" method="post">\
    \(Field(name: "name", label: "Name", value: form.name, hint: "Stands at the top.", error: errors["name"], isRequired: true))
    \(Field(name: "slug", label: "Slug", value: form.slug, hint: "Lower case letters, digits and hyphens. Links to the old one stop working.", error: errors["slug"], isRequired: true, isMono: true))
    \(Field(name: "description", label: "About", value: form.description, kind: .lines(2), hint: "A sentence at the foot of the page; may be empty.", error: errors["description"]))
    \(if: !choices.isEmpty, ShownServices(choices: choices, error: errors["service"]).body)
    <fieldset><legend class="label">Visibility</legend>\(Check(name: "is_published", label: "Published: anybody may see it", isOn: form.isPublished))</fieldset>
    <div class="btns"><button class="btn btn-primary btn-lg">Save</button></div></form>
    """
  }
}
