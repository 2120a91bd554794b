import HTML

/// One check in a list.
struct ResultLine: Component {
  var runID: String
  var monitorID: String
  var at: Int64
  var region: String
  var state: State
  /// `200`, `Time-out in TLS, attempt 3 of 3`, `Missed: worker offline`
  var answer: String
  /// Stands after the answer: `by hand`, `on creation`, `second opinion`, `stand-in probe-7`; empty for most.
  var note = ""
  var totalUs: Int64?
  var phases: Phases?

  var body: HTML {
    """
    <tr><td class="c-state">\(StateMark(state))</td>\
    <td class="name"><a href="\(url: Paths.result(monitorID, runID))"><time datetime="\(Format.rfc3339(at))">\(clock)</time></a></td>\
    <td class="c-b">\(region)</td>\
    <td class="c-wide soft" dir="auto">\(answer)\(if: !note.isEmpty, " <span class=\"quiet\">\(note)</span>")</td>\
    <td class="c-hide">\(phases.map { PhaseStrip(phases: $0) })</td>\
    <td class="num c-b last">\(totalUs.map { HTML(text: Format.microseconds($0)) } ?? Nothing().body)</td></tr>

    """
  }

  private var clock: String { Format.day(at) + " " + Format.clockSeconds(at) }
}

/// Why a monitor is, or was, not up: what the failing run saw.
struct Evidence: Component {
  struct Vote: Sendable {
    var region: String
    var state: State
    var note: String?
  }

  struct Step: Sendable {
    /// `13:47:24.821`
    var at: String
    /// `connect`
    var phase: String
    var words: String
    var isBad: Bool
  }

  var isOver: Bool
  var at: Int64
  /// `3 of 3 healthy regions failing, 2 needed`
  var verdict: String
  var votes: [Vote]
  /// Label and value in order: first failure, phase, answer, address, certificate.
  var facts: [(label: String, value: String)]
  var trace: [Step]
  /// The head and the beginning of the answer, secrets masked.
  var excerpt: String?

  var body: HTML {
    Card(
      title: isOver ? "Why it was down" : "Why it is down", note: "Evidence of \(When(at, .full))", id: "evidence",
      isLive: true,
      content: """
        <div class="card-body stack"><dl class="kv"><dt>Verdict</dt><dd>\(verdict)</dd>\
        \(if: !votes.isEmpty, "<dt>Votes</dt><dd class=\"checks\">\(votes, vote)</dd>")\
        \(facts, { "<dt>\($0.label)</dt><dd dir=\"auto\">\($0.value)</dd>" })</dl>
        \(traceBlock)\(excerpt.map { "<pre class=\"code\" tabindex=\"0\" aria-label=\"Answer\">\($0)</pre>" as HTML })</div>
        """
    ).body
  }

  private func vote(_ vote: Vote) -> HTML {
    StateMark(vote.state, vote.region + (vote.note.map { ", " + $0 } ?? "")).body
  }

  private var traceBlock: HTML? {
    guard !trace.isEmpty else { return nil }
    let lines = trace.map { step -> HTML in
      let line: HTML = "<b>\(step.at)</b> \(step.phase.padded(to: 8)) \(step.words)"
      return step.isBad ? "<span class=\"bad\">\(line)</span>" : line
    }
    return "<pre class=\"code\" tabindex=\"0\" aria-label=\"Trace\">\(lines.joined(by: "\n"))</pre>"
  }
}

extension String {
  /// Spaces after it up to a width.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// `GET /monitors/{id}?window=24h|7d|30d|90d&run=&before=`.
///
/// Posts: `checkMonitor`, `pauseMonitor`, `resumeMonitor`, `deleteMonitor` (no fields). A deleted monitor comes back by
/// `restoreMonitor`, which the toast of the next page offers.
struct MonitorPage: AppPage {
  struct UptimeWindow: Sendable {
    var label: String
    var share: Double?
    /// `45 min down, 20 min unknown`
    var note: String
  }

  var frame: AppFrame
  var id: String
  var name: String
  var url: String
  var state: State
  var isRecovering = false
  var isFlapping = false
  var since: Int64?
  var now: Int64
  /// Why, as one sentence; nil when there is nothing to explain.
  var why: String?
  var openIncident: String?
  /// The incident of another monitor that the open one is part of.
  var cause: (id: String, title: String)?
  /// `checked 6 s ago`, `HTTP/1.1 from 203.0.113.7`, `certificate until 3 Feb 2027`
  var facts: [String]
  var promise: Promise
  var windows: [UptimeWindow]
  /// `24h`, `7d`, `30d` or `90d`.
  var window: String
  /// `10-minute p50 and p95`
  var resolution: String
  var chart: ResponseChart
  var evidence: Evidence?
  /// The check chosen by `run`, or the last one with phases.
  var chosen: Chosen?
  var results: [ResultLine]
  var olderResults: String?
  var tags: [String] = []
  var services: [(id: String, name: String)] = []
  var dependsOn = RelatedMonitors(label: "depends on", monitors: [])
  var neededBy = RelatedMonitors(label: "needed by", monitors: [])

  var slots = SlotAccounts(rows: [])

  struct Chosen: Sendable {
    /// `The last good check`, `The chosen check`
    var title: String
    var note: String
    var waterfall: Waterfall?
    /// Where there is no waterfall: why.
    var sentence: String?
  }

