import HTML

/// One line of an incident's story.
struct TimelineEntry: Component {
  var at: Int64
  /// `Identified`, `Acknowledged`, `Notified`
  var what: String
  /// Who; nil on public pages.
  var author: String?
  var message: String
  var isLatest = false
  /// The state that colours the latest entry.
  var state = State.down
  var style = When.Style.clock

  var body: HTML {
    """
    <li\(attribute: "class", isLatest ? "now st-\(state.rawValue)" : nil)><p class="when">\(When(at, style))</p><div><p><span class="what">\(what)</span>\
    \(author.map { " <span class=\"quiet\" dir=\"auto\">\($0)</span>" as HTML })</p>\(Prose(text: message))</div></li>
    """
  }
}

/// Text that a person wrote: paragraphs at empty lines, line ends kept, nothing interpreted.
struct Prose: Component {
  var text: String

  var body: HTML {
    guard !text.isEmpty else { return HTML() }
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let paragraphs = lines.split { $0.allSatisfy(\.isWhitespace) }
    return paragraphs.map { paragraph -> HTML in
      "<p dir=\"auto\">\(paragraph.map { HTML(text: $0) }.joined(by: "<br>"))</p>"
    }.joined()
  }
}

/// `GET /incidents/{id}`.
///
/// Posts: `incidentUpdates` `status, message`; `acknowledgeIncident` (no fields); `postmortem` `postmortem`;
/// `deleteIncident` (no fields).
struct IncidentPage: AppPage {
  struct Impact: Sendable {
    var id: String
    var name: String
    var state: State
  }

  /// Another incident that this one is part of, or that is part of it.
  struct Related: Sendable {
    var id: String
    var title: String
    var isOpen: Bool
  }

  struct Delivery: Sendable {
    var channel: String
    /// `delivered 13:48:06 UTC`, `HTTP 500, 4th try at 14:36 UTC`
    var outcome: String
    var state: State
  }

  var frame: AppFrame
  var id: String
  var incidentTitle: String
  var status: IncidentStatus
  var impact: State
  var startedAt: Int64
  var acknowledgedAt: Int64?
  var acknowledgedBy: String?
  var resolvedAt: Int64?
  /// The monitor that opened it; nil when a person did.
  var monitor: (id: String, name: String)?
  var openedBy: String?
  var cause: Related?
  /// Incidents that are part of this one.
  var causing: [Related] = []
  var detectedAfterMs: Int64?
  var impacts: [Impact]
  /// Newest first.
  var timeline: [TimelineEntry]
  var votes: VoteStrips?
  var evidence: RegionEvidence?
  var deliveries: [Delivery]
  var postmortemText: String
  /// The incident on the public page; nil where no page shows it.
  var publicPath: String?
  var draft = ""
  var draftStatus: IncidentStatus?
  var errors: FormErrors = [:]
  var now: Int64

  var section: AppFrame.Section { .incidents }
  var title: String { "\(status.word): \(incidentTitle)" }
  var icon: Asset { status == .resolved ? .favicon : impact.favicon }

  var body: HTML {
    """
    \(PageHead(
      crumbs: [("Incidents", Paths.incidents), (incidentTitle, nil)], sentence: "<span dir=\"auto\">\(incidentTitle)</span>",
      chip: StateMark(status == .resolved ? .up : impact, status.word, chip: true).body, lead: lead, buttons: buttons, isLive: true))
    <section aria-label="Figures"><dl class="tiles tiles-4" id="figures" data-live-part>\(tiles)</dl></section>
    <div class="cols cols-21"><div class="stack">
    \(if: frame.canWrite && status != .resolved, updateForm)\(lost)
    \(Card(title: "Timeline", id: "timeline", isLive: true, content: "<ol class=\"timeline card-body\">\(timeline, { $0.body })</ol>"))
    \(votes)\(evidence)
    \(postmortemCard)</div>
    <div class="stack">\(serviceCard)\(causingCard)\(deliveryCard)</div></div>
    \(deletion)
    """
  }

  private var lead: HTML {
    let length = Format.span(ms: (resolvedAt ?? now) - startedAt)
    let opened: HTML =
      if let monitor { "Opened by <a href=\"\(Paths.monitor(monitor.id))\" dir=\"auto\">\(monitor.name)</a>" } else {
        "Opened by <span dir=\"auto\">\(openedBy ?? "a person")</span>"
      }
    let acknowledged: HTML? = acknowledgedAt.map { at in
      ", acknowledged by <span dir=\"auto\">\(acknowledgedBy ?? "a person")</span> after \(Format.span(ms: at - startedAt))"
    }
    let span: HTML =
      if let resolvedAt { "It lasted \(length), from \(When(startedAt)) to \(When(resolvedAt))." } else {
        "Open for \(length), since \(When(startedAt))."
      }
    let caused: HTML? = cause.map { cause in
      " Caused by <a href=\"\(Paths.incident(cause.id))\" dir=\"auto\">\(cause.title)</a>."
    }
    return "\(span) \(opened)\(acknowledged).\(caused)"
  }

  private var buttons: HTML {
    """
    \(publicPath.map { LinkButton(label: "Public page", path: $0) })\
    \(if: frame.canWrite && acknowledgedAt == nil && status != .resolved,
      PostButton(label: "Acknowledge", action: Paths.acknowledgeIncident(id), style: "btn-primary").body)
    """
  }

