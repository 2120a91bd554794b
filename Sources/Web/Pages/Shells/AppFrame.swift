import HTML

/// What stands around every page of the application.
struct AppFrame: Sendable {
  enum Section: String, Sendable, CaseIterable {
    case monitors = "Monitors"
    case incidents = "Incidents"
    case services = "Services"
    case statusPages = "Status pages"
    case regions = "Regions"
    case settings = "Settings"
  }

  /// The figures beside the navigation; nil shows none.
  struct Counts: Sendable {
    var monitors: Int
    var openIncidents: Int
    var services: Int
    var statusPages: Int
    var regionsHealthy: Int
    var regions: Int
  }

  /// Said once after an action, with a way back where there is one.
  struct Toast: Sendable {
    var message: String
    /// A path that takes the action back by POST.
    var undo: String?
  }

  /// Trouble of ours that a person should know of, on every page.
  struct Banner: Sendable {
    var state: State
    var title: String
    var text: String
    var link: (label: String, path: String)?
  }

  var organization: String
  var organizationID: String
  /// The others this person may switch to: POST `Paths.switchOrganization` `organization_id`.
  var otherOrganizations: [(id: String, name: String)] = []
  var person: String
  /// Owner and admin write; members read and see no button that would be refused.
  var canWrite: Bool
  var counts: Counts?
  /// How Martlet itself is: one short sentence.
  var wellbeing: String
  var banners: [Banner] = []
  var toast: Toast?
  var live: LiveFeed?
}

/// A page of the application.
protocol AppPage: Sendable {
  var frame: AppFrame { get }
  var section: AppFrame.Section { get }
  /// The state and the place: `1 down · Monitors`.
  var title: String { get }
  /// The tab's picture.
  var icon: Asset { get }
  var body: HTML { get }
}

extension AppPage {
  var icon: Asset { .favicon }

  /// The whole document.
  func render() -> HTML {
    Document(
      title: "\(title) · Martlet", sheets: [.base, .app], icon: icon, bodyClass: "app", live: frame.live,
      loadsScript: true, body: AppShell(frame: frame, section: section, content: body).body
    ).html
  }
}

private struct AppShell: Component {
  var frame: AppFrame
  var section: AppFrame.Section
  var content: HTML

  var body: HTML {
    """
    <header class="topbar"><a class="brand" href="\(Paths.home)">\(Icon.mark)Martlet</a>
    <button class="btn btn-plain" type="button" popovertarget="side">\(Icon(Drawing.menu))Menu</button></header>
    <aside class="side" id="side" aria-label="Martlet" popover>
    <a class="brand" href="\(Paths.home)">\(Icon.mark)<span>Martlet</span> <span class="org" dir="auto">\(frame.organization)</span></a>
    <a class="jump" href="\(Paths.monitors)#q" data-palette>\(Icon(Drawing.search))Go to<kbd>Ctrl K</kbd></a>
    <nav aria-label="Main"><ul class="nav" id="nav" data-live-part>
    \(AppFrame.Section.allCases, item)</ul></nav>
    <div class="side-foot">\(switcher)<p>\(frame.wellbeing)</p>
    <div class="side-who"><a href="\(Paths.account)" dir="auto">\(frame.person)</a> · <form action="\(Paths.logout)" method="post">\
    <button class="link">Sign out</button></form></div></div>
    </aside>
    <main class="main" id="main" tabindex="-1">
    <div id="banners" class="banners" data-live-part>\(frame.banners, banner)</div>
    \(content)
    <div class="toasts" role="status" aria-live="polite">\(frame.toast.map(toast))</div>
    </main>
    """
  }

  private func item(_ item: AppFrame.Section) -> HTML {
    let (path, icon) = destination(item)
    let isHere: String? = item == section ? "page" : nil
    return """
      <li><a href="\(path)"\(attribute: "aria-current", isHere)>\(Icon(icon))\(item.rawValue)\(count(item))</a></li>

      """
  }

  private func destination(_ item: AppFrame.Section) -> (String, Drawing) {
    switch item {
    case .monitors: (Paths.monitors, .pulse)
    case .incidents: (Paths.incidents, .flag)
    case .services: (Paths.services, .layers)
    case .statusPages: (Paths.statusPages, .page)
    case .regions: (Paths.regions, .globe)
    case .settings: (Paths.settings, .sliders)
    }
  }

  private func count(_ item: AppFrame.Section) -> HTML? {
    guard let counts = frame.counts else { return nil }
    switch item {
    case .monitors: return number(counts.monitors)
    case .services: return number(counts.services)
    case .statusPages: return number(counts.statusPages)
    case .settings: return nil
    case .regions:
      let words =
        counts.regionsHealthy == counts.regions ? "\(counts.regions)" : "\(counts.regionsHealthy) of \(counts.regions)"
      return " <span class=\"n\">\(words)</span>"
    case .incidents:
      guard counts.openIncidents > 0 else { return nil }
      return " <span class=\"n n-down\">\(counts.openIncidents) open</span>"
    }
  }

  private func number(_ number: Int) -> HTML? {
    number > 0 ? " <span class=\"n\">\(Format.count(number))</span>" : nil
  }

  private var switcher: HTML? {
    guard !frame.otherOrganizations.isEmpty else { return nil }
    return """
      <details class="switch"><summary class="chev">Other organizations</summary>\(frame.otherOrganizations, { other in
        PostButton(
          label: "<span dir=\"auto\">\(other.name)</span>", action: Paths.switchOrganization, style: "btn-plain",
          fields: [("organization_id", other.id)]
        ).body
      })</details>
      """
  }

  private func banner(_ banner: AppFrame.Banner) -> HTML {
    """
    <div class="banner st-\(banner.state.rawValue)">\(StateMark(banner.state, banner.title))<p>\(banner.text)\
    \(banner.link.map { " <a href=\"\(url: $0.path)\">\($0.label)</a>" as HTML })</p></div>
    """
  }

  private func toast(_ toast: AppFrame.Toast) -> HTML {
    """
    <div class="toast"><span>\(toast.message)</span>\(toast.undo.map { path in
      "<form action=\"\(url: path)\" method=\"post\"><button class=\"link\">Undo</button></form>" as HTML
    })</div>
    """
  }
}
