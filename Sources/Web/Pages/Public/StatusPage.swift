import HTML

/// One service on the public page; also the live fragment `svc_…`.
struct PublicService: Component {
  var id: String
  var name: String
  var description: String
  var state: State
  /// `fresh`, `stale` or `none`: nobody reads "Operational" without fresh data.
  var observed: String
  var days: [Day]
  /// From 0 to 1 over the days that were measured; nil when none was.
  var uptime: Double?
  var today: Int64

  /// The state that is shown: without fresh data a service is unknown, unless somebody said something worse.
  var shown: State { observed != "fresh" && state == .up ? .unknown : state }

  var word: String { shown == .unknown && observed == "stale" ? "Not seen lately" : shown.publicWord }

  /// The days since the first measured one.
  var measuredDays: Int { days.firstIndex { $0.state != .unknown }.map { days.count - $0 } ?? 0 }

  var body: HTML {
    """
    <li class="svc" id="\(id)"><div class="nm"><span dir="auto">\(name)</span>\
    \(if: !description.isEmpty, "<span class=\"d\" dir=\"auto\">\(description)</span>")</div>\
    \(DayBars(name: name, days: days, today: today))\
    <span class="up-n"\(attribute: "data-window", uptime == nil ? nil : " uptime over \(Format.count(measuredDays, "day"))")>\(uptime.map { HTML(text: Format.uptime($0)) } ?? Nothing().body)</span>\
    \(StateMark(shown, word))</li>

    """
  }
}

/// An incident that is open, as visitors see it; also the live fragment `inc_…`.
struct OpenIncident: Component {
  struct Impact: Sendable {
    var service: String
    var state: State
  }

  var id: String
  var path: String
  var title: String
  var status: IncidentStatus
  var impact: State
  var startedAt: Int64
  var now: Int64
  var impacts: [Impact]
  /// Newest first.
  var updates: [TimelineEntry]

  var body: HTML {
    """
    <article class="open-inc st-\(impact.rawValue)" id="\(id)" aria-labelledby="\(id)-t"><header>\(StateMark(impact, status.word, chip: true))
    <h2 id="\(id)-t"><a href="\(url: path)" dir="auto">\(title)</a></h2>
    <p class="meta"><span>Since \(When(startedAt)), \(Format.span(ms: now - startedAt))</span></p></header>
    \(if: !impacts.isEmpty, "<ul class=\"impact\">\(impacts, impactItem)</ul>")
    <ol class="timeline">\(updates, { $0.body })</ol></article>

    """
  }

  private func impactItem(_ impact: Impact) -> HTML {
    "<li><span dir=\"auto\">\(impact.service)</span> \(StateMark(impact.state, impact.state.publicWord))</li>"
  }
}

/// A finished incident in one line.
struct PastIncident: Component {
  var path: String
  var title: String
  var startedAt: Int64
  var resolvedAt: Int64

  var body: HTML {
    """
    <li>\(When(startedAt, .weekday))<div><a href="\(url: path)" dir="auto">\(title)</a> <span class="quiet">\
    \(Format.span(ms: resolvedAt - startedAt)), resolved \(Format.clock(resolvedAt)) UTC</span></div></li>
    """
  }
}

/// `GET /status/{slug}`: what everybody may see.
struct StatusPage: PublicPage {
  var frame: PublicFrame
  var services: [PublicService]
  var open: [OpenIncident]
  /// Newest first, of the last days.
  var past: [PastIncident]
  /// The last successful look at anything; nil before the first.
  var lastCheckedAt: Int64?
  /// The end of the last outage.
  var lastOutageEndedAt: Int64?

  static let rule = """
    Uptime is time without a partial or major outage, over the time that was measured. Planned maintenance and time \
    without data are left out.
    """

  var foot: HTML { HTML(text: Self.rule) }

  var state: State { services.map(\.shown).max { $0.rank < $1.rank } ?? .unknown }

  var title: String {
    let worst = services.filter { $0.shown == state }
    guard state != .up, worst.count == 1 else { return state.publicWord }
    return "\(state.publicWord): \(worst[0].name)"
  }

  var body: HTML {
    """
    <div class="answer st-\(state.rawValue)" id="page-state" role="status" data-live-part>\
    <svg class="big" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-\(state.rawValue)"/></svg><h1>\(sentence)</h1><p>\(lead)</p></div>
    <div id="open-incidents" data-live-part>\(open, { $0.body })</div>
    \(serviceSection)
    <section class="sec split" aria-labelledby="past"><h2 id="past">Past incidents</h2><div id="past-incidents" data-live-part>\(pastList)\
    <p><a href="\(frame.paths.history)">All incidents by month</a></p></div></section>
    """
  }

