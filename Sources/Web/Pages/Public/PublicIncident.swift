import HTML

/// `GET /status/{slug}/incidents/{id}`: the lasting address of one incident.
struct PublicIncidentPage: PublicPage {
  var frame: PublicFrame
  var id: String
  var incidentTitle: String
  var status: IncidentStatus
  var impact: State
  var startedAt: Int64
  var resolvedAt: Int64?
  var impacts: [OpenIncident.Impact]
  /// Newest first.
  var updates: [TimelineEntry]
  var postmortem: String

  var title: String { "\(status.word): \(incidentTitle)" }
  var state: State { status == .resolved ? .up : impact }
  var foot: HTML { "All times are UTC." }

  var body: HTML {
    """
    <article class="one-inc"><div class="answer st-\(state.rawValue)" id="page-state" role="status" data-live-part>\(StateMark(state, status.word, chip: true))
    <h1 dir="auto">\(incidentTitle)</h1><p>\(lead)</p></div>
    <div id="impacts" data-live-part>\(if: !impacts.isEmpty, affected)</div>
    <section class="sec" aria-labelledby="story"><h2 id="story" class="vh">What happened</h2><ol class="timeline" id="timeline" data-live-part>\(updates, { $0.body })</ol></section>
    \(if: !postmortem.isEmpty, "<section class=\"sec split\" aria-labelledby=\"pm\"><h2 id=\"pm\">Postmortem</h2><div class=\"prose\">\(Prose(text: postmortem))</div></section>")
    </article>
    <p class="back"><a href="\(frame.paths.page)">Present state</a> · <a href="\(frame.paths.history)">All incidents</a></p>
    """
  }

  private var lead: HTML {
    guard let resolvedAt else { return "Since \(When(startedAt)), for \(Format.span(ms: frame.now - startedAt)) now." }
    return "From \(When(startedAt)) to \(When(resolvedAt)): \(Format.span(ms: resolvedAt - startedAt))."
  }

  private var affected: HTML {
    """
    <section class="sec split" aria-labelledby="aff"><h2 id="aff">Affected</h2><ul class="affected">\(impacts, {
      "<li><span dir=\"auto\">\($0.service)</span> \(StateMark($0.state, $0.state.publicWord))</li>"
    })</ul></section>
    """
  }
}

/// `GET /status/{slug}/history?month=2026-11`.
struct HistoryPage: PublicPage {
  struct Month: Sendable {
    /// Any instant of it.
    var at: Int64
    /// Newest first.
    var incidents: [PastIncident]
    var open: [OpenIncident]
  }

  var frame: PublicFrame
  /// Newest first.
  var months: [Month]
  /// `2026-10` and `2026-12`, where there is something.
  var older: String?
  var newer: String?
  /// The page's state now, for the tab.
  var state: State

  var title: String { "History" }
  var foot: HTML { "Days and times are UTC." }

  var body: HTML {
    """
    <div class="answer"><h1>Incidents by month</h1><p><a href="\(frame.paths.page)">Present state</a></p></div>
    \(months, month)
    <nav class="months" aria-label="Months">\(older.map { "<a href=\"\(url: frame.paths.history(month: $0))\" rel=\"prev\">Older</a>" as HTML })\
    \(newer.map { "<a href=\"\(url: frame.paths.history(month: $0))\" rel=\"next\">Newer</a>" as HTML })</nav>
    """
  }

  private func month(_ month: Month) -> HTML {
    let none = month.incidents.isEmpty && month.open.isEmpty
    return """
      <section class="sec split"><h2>\(Format.month(month.at))</h2><div>\(if: none, "<p class=\"soft\">No incident.</p>")\
      \(if: !none, "<ul class=\"past\">\(month.open, ongoing)\(month.incidents, { $0.body })</ul>")</div></section>
      """
  }

  private func ongoing(_ incident: OpenIncident) -> HTML {
    """
    <li>\(When(incident.startedAt, .weekday))<div><a href="\(url: incident.path)" dir="auto">\(incident.title)</a> \
    \(StateMark(incident.impact, incident.status.word))</div></li>
    """
  }
}
