import Domain
import HTML

/// `GET /regions`; posts to itself: `name` for a new region, or `region` for a worker's command in one that is there;
/// `revokeWorker` (no fields).
struct RegionsPage: AppPage {
  struct Region: Sendable {
    /// `reg_…`
    var id: String
    var name: String
    var health: RegionState
    var unwellSince: Int64?
    /// Whether workers elsewhere may join, by a token of this organization.
    var takesWorkers: Bool
    var isPrivate: Bool
    /// Not a region: workers that look in place of those that have none.
    var isStandIn = false
    var monitors: Int
    /// As planned by this organization.
    var checksPerSecond: Double
    var silence = RegionSight.Silence()
    var workers: [Worker]

    var title: String { isStandIn ? "Stand-ins" : name }
    var healthyWorkers: Int { workers.count { $0.health == .healthy } }
  }

  struct Worker: Sendable {
    /// `wrk_…`; nil for the process that serves this page.
    var id: String?
    var name: String
    var health: RegionState
    var version: String
    var seen: Int64
    var jobsPerSecond: Double?
    var latenessP99Ms: Int?
    /// From 0 to 1.
    var lateShare: Double?
    var spoolBytes: Int?
    var spooled: Int?
    var clockSkewMs: Int?
    /// Whether this organization may send it away.
    var isOurs: Bool
  }

  /// What was just made: the command is shown this once.
  struct Made: Sendable {
    var region: String
    var command: String
    var expiresAt: Int64
    /// The page came over plain http from another machine, which no worker takes.
    var isPlain: Bool
  }

  var frame: AppFrame
  var regions: [Region]
  var made: Made?
  /// What was typed for a new region.
  var name = ""
  var errors: FormErrors = [:]
  var now: Int64

  var section: AppFrame.Section { .regions }
  /// Whether this organization is the operator, and stand-ins have no place yet.
  var mayAddStandIn = false
  private var named: [Region] { regions.filter { !$0.isStandIn } }
  private var healthy: Int { named.count { $0.health == .healthy } }
  private var isAlone: Bool { named.count == 1 }
  var title: String { isAlone ? "Regions" : "\(healthy) of \(named.count) regions" }

  var body: HTML {
    """
    \(PageHead(sentence: HTML(text: sentence), lead: lead, isLive: true))
    \(FormError(message: errors[""]))\
    \(made.map(enrolment))
    <section class="card" id="region-list" data-live-part data-refresh-s="10"><table class="table folds-up three regions"><caption class="vh">Regions and their workers</caption>\
    <thead><tr><th scope="col">State</th><th scope="col">Worker</th><th scope="col" class="num">Checks/s</th>\
    <th scope="col" class="num">Late, p99</th><th scope="col" class="num">Late starts</th><th scope="col" class="num">Spool</th>\
    <th scope="col" class="num">Clock</th><th scope="col" class="num">Version</th><th scope="col" class="num">Seen</th>\
    <th scope="col"><span class="vh">Change</span></th></tr></thead>\(regions, group)</table></section>
    \(if: frame.canWrite, form)
    \(if: frame.canWrite && mayAddStandIn, standInForm)
    """
  }

  private var sentence: String {
    let unwell = named.filter { $0.health != .healthy }
    if isAlone {
      return unwell.isEmpty
        ? "One region looks from here: \(named[0].name)."
        : "The one region is \(word(named[0])): \(named[0].name)."
    }
    switch unwell.count {
    case 0: return "All \(named.count) regions are healthy."
    case 1: return "\(healthy) of \(named.count) regions are healthy; \(unwell[0].name) \(clause(unwell[0]))."
    default: return "\(healthy) of \(named.count) regions are healthy."
    }
  }

  private func clause(_ region: Region) -> String {
    region.workers.isEmpty && region.health == .offline ? "has no worker" : "is \(word(region))"
  }

  private func word(_ region: Region) -> String { region.health.rawValue }

  private var lead: HTML? {
    if isAlone {
      return """
        With one region a failure is confirmed by further attempts from the same place. A second place tells an outage from \
        trouble of this machine's own network.
        """
    }
    return
      "Only healthy regions decide whether a monitor is down. What a silent worker measured meanwhile is kept, and comes when it answers again."
  }

  // MARK: Table

