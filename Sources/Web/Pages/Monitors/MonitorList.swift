import HTML

/// One monitor as a line of the list; also the live fragment `mon_…`.
struct MonitorLine: Component {
  var id: String
  var name: String
  /// Without its scheme.
  var address: String
  var state: State
  var isRecovering = false
  var isFlapping = false
  /// How long it has been in this state; nil before the first result.
  var stateForMs: Int64?
  /// Why, in few words: `Time-out after 10 s in TLS`.
  var note: String?
  var spark: Sparkline?
  /// Over 30 days, from 0 to 1.
  var uptime: Double?
  /// Over one hour.
  var p95Us: Int64?
  /// `3 of 3`
  var regionsUp: String?
  var checkedAgoMs: Int64?
  var tags: [String] = []

  var body: HTML {
    """
    <tr id="\(id)"><td class="c-state">\(StateMark(state, isRecovering ? "Recovering" : nil))\
    \(if: isFlapping, "<span class=\"state-for\">flapping</span>")\(stateForMs.map { "<span class=\"state-for\">\(Format.age(ms: $0))</span>" as HTML })</td>\
    <td class="name clip"><a href="\(Paths.monitor(id))" dir="auto">\(name)</a>\
    <span class="sub st-\(state.rawValue)">\(why.map { "<b>\($0)</b> · " as HTML })<bdi>\(address)</bdi>\(tags, tag)</span></td>\
    <td class="c-spark">\(spark)</td>\
    <td class="num c-b" data-l="30 days">\(uptime.map { HTML(text: Format.uptime($0)) } ?? Nothing().body)</td>\
    <td class="num c-b" data-l="p95">\(p95Us.map { HTML(text: Format.microseconds($0)) } ?? Nothing().body)</td>\
    <td class="num c-reg c-hide">\(regionsUp.map { HTML(text: $0) } ?? Nothing().body)</td>\
    <td class="num c-when c-hide quiet">\(checkedAgoMs.map { HTML(text: Format.age(ms: $0)) } ?? Nothing().body)</td></tr>

    """
  }

  private var why: String? {
    guard isFlapping else { return note }
    return note.map { "Flapping: \($0)" } ?? "Flapping"
  }

  private func tag(_ tag: String) -> HTML { " · <span dir=\"auto\">#\(tag)</span>" }
}

/// `GET /monitors?q=&status=&tag=&sort=&page=`: the dashboard.
///
/// `status` is a monitor status of the contract or absent; `sort` is `state` (worst first), `name`, `uptime` (lowest first) or `created` (newest first).
struct MonitorListPage: AppPage {
  struct Filter: Sendable {
    var q = ""
    var status: String?
    var tag = ""
    var sort = "state"
  }

  var frame: AppFrame
  var filter: Filter
  var rows: [MonitorLine]
  var page: Int
  var rowsPerPage: Int
  /// Of the present filter.
  var total: Int
  /// Monitors per state, whatever the filter.
  var counts: [State: Int]
  /// Every tag in use, in order.
  var tags: [String]
  /// The first monitor that is down, by name.
  var worst: String?
  var checksPerDay: Int
  var now: Int64

  var section: AppFrame.Section { .monitors }
  private var all: Int { counts.values.reduce(0, +) }
  private func count(_ state: State) -> Int { counts[state] ?? 0 }

  var title: String { count(.down) > 0 ? "\(count(.down)) down · Monitors" : "Monitors" }
  var icon: Asset { count(.down) > 0 ? .faviconDown : .favicon }

  var body: HTML {
    """
    \(PageHead(sentence: HTML(text: sentence), lead: lead, buttons: newButton, isLive: true))
    <section class="stack" aria-label="Monitors">
    <div id="state-tabs" data-live-part>\(Tabs(label: "Filter by state", tabs: tabs))</div>
    \(tools)
    <div class="card" id="monitor-list" data-live-part>\(table)\(pager)</div>
    </section>
    """
  }

  /// The answer, in one sentence that is true.
  var sentence: String {
    let up = count(.up)
    let rest =
      up == all
      ? "All \(Format.count(all, "monitor")) are up." : "\(Format.count(up)) of \(Format.count(all, "monitor")) are up"
    var parts: [String] = []
    switch count(.down) {
    case 0: break
    case 1: parts.append("\(worst ?? "One monitor") is down.")
    default: parts.append("\(Format.count(count(.down))) monitors are down\(worst.map { ", \($0) among them" } ?? "").")
    }
    if up == all { return all == 1 ? "The one monitor is up." : rest }
    let verified = count(.unconfirmed)
    let more =
      verified == 0
      ? "." : verified == 1 ? "; one failure is being verified." : "; \(verified) failures are being verified."
    parts.append(rest + more)
    return parts.joined(separator: " ")
  }

  private var lead: HTML {
    "\(Format.count(checksPerDay, "check")) a day. Updated \(When(now, .clockSeconds))."
  }

  private var newButton: HTML? {
    guard frame.canWrite else { return nil }
    return LinkButton(label: "\(Icon(Drawing.plus))New monitor", path: Paths.newMonitor, style: "btn-primary").body
  }

