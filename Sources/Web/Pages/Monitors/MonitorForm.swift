import HTML

/// What the form of a monitor holds, as typed. Field names are those of the contract where it has one.
///
/// `url, name, tags` (commas), `interval_s, timeout_ms, attempts, degraded_after_ms, region` (several), `allow_stand_in` (box), `quorum`
/// (`majority`, `any`, `all`), `recovery_checks, method, headers` (lines `Name: value`), `request_body, follow_redirects,
/// verify_tls` (boxes), `certificate_warning_days, ip_family, status_codes` (`200-299`), `body_contains, assertions`
/// (lines `source target comparison value`), `depends_on` (several ids, or lines of names), and the button `intent`: `save` or `try`.
struct MonitorForm: Sendable {
  struct Tick: Sendable {
    var id: String
    var name: String
    var isOn: Bool
    /// Stands after the name, quietly: `2 healthy workers`.
    var note: String?
    /// Nobody is there to do it.
    var isWarned = false
  }

  var url = ""
  var name = ""
  var tags = ""
  var intervalS = "60"
  var timeoutMs = "10000"
  var attempts = "3"
  var degradedAfterMs = ""
  var regions: [Tick] = []
  var allowsStandIn = false
  var quorum = "majority"
  var recoveryChecks = "2"
  var method = "GET"
  var headers = ""
  var requestBody = ""
  var followRedirects = true
  var verifyTLS = true
  var certificateWarningDays = "14"
  var ipFamily = "auto"
  var statusCodes = ""
  var bodyContains = ""
  var assertions = ""
  /// Every channel of the organization, and whether it is on; shown, not chosen here.
  var channels: [Tick] = []
  /// Every service, and whether this monitor decides its state; shown, not chosen here.
  var services: [Tick] = []
  var dependencies = DependencyChoice()
  var errors: FormErrors = [:]

  /// The form's folds, closed with their present values on them.
  var folds: HTML {
    """
    <div class="folds">
    \(nameFold)\(scheduleFold)\(regionFold)\(requestFold)\(assertionFold)\(dependencies.fold(error: errors["depends_on"]))\(channelFold)\(serviceFold)</div>
    """
  }

  private func fails(_ names: String...) -> Bool { names.contains { errors[$0] != nil } }

  private func field(
    _ name: String, _ label: String, _ value: String, kind: Field.Kind = .text, hint: HTML? = nil, unit: String? = nil,
    mono: Bool = false, range: ClosedRange<Int>? = nil
  ) -> Field {
    Field(
      name: name, label: label, value: value, kind: kind, hint: hint, error: errors[name], isMono: mono, unit: unit,
      range: range)
  }

  private var nameFold: Fold {
    Fold(
      label: "Name and tags", now: name.isEmpty ? "named after its address" : name + (tags.isEmpty ? "" : ", \(tags)"),
      isOpen: fails("name", "tags"),
      content: """
        <div class="grid-2">\(field("name", "Name", name, hint: "Empty: the address."))\
        \(field("tags", "Tags", tags, hint: "Separated by commas."))</div>
        """)
  }

  private var scheduleFold: Fold {
    Fold(
      label: "Schedule",
      now: "every \(intervalS)\(Format.space)s, time-out \(timeoutMs)\(Format.space)ms, \(attempts) attempts",
      isOpen: fails("interval_s", "timeout_ms", "attempts"),
      content: """
        <div class="grid-2">\
        \(field("interval_s", "Interval", intervalS, kind: .number, hint: "5 s to 24 h", unit: "seconds", range: 5...86_400))\
        \(field("timeout_ms", "Time-out", timeoutMs, kind: .number, hint: "At most the interval.", unit: "ms", range: 100...86_400_000))\
        \(field("attempts", "Attempts before it counts as failed", attempts, kind: .number, range: 1...5))</div>
        """)
  }

  private var regionFold: Fold {
    let chosen = regions.filter(\.isOn).map(\.name).joined(separator: ", ")
    let rule = ["majority": "majority decides", "any": "any decides", "all": "all must agree"][quorum] ?? quorum
    return Fold(
      label: "Regions",
      now: "\(chosen.isEmpty ? "none" : chosen); \(rule)\(allowsStandIn ? "; a stand-in may look" : "")",
      isOpen: fails("region", "quorum", "recovery_checks"),
      content: """
        \(CheckGroup(legend: "Look from", checks: regions.map { Check(name: "region", value: $0.id, label: label($0), isOn: $0.isOn) }, error: errors["region"]))\
        <p class="hint soft">Others are added under <a href="\(Paths.regions)">Regions</a>.</p>\
        \(Choice(name: "quorum", label: "Down when", options: Self.quorums, selected: quorum, error: errors["quorum"]))\
        \(field("recovery_checks", "Good checks before it is up again", recoveryChecks, kind: .number, range: 1...10))
        \(CheckGroup(legend: "When a region has no worker", checks: [Check(name: "allow_stand_in", label: "Let another place look meanwhile", isOn: allowsStandIn)]))\
        <p class="hint soft">For addresses that answer from anywhere. All stand-ins together have one vote: they call nothing \
        down against the regions that are there.</p>
        """)
  }