  private func group(_ region: Region) -> HTML {
    """
    <tbody id="\(region.id)"><tr class="group"><td class="c-state">\(StateMark(region.health.mark, region.health.rawValue.capitalizedFirst))</td>\
    <th class="name" scope="rowgroup" colspan="8"><b>\(region.title)</b> <span class="quiet">\(summary(region))</span>\
    \(note(region).map { "<span class=\"sub wraps\">\($0)</span>" as HTML })</th>\
    <td class="c-wide"><div class="btns end">\(if: frame.canWrite && region.takesWorkers, PostButton(
      label: "Add a worker", action: Paths.regions, fields: [("region", region.id)], name: "Add a worker to \(region.title)"
    ).body)</div></td></tr>
    \(region.workers, { worker(worker: $0, region) })\(if: region.workers.isEmpty, nobody(region))</tbody>
    """
  }

  private func summary(_ region: Region) -> String {
    let workers =
      region.workers.isEmpty
      ? "no worker" : "\(region.healthyWorkers) of \(Format.count(region.workers.count, "worker")) healthy"
    if region.isStandIn { return workers }
    let load =
      region.monitors == 0
      ? "no monitor looks from here"
      : "\(Format.count(region.monitors, "monitor")), \(Format.fixed(region.checksPerSecond, 1)) checks a second planned"
    return "\(workers); \(load)"
  }

  private func past(_ region: Region) -> HTML? {
    let (times, totalMs) = (region.silence.times, region.silence.totalMs)
    guard times > 0 else { return nil }
    let often = times == 1 ? "once" : times == 2 ? "twice" : "\(times) times"
    return "Without a voice \(often) in the last 7 days, \(Format.span(ms: totalMs)) in all."
  }

  private func note(_ region: Region) -> HTML? {
    if region.isStandIn { return Self.standInNote }
    let since: HTML = region.unwellSince.map { " since \(When($0))" } ?? ""
    let except = hasStandIn ? ", except where a stand-in may look" : ""
    return switch region.health {
    case .healthy: past(region)
    case .offline:
      region.workers.isEmpty
        ? nil : "No worker of it has been heard of\(since). Its checks are missed, and counted as that\(except)."
    case .suspect: "Its own network or resolver seems to fail\(since). What it says of targets does not count."
    case .overloaded: "Its workers cannot keep up\(since). What it says of targets does not count."
    }
  }

  private var hasStandIn: Bool { regions.contains { $0.isStandIn && $0.healthyWorkers > 0 } }

  private static let standInNote: HTML = """
    They look in place of a region that has no worker, for monitors that allow it. All together they have one vote.
    """

  private func worker(worker: Worker, _ region: Region) -> HTML {
    """
    <tr><td class="c-state">\(StateMark(worker.health.mark, worker.health.rawValue.capitalizedFirst))</td>\
    <td class="name"><span class="mono">\(worker.name)</span></td>\
    <td class="num c-b" data-l="checks/s">\(worker.jobsPerSecond.map { HTML(text: Format.fixed($0, 1)) } ?? Nothing().body)</td>\
    <td class="num c-b" data-l="p99">\(worker.latenessP99Ms.map { HTML(text: "\($0)\(Format.space)ms") } ?? Nothing().body)</td>\
    <td class="num c-b" data-l="late">\(worker.lateShare.map { HTML(text: Format.fixed($0 * 100, 1) + Format.space + "%") } ?? Nothing().body)</td>\
    <td class="num c-b" data-l="spool">\(spool(worker))</td>\
    <td class="num c-b" data-l="clock">\(worker.clockSkewMs.map(skew) ?? Nothing().body)</td>\
    <td class="num c-hide">\(worker.version)</td>\
    <td class="num c-b quiet" data-l="seen">\(Format.age(ms: now - worker.seen)) ago</td>\
    <td class="c-wide"><div class="btns end">\(if: frame.canWrite && worker.isOurs, worker.id.map { revoke($0, worker, region) } ?? HTML())</div></td></tr>

    """
  }

  private func spool(_ worker: Worker) -> HTML {
    guard let bytes = worker.spoolBytes else { return Nothing().body }
    guard let waiting = worker.spooled, waiting > 0 else { return HTML(text: Format.bytes(Int64(bytes))) }
    return "\(Format.bytes(Int64(bytes))) <span class=\"quiet\">\(Format.count(waiting, "result"))</span>"
  }