  private var tabs: [Tab] {
    let shown: [State] = [.down, .unconfirmed, .degraded, .unknown, .pending, .maintenance, .paused, .up]
    let first = Tab(
      label: "All <span class=\"n\">\(Format.count(all))</span>", path: path(status: nil),
      isCurrent: filter.status == nil)
    return [first]
      + shown.filter { count($0) > 0 || filter.status == $0.rawValue }.map { state in
        Tab(
          label: StateMark(state, extra: " <span class=\"n\">\(Format.count(count(state)))</span>").body,
          path: path(status: state.rawValue), isCurrent: filter.status == state.rawValue)
      }
  }

  private var tools: HTML {
    """
    <form class="bar-tools" role="search" action="\(Paths.monitors)" method="get"><div class="search">\(Icon(Drawing.search))\
    <input class="input" type="search" id="q" name="q" aria-label="Search monitors" placeholder="Name, URL or tag"\
    \(attribute: "value", filter.q.isEmpty ? nil : filter.q)></div>\
    \(filter.status.map { "<input type=\"hidden\" name=\"status\" value=\"\($0)\">" as HTML })
    \(if: !tags.isEmpty, Choice(
      name: "tag", label: "Tag", options: [.init(value: "", label: "Every tag")] + tags.map { .init(value: $0, label: $0) },
      selected: filter.tag, isBare: true).body)
    \(Choice(name: "sort", label: "Sort by", options: Self.sorts, selected: filter.sort, isBare: true))
    <button class="btn">Apply</button></form>
    """
  }

  private static let sorts: [Choice.Option] = [
    .init(value: "state", label: "Worst first"), .init(value: "name", label: "Name"),
    .init(value: "uptime", label: "Lowest uptime"), .init(value: "created", label: "Newest"),
  ]

  private var table: HTML {
    guard !rows.isEmpty else {
      return EmptyNote(
        sentence: "No monitor fits.",
        more: "Nothing here matches the filter. <a href=\"\(Paths.monitors)\">Show all \(Format.count(all))</a>"
      ).body
    }
    return """
      <table class="table folds-up"><caption class="vh">Monitors, page \(page)</caption>
      <thead><tr>\(heading("State", "state"))\(heading("Monitor", "name"))<th scope="col">Response, 24\(Format.space)h</th>\
      \(heading("Uptime, 30\(Format.space)d", "uptime", "num"))<th scope="col" class="num">p95, 24\(Format.space)h</th>\
      <th scope="col" class="num c-reg">Regions up</th><th scope="col" class="num c-when">Checked</th></tr></thead>
      <tbody>\(rows, { $0.body })</tbody></table>

      """
  }

  private func heading(_ label: String, _ sort: String, _ style: String? = nil) -> HTML {
    let isSorted = filter.sort == sort
    let order: String? = isSorted ? "ascending" : nil
    return """
      <th scope="col"\(attribute: "class", style)\(attribute: "aria-sort", order)><a href="\(url: path(sort: sort))">\(label)\
      \(isSorted ? Icon(Drawing.sort) : nil)</a></th>
      """
  }

  private var pager: Pager {
    Pager(page: page, rows: rowsPerPage, total: total, path: path(status: filter.status, sort: filter.sort))
  }

  private func path(status: String?? = nil, sort: String? = nil) -> String {
    Query(Paths.monitors).adding("q", filter.q).adding("status", (status ?? filter.status) ?? "")
      .adding("tag", filter.tag).adding("sort", (sort ?? filter.sort) == "state" ? "" : sort ?? filter.sort).path
  }
}

/// The dashboard before the first monitor; the form posts to `Paths.newMonitor`: `url`.
struct EmptyMonitorsPage: AppPage {
  var frame: AppFrame
  var url = ""
  var error: String?

  var section: AppFrame.Section { .monitors }
  var title: String { "Monitors" }

  var body: HTML {
    """
    <div class="empty" id="page-state">\(Icon.mark)<h1>Nothing is watched yet.</h1>\
    <p>Name one address. The first result is here within five seconds.</p>
    \(frame.canWrite ? form : "<p>An owner or an admin adds the first monitor.</p>")</div>
    """
  }

  private var form: HTML {
    """
    <form class="field" action="\(Paths.newMonitor)" method="post"><label for="url">URL</label><div class="one-line">\
    <input class="input input-lg" id="url" name="url" type="url" required placeholder="https://shop.example/health" autocomplete="url"\
    \(attribute: "value", url.isEmpty ? nil : url)\(attribute: "aria-invalid", error == nil ? nil : "true")\
    \(attribute: "aria-describedby", error == nil ? nil : "url-e")><button class="btn btn-primary">Start watching</button></div>\
    \(error.map { FieldError(id: "url", message: $0) })</form>
    <ul class="paths"><li><a href="\(Paths.newMonitor)">Every setting</a>\
    <span class="soft">Interval, request, assertions, who is told.</span></li>
    <li><a href="\(Paths.newChannel)">A channel first</a><span class="soft">E-mail, webhook or Slack: so that somebody hears of it.</span></li>
    <li><code>martlet demo</code><span class="soft">runs a throw-away copy with targets that fail on purpose.</span></li></ul>
    """
  }
}