  private func label(_ region: Tick) -> HTML {
    guard let note = region.note else { return HTML(text: region.name) }
    let isSaid = region.isWarned && region.isOn
    return
      "\(region.name) <span class=\"\(isSaid ? "st-degraded" : "quiet")\">\(isSaid ? "<b>\(note)</b>" : HTML(text: note))</span>"
  }

  private static let quorums: [Choice.Option] = [
    .init(value: "majority", label: "most healthy regions fail"), .init(value: "any", label: "any region fails"),
    .init(value: "all", label: "all healthy regions fail"),
  ]

  private var requestFold: Fold {
    let redirects = followRedirects ? "redirects followed" : "redirects not followed"
    let certificate = verifyTLS ? "certificate verified" : "certificate not verified"
    return Fold(
      label: "Request", now: "\(method), \(redirects), \(certificate)",
      isOpen: fails("method", "headers", "request_body", "certificate_warning_days", "ip_family"),
      content: """
        <div class="grid-2">\(Choice(name: "method", label: "Method", options: Self.methods, selected: method, error: errors["method"]))\
        \(Choice(name: "ip_family", label: "Address family", options: Self.families, selected: ipFamily, error: errors["ip_family"]))</div>
        \(field("headers", "Headers", headers, kind: .lines(3), hint: "One a line: <code>Accept: application/json</code>", mono: true))
        \(field("request_body", "Body", requestBody, kind: .lines(3), mono: true))
        <div class="checks">\(Check(name: "follow_redirects", label: "Follow redirects", isOn: followRedirects))\
        \(Check(name: "verify_tls", label: "Verify the certificate", isOn: verifyTLS))</div>
        \(field("certificate_warning_days", "Degraded when the certificate ends within", certificateWarningDays, kind: .number, unit: "days", range: 0...365))
        """)
  }

  private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    .map { Choice.Option(value: $0, label: $0) }
  private static let families: [Choice.Option] = [
    .init(value: "auto", label: "whichever answers"), .init(value: "v4", label: "IPv4 only"),
    .init(value: "v6", label: "IPv6 only"),
  ]

  private var assertionFold: Fold {
    let more = assertions.split(separator: "\n").count
    let now =
      "status \(statusCodes.isEmpty ? "200 to 299" : statusCodes)"
      + (bodyContains.isEmpty ? "" : ", body contains “\(bodyContains)”")
      + (more == 0 ? "" : ", \(Format.count(more, "more assertion"))")
    return Fold(
      label: "What counts as up", now: now,
      isOpen: fails("status_codes", "body_contains", "assertions", "degraded_after_ms"),
      content: """
        <div class="grid-2">\(field("status_codes", "Status codes", statusCodes, hint: "Empty: 200-299. Else such as <code>200-299,304</code>"))\
        \(field("degraded_after_ms", "Degraded when slower than", degradedAfterMs, kind: .number, hint: "Empty: slowness is shown, not judged.", unit: "ms", range: 1...86_400_000))</div>
        \(field("body_contains", "Body contains", bodyContains))
        \(field("assertions", "More assertions", assertions, kind: .lines(4), hint: Self.assertionHint, mono: true))
        """)
  }

  private static let assertionHint: HTML = """
    One a line: source, target where it has one, comparison, value. \
    <code>header content-type contains json</code>, <code>json $.status eq up</code>, <code>certificate_days gt 7</code>, \
    <code>response_time_ms lt 800</code>
    """

  private var channelFold: Fold {
    let chosen = channels.filter(\.isOn).map(\.name).joined(separator: ", ")
    return Fold(
      label: "Who is told", now: chosen.isEmpty ? "nobody" : "\(chosen), after confirmation", isOpen: false,
      content: channels.isEmpty
        ? "<p class=\"soft\">There is no channel yet. <a href=\"\(Paths.newChannel)\">Add one</a>: it is told of every monitor.</p>"
        : """
        <p class="soft">Every channel that is on is told of every monitor. <a href="\(Paths.channels)">Channels</a></p>
        """)
  }

  private var serviceFold: Fold {
    let chosen = services.filter(\.isOn).map(\.name).joined(separator: ", ")
    return Fold(
      label: "Service", now: chosen.isEmpty ? "none: not on any status page" : chosen, isOpen: false,
      content: services.isEmpty
        ? "<p class=\"soft\">There is no service yet. <a href=\"\(Paths.newService)\">Add one</a>: it is what a status page shows.</p>"
        : """
        <p class="soft">A service says itself which monitors decide its state. <a href="\(Paths.services)">Services</a></p>
        """)
  }
}