  /// Below a second the difference is what the way there and back hides.
  private func skew(_ ms: Int) -> HTML {
    let sign = ms < 0 ? "−" : ""
    return abs(ms) < 1000
      ? HTML(text: "\(sign)\(abs(ms))\(Format.space)ms")
      : StateMark(.degraded, "\(ms < 0 ? sign : "+")\(Format.span(ms: Int64(abs(ms))))").body
  }

  private func revoke(_ id: String, _ worker: Worker, _ region: Region) -> HTML {
    let last = region.healthyWorkers == 1 && worker.health == .healthy
    return Confirm(
      button: "Revoke",
      question: """
        <bdi>\(worker.name)</bdi> stops within half a minute and cannot come back without a new token. \
        \(last ? "\(region.isStandIn ? "It is the last healthy one: regions without a worker stay without one." : "It is the last healthy worker of \(region.name): its monitors are not checked from there any more.")" : "What it holds goes to the other \(region.isStandIn ? "stand-ins" : "workers of \(region.name)").")
        """,
      yes: "Revoke \(worker.name)", action: Paths.revokeWorker(id)
    ).body
  }

  private func nobody(_ region: Region) -> HTML {
    if region.isStandIn {
      return """
        <tr class="nobody"><td colspan="10"><b>No worker yet.</b> Regions without a worker stay without one. \
        \(if: frame.canWrite && region.takesWorkers, "Press <q>Add a worker</q> for the command that starts one.")</td></tr>
        """
    }
    let next: HTML =
      region.name == "local" && !region.isPrivate
      ? "The process that serves this page has only just begun."
      : !region.takesWorkers
        ? "The operator of this installation lets workers in."
        : frame.canWrite
          ? "Press <q>Add a worker</q> for the command that starts one." : "An owner or admin can add one."
    return """
      <tr class="nobody"><td colspan="10"><b>No worker yet.</b> Nothing is checked from \(region.name). \(next)</td></tr>
      """
  }

  // MARK: Enrolment

  private func enrolment(_ made: Made) -> HTML {
    """
    <section class="card once" role="status"><div class="card-head"><h2>Start a worker for \(made.region == StandIn.name ? "the stand-ins" : made.region)</h2>\
    <p>Run this on any Linux machine that can reach this address</p></div><div class="card-body stack">\
    <div class="code-row"><pre class="code wrapped" tabindex="0" aria-label="Command" id="once">\(made.command)</pre>\
    <button class="btn" type="button" data-copy="once">Copy</button></div>\
    \(if: made.isPlain, "<p><b>This page came over plain http.</b> A worker takes that only on the machine that serves it: elsewhere put TLS before Martlet and make a new command from there.</p>")\
    <p class="soft">Copy it now: the token in it lets one worker in until \(When(made.expiresAt)), and only a hash of it is stored. \
    The worker shows up below within ten seconds; started again from the same folder it needs no token.</p></div></section>

    """
  }

  private var form: HTML {
    Card(
      title: "Add a region", note: "A place of yours to look from: an office, a data centre, another cloud",
      content: """
        <form class="card-body form short" action="\(Paths.regions)" method="post">\(Field(
          name: "name", label: "Name", value: name, hint: "Lower-case letters, digits and dashes, such as fra or office-2.",
          error: errors["name"], isRequired: true, isMono: true, autocomplete: "off"))
        <div class="btns"><button class="btn btn-primary">Add region</button></div></form>
        """
    ).body
  }

  private var standInForm: HTML {
    Card(
      title: "Add a stand-in", note: "A worker of no region, at a place of its own",
      content: """
        <div class="card-body stack"><p class="soft">While a region has no worker a stand-in looks in its place, for monitors that \
        allow it.</p>\(PostButton(label: "Add a stand-in", action: Paths.regions, fields: [("name", StandIn.name)]))</div>
        """
    ).body
  }
}

extension RegionState {
  /// How it is drawn: silence is unknown, trouble of ours is never red.
  var mark: State {
    switch self {
    case .healthy: .up
    case .offline: .unknown
    case .suspect, .overloaded: .degraded
    }
  }
}