  /// The answer.
  var sentence: HTML {
    guard !services.isEmpty else { return "No service is shown here yet." }
    let troubled = services.filter { $0.shown != .up }
    guard !troubled.isEmpty else {
      return services.count == 1 ? "<bdi>\(services[0].name)</bdi> is operational." : "All services are operational."
    }
    if services.allSatisfy({ $0.shown == .unknown }) { return "No service has fresh data." }
    if troubled.count > 3 { return HTML(text: summary(of: troubled)) }
    let worstFirst = troubled.sorted { $0.shown.rank > $1.shown.rank }
    let parts = worstFirst.map { "<bdi>\($0.name)</bdi> \(Self.predicate($0.shown))" as HTML }
    let last = parts.count - 1
    return "\(parts.dropLast().joined(by: ", "))\(if: last > 0, " and ")\(parts[last])."
  }

  private static func predicate(_ state: State) -> String {
    switch state {
    case .down: "is down"
    case .partial: "is partly down"
    case .degraded: "is slow or degraded"
    case .maintenance: "is under maintenance"
    default: "has no fresh data"
    }
  }

  private func summary(of troubled: [PublicService]) -> String {
    let counts = [State.down, .partial, .degraded, .maintenance, .unknown].compactMap { state -> String? in
      let count = troubled.count { $0.shown == state }
      guard count > 0 else { return nil }
      let predicate =
        switch state {
        case .down: "down"
        case .partial: "partly down"
        case .degraded: "degraded"
        case .maintenance: "under maintenance"
        default: "without fresh data"
        }
      return "\(count) \(predicate)"
    }
    return "Of \(services.count) services, \(counts.joined(separator: ", "))."
  }

  private var lead: HTML {
    guard !services.isEmpty else { return "What is watched appears here as soon as somebody chooses it." }
    let checked: HTML = lastCheckedAt.map { "Last checked at \(When($0, .clock))." } ?? "Nothing was checked yet."
    guard state == .up, let ended = lastOutageEndedAt else { return checked }
    return "\(checked) The last outage ended \(Format.span(ms: frame.now - ended)) ago."
  }

  private func daysAgo(_ days: Int64) -> String { Format.day(frame.now - (days - 1) * 86_400_000) }

  private var serviceSection: HTML {
    guard !services.isEmpty else { return HTML() }
    return """
      <section class="sec" aria-labelledby="services">
      <div class="sec-head"><h2 id="services">Services</h2><p>Bars: one a day, <span class="only-90">\(daysAgo(90))</span>\
      <span class="only-60">\(daysAgo(60))</span><span class="only-45">\(daysAgo(45))</span> to today, in UTC. <a href="#rule">How uptime is counted</a></p></div>
      <div class="svc-axis" aria-hidden="true"><span class="ends"><span>\(daysAgo(90))</span><span>Today</span></span><span class="up-h">90\(Format.space)days</span><span>Now</span></div>
      <ul class="svcs" id="svcs" data-live-part>\(services, { $0.body })</ul>\(DayBarsKey())
      \(ServiceDaysTable(services: services))
      </section>
      """
  }

  private var pastList: HTML {
    past.isEmpty ? "<p class=\"soft\">None in the last 14 days.</p>" : "<ul class=\"past\">\(past, { $0.body })</ul>"
  }
}

/// The bars as text: every day that was not quiet.
private struct ServiceDaysTable: Component {
  var services: [PublicService]

  var body: HTML {
    let rows = services.flatMap { service in stretches(of: service).map { (service, $0) } }
      .sorted { $0.1.from > $1.1.from }
    guard !rows.isEmpty else { return HTML() }
    return """
      <details class="texts" id="days-text" data-live-part><summary class="chev">The same as text</summary><table class="table"><caption class="vh">Days with trouble or without data</caption>\
      <thead><tr><th scope="col">Day</th><th scope="col">Service</th><th scope="col">State</th><th scope="col" class="num">For</th></tr></thead>\
      <tbody>\(rows, row)</tbody></table></details>
      """
  }

  private struct Stay {
    var from: Int64
    var to: Int64
    var state: State
    var minutes: Int
  }

  /// Days without data follow each other by the dozen and share a row.
  private func stretches(of service: PublicService) -> [Stay] {
    var all: [Stay] = []
    for (index, day) in service.days.enumerated() where day.state != .up {
      let at = service.today - Int64(service.days.count - 1 - index) * 86_400_000
      if day.state == .unknown, let before = all.last, before.state == .unknown, at - before.to == 86_400_000 {
        all[all.count - 1].to = at
        all[all.count - 1].minutes += day.minutes
      } else {
        all.append(Stay(from: at, to: at, state: day.state, minutes: day.minutes))
      }
    }
    return all
  }

  private func row(_ row: (service: PublicService, stay: Stay)) -> HTML {
    let stay = row.stay
    let days = stay.from == stay.to ? Format.day(stay.from) : "\(Format.day(stay.from)) to \(Format.day(stay.to))"
    let length = stay.from != stay.to || stay.minutes == 0 ? "" : Format.span(ms: Int64(stay.minutes) * 60_000)
    return """
      <tr><td>\(days)</td><td dir="auto">\(row.service.name)</td><td>\(stay.state.publicWord)</td><td class="num">\(length)</td></tr>
      """
  }
}