/// What one try of a form's settings saw, before anything was saved.
struct TryOutcome: Sendable {
  var state: State
  /// `200 in 111 ms from local`, or why not.
  var sentence: String
  var waterfall: Waterfall?
}

/// `GET /monitors/new`; posts to itself. One field first, folds for the rest.
struct NewMonitorPage: AppPage {
  var frame: AppFrame
  var form: MonitorForm
  /// What the form's numbers mean: `an outage longer than 2 min 10 s is always reported`.
  var promise: Promise
  var outcome: TryOutcome?

  var section: AppFrame.Section { .monitors }
  var title: String { form.errors.isEmpty ? "New monitor" : "Not saved · New monitor" }

  var body: HTML {
    """
    \(PageHead(crumbs: [("Monitors", Paths.monitors), ("New", nil)], sentence: "What should be watched?"))
    \(FormError(message: form.errors[""]))
    <form class="form" action="\(Paths.newMonitor)" method="post">\(Field(
      name: "url", label: "URL", value: form.url, kind: .url,
      hint: "An http or https address. The first result is here within five seconds.", error: form.errors["url"],
      isRequired: true, isLarge: true, placeholder: "https://shop.example/health", autocomplete: "url", isFocused: true))
    \(promise)
    \(form.folds)
    \(outcome.map { TryResult(outcome: $0) })
    <div class="btns"><button class="btn btn-primary btn-lg" name="intent" value="save">Start watching</button>\
    <button class="btn btn-lg" name="intent" value="try">Try it once</button></div></form>
    """
  }
}

/// `GET /monitors/{id}/edit`; posts to itself.
struct EditMonitorPage: AppPage {
  var frame: AppFrame
  var id: String
  /// As saved.
  var name: String
  var form: MonitorForm
  var promise: Promise
  var outcome: TryOutcome?

  var section: AppFrame.Section { .monitors }
  var title: String { form.errors.isEmpty ? "Edit \(name)" : "Not saved · Edit \(name)" }

  var body: HTML {
    """
    \(PageHead(crumbs: [("Monitors", Paths.monitors), (name, Paths.monitor(id)), ("Edit", nil)], sentence: "Edit \(name)"))
    \(FormError(message: form.errors[""]))
    <form class="form" action="\(Paths.editMonitor(id))" method="post">\(Field(
      name: "url", label: "URL", value: form.url, kind: .url, error: form.errors["url"], isRequired: true, isLarge: true,
      autocomplete: "url"))
    \(promise)
    \(form.folds)
    \(outcome.map { TryResult(outcome: $0) })
    <div class="btns"><button class="btn btn-primary btn-lg" name="intent" value="save">Save</button>\
    <button class="btn btn-lg" name="intent" value="try">Try it once</button>\
    <a class="btn btn-plain btn-lg" href="\(Paths.monitor(id))">Leave it as it is</a></div></form>
    """
  }
}

private struct TryResult: Component {
  var outcome: TryOutcome

  var body: HTML {
    """
    <section class="card" aria-label="One try" id="try" role="status"><div class="card-head"><h2>One try</h2>\
    <p>Nothing was saved</p></div><div class="card-body stack"><p>\(StateMark(outcome.state)) \(outcome.sentence)</p>\(outcome.waterfall)</div></section>
    """
  }
}

/// The sentence that says what a monitor's numbers mean.
struct Promise: Component {
  var intervalMs: Int64
  var timeoutMs: Int64
  var regions: Int
  /// `majority`, `any`, `all` or a count.
  var quorum: String
  /// The longest outage that may go unreported; computed where the verdict is.
  var reportedAfterMs: Int64
  /// The shortest outage that may be reported; 0 when one failing attempt is enough.
  var neverBelowMs: Int64 = 0

  var body: HTML {
    """
    <p class="promise">Every \(Format.span(ms: intervalMs)) from \(regions == 1 ? "one region" : "\(regions) regions"), \
    \(Format.span(ms: timeoutMs)) time-out\(rule): <strong>an outage longer than \(Format.span(ms: atLeast)) is always \
    reported\(neverBelowMs > 0 ? ", one shorter than \(Format.span(ms: atMost)) never" : "").</strong></p>
    """
  }

  /// What is printed holds as well as what was computed: longer for always, shorter for never, by what a span leaves out.
  private var atLeast: Int64 {
    let unit: Int64 = reportedAfterMs <= 600_000 ? 1000 : reportedAfterMs <= 86_400_000 ? 60_000 : 3_600_000
    return (reportedAfterMs + unit - 1) / unit * unit
  }

  private var atMost: Int64 { neverBelowMs < 1000 ? neverBelowMs : neverBelowMs / 1000 * 1000 }

  private var rule: String {
    guard regions > 1 else { return "" }
    return switch quorum {
    case "majority": ", majority"
    case "any": ", any region"
    case "all": ", all regions"
    default: ", \(quorum) regions agree"
    }
  }
}