  var section: AppFrame.Section { .monitors }
  var title: String { state == .up ? name : "\(word): \(name)" }
  var icon: Asset { state == .up || state == .pending || state == .paused ? .favicon : state.favicon }

  private var word: String { isRecovering ? "Recovering" : state.word }

  var body: HTML {
    """
    \(PageHead(
      crumbs: [("Monitors", Paths.monitors), (name, nil)], sentence: sentence, chip: chip, lead: lead, facts: factLine,
      buttons: buttons, isLive: true))
    \(promise)
    <section aria-label="Uptime"><dl class="tiles tiles-4" id="uptime" data-live-part>\(windows, {
      UptimeTile(label: $0.label, share: $0.share, note: $0.note).body
    })</dl></section>
    \(chartCard)
    <div class="cols" id="why" data-live-part>\(evidence)\(chosenCard)</div>
    \(resultCard)
    \(slots)
    \(deletion)
    """
  }

  private var sentence: HTML {
    let named: HTML = "<bdi>\(name)</bdi>"
    return switch state {
    case .up where isFlapping, .degraded where isFlapping, .down where isFlapping: "\(named) is flapping."
    case .up: "\(named) is up."
    case .degraded: "\(named) is degraded."
    case .partial: "\(named) is partly down."
    case .down: isRecovering ? "\(named) is recovering." : "\(named) is down."
    case .maintenance: "\(named) is under maintenance."
    case .unknown: "Nobody knows how \(named) is."
    case .paused: "\(named) is paused."
    case .unconfirmed: "\(named) failed once; it is being verified."
    case .pending: "\(named) waits for its first result."
    }
  }

  private var chip: HTML {
    let length = since.map { " for " + Format.span(ms: now - $0) } ?? ""
    return StateMark(state, word + length + (isFlapping ? ", flapping" : ""), chip: true).body
  }

  private var lead: HTML? {
    guard why != nil || openIncident != nil || isFlapping else { return nil }
    return """
      \(if: isFlapping, "It goes down and comes back; this stays one incident until it has been calm for a while. ")\
      \(why.map { HTML(text: $0) })\(openIncident.map { " <a href=\"\(Paths.incident($0))\">Open incident</a>" as HTML })\
      \(cause.map { ", caused by <a href=\"\(Paths.incident($0.id))\" dir=\"auto\">\($0.title)</a>" as HTML })
      """
  }

  private var factLine: HTML {
    """
    <span class="mono">\(url)</span>\(facts, { "<span>\($0)</span>" })\(tags, { "<span dir=\"auto\">#\($0)</span>" })\
    \(services, { "<a href=\"\(Paths.service($0.id))\" dir=\"auto\">\($0.name)</a>" })\
    \(dependsOn)\(neededBy)
    """
  }

  private var buttons: HTML? {
    guard frame.canWrite else { return nil }
    let pause: PostButton =
      state == .paused
      ? PostButton(label: "\(Icon(Drawing.play))Resume", action: Paths.resumeMonitor(id))
      : PostButton(label: "\(Icon(Drawing.pause))Pause", action: Paths.pauseMonitor(id))
    return """
      \(if: state != .paused, PostButton(label: "\(Icon(Drawing.again))Check now", action: Paths.checkMonitor(id)).body)\(pause)\
      \(LinkButton(label: "Edit", path: Paths.editMonitor(id)))
      """
  }

  private var chartCard: Card {
    let segments = ["24h", "7d", "30d", "90d"].map { value in
      Tab(
        label: "\(value.dropLast())\(Format.space)\(value.suffix(1))",
        path: Query(Paths.monitor(id)).adding("window", value).path,
        isCurrent: value == window)
    }
    return Card(
      title: "Response time", note: "\(resolution), gaps where there was no answer",
      end: Segments(label: "Window", tabs: segments).body, id: "response", isLive: true,
      content: "\(chart)<div class=\"card-foot\">\(ResponseChart.key)\(chart.table)</div>")
  }

  private var chosenCard: Card? {
    guard let chosen else { return nil }
    return Card(
      title: chosen.title, note: HTML(text: chosen.note), id: "run",
      content: """
        <div class="card-body">\(chosen.waterfall)\(chosen.sentence.map { "<p class=\"soft\">\($0)</p>" as HTML })</div>
        """)
  }

  private var resultCard: Card {
    let table: HTML = """
      <table class="table with-head folds-up three"><caption class="vh">Recent checks</caption><thead><tr><th scope="col">State</th>\
      <th scope="col">Time, UTC</th><th scope="col">Region</th><th scope="col">Answer</th><th scope="col">Phases</th>\
      <th scope="col" class="num">Total</th></tr></thead><tbody>\(results, { $0.body })</tbody></table>
      \(OlderLink(path: olderResults, said: "The newest \(results.count)"))
      """
    let none = EmptyNote(sentence: "No result yet.", more: "The first check runs within seconds of its creation.").body
    return Card(
      title: "Recent checks", note: "Every region, newest first", id: "checks", isLive: true,
      content: results.isEmpty ? none : table)
  }

  private var deletion: HTML? {
    guard frame.canWrite else { return nil }
    return Confirm(
      button: "Delete this monitor",
      question:
        "<bdi>\(name)</bdi> leaves every list and every service, and is checked no more. Its results are kept for 30 days; until then it can be brought back.",
      yes: "Delete \(name)", action: Paths.deleteMonitor(id)
    ).body
  }
}