  private var tiles: HTML {
    let acknowledged = acknowledgedAt.map { Format.span(ms: $0 - startedAt) }
    let told = deliveries.count { $0.state == .up }
    return """
      \(Tile(label: "To detect", figure: detectedAfterMs.map { Format.span(ms: $0) } ?? "–", note: detectedAfterMs == nil ? "opened by hand" : "from the first failure"))\
      \(Tile(label: "To acknowledge", figure: acknowledged ?? "–", note: acknowledgedBy ?? (status == .resolved ? "nobody" : "nobody yet")))\
      \(Tile(label: status == .resolved ? "Lasted" : "Open", figure: Format.span(ms: (resolvedAt ?? now) - startedAt), note: status.word.lowercased()))\
      \(Tile(label: "Told", figure: "\(told) of \(deliveries.count)", note: Format.count(deliveries.count, "delivery", "deliveries")))
      """
  }

  /// An update that came after the end: there is no form any more to keep its words in.
  private var lost: HTML? {
    guard status == .resolved, !draft.isEmpty else { return nil }
    return Card(
      title: "It was resolved meanwhile", note: "Your update was not posted",
      content: """
        <div class="card-body stack" role="alert"><p>What you wrote may still belong in the postmortem or in \
        <a href="\(Paths.newIncident)">a new incident</a>:</p><pre class="code" tabindex="0" aria-label="Your update">\(draft)</pre></div>
        """
    ).body
  }

  private var updateForm: HTML {
    Card(
      title: "Post an update", note: "Appears on the public page at once",
      content: """
        <form class="card-body form" action="\(Paths.incidentUpdates(id))" method="post">\(CheckGroup(
          legend: "Status",
          checks: status.next.map {
            Check(name: "status", value: $0.rawValue, label: HTML(text: $0.word), isOn: $0 == (draftStatus ?? status), isRadio: true)
          }, isLegendHidden: true, error: errors["status"]))
        \(Field(
          name: "message", label: "What is known now", value: draft, kind: .lines(3),
          hint: "Say what people see, what you do, and when you will write again.", error: errors["message"], isRequired: true))
        <div class="btns"><button class="btn btn-primary">Post update</button></div></form>
        """
    ).body
  }

  private var postmortemCard: HTML? {
    guard status == .resolved else { return nil }
    let shown: HTML =
      postmortemText.isEmpty ? "<p class=\"soft\">None was written.</p>" : Prose(text: postmortemText).body
    let form: HTML = """
      <form class="form" action="\(Paths.postmortem(id))" method="post">\(Field(
        name: "postmortem", label: "What happened, why, and what changes", value: postmortemText, kind: .lines(8),
        hint: "Public. Empty takes it away.", error: errors["postmortem"]))
      <div class="btns"><button class="btn">Save postmortem</button></div></form>
      """
    return Card(
      title: "Postmortem", content: "<div class=\"card-body\">\(frame.canWrite ? form : shown)</div>"
    ).body
  }

  private var serviceCard: HTML {
    let rows: HTML = """
      <table class="table"><caption class="vh">Impact by service</caption><tbody>\(impacts, { impact in
        "<tr><td class=\"name\"><a href=\"\(Paths.service(impact.id))\" dir=\"auto\">\(impact.name)</a></td><td class=\"num\">\(StateMark(impact.state, impact.state.publicWord))</td></tr>"
      })</tbody></table>
      """
    return Card(
      title: "Services", id: "impacts", isLive: true,
      content: impacts.isEmpty
        ? EmptyNote(sentence: "No service.", more: "No status page shows this as an outage.").body : rows
    ).body
  }

  private var causingCard: HTML? {
    guard !causing.isEmpty else { return nil }
    let rows: HTML = """
      <table class="table"><caption class="vh">Incidents that this one causes</caption><tbody>\(causing, { one in
        "<tr><td class=\"name\"><a href=\"\(Paths.incident(one.id))\" dir=\"auto\">\(one.title)</a></td><td class=\"num\">\(StateMark(one.isOpen ? .down : .up, one.isOpen ? "Open" : "Resolved"))</td></tr>"
      })</tbody></table>
      """
    return Card(
      title: "Caused by this", note: "Told with this incident, not each by itself", id: "causing", isLive: true,
      content: rows
    ).body
  }

  private var deliveryCard: HTML {
    let rows: HTML = """
      <table class="table"><caption class="vh">Deliveries</caption><tbody>\(deliveries, { delivery in
        "<tr><td class=\"name\"><span dir=\"auto\">\(delivery.channel)</span><span class=\"sub wraps\">\(delivery.outcome)</span></td><td class=\"num\">\(StateMark(delivery.state, delivery.state == .up ? "Delivered" : delivery.state == .down ? "Given up" : "Trying"))</td></tr>"
      })</tbody></table>
      """
    return Card(
      title: "Deliveries", id: "deliveries", isLive: true,
      content: deliveries.isEmpty
        ? EmptyNote(
          sentence: "Nobody was told.",
          more: cause == nil
            ? "No channel is set for what is affected. <a href=\"\(Paths.channels)\">Channels</a>"
            : "The message of the incident that causes this one tells of it."
        ).body
        : rows
    ).body
  }

  private var deletion: HTML? {
    guard frame.canWrite else { return nil }
    return Confirm(
      button: "Delete this incident",
      question:
        "<bdi>\(incidentTitle)</bdi> leaves every list and the public page; its services are judged anew. The audit log keeps that it was there.",
      yes: "Delete incident", action: Paths.deleteIncident(id)
    ).body
  }
}
