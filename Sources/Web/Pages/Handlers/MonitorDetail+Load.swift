import Domain
import HTML
import JSON
import SQLite
import Store

/// Everything the page of one monitor shows, read in one transaction.
struct MonitorDetailData: Sendable {
  var stored: MonitorRow
  var windows: [(label: String, share: UptimeShare)]
  var series: [ResponseBucket]
  var seriesByRegion: [RegionID: [ResponseBucket]]
  var states: [StateSpan]
  var results: [ResultRow]
  var chosen: ResultRow?
  var evidence: (at: Instant, region: String, body: JSON)?
  var regions: [RegionID: String]
  var openIncident: IncidentRow?
  var parents: [RelatedMonitor]
  /// The first of those that need it, and how many there are.
  var children: [RelatedMonitor]
  var childCount: Int
  var accounts: [SlotAccount]
  var quarantined: Set<RegionID>
  var workers: [WorkerID: WorkerName]

  /// Length of a chart's window and of its steps.
  static func window(_ name: String) -> (lengthMs: Int64, stepMs: Int64, resolution: String, words: String) {
    switch name {
    case "7d": (7 * Instant.dayMs, 2 * Instant.hourMs, "2-hour p50 and p95", "over 7 days")
    case "30d": (30 * Instant.dayMs, 8 * Instant.hourMs, "8-hour p50 and p95", "over 30 days")
    case "90d": (90 * Instant.dayMs, Instant.dayMs, "Daily p50 and p95", "over 90 days")
    default: (Instant.dayMs, 20 * Instant.minuteMs, "20-minute p50 and p95", "over 24 hours")
    }
  }

  init(
    _ stored: MonitorRow, window: String, run: RunKey?, before: Instant?, scope: TenantScope, now: Instant,
    in db: Connection
  ) throws {
    self.stored = stored
    let uptimes: [(String, Int64)] = [("24 hours", 1), ("7 days", 7), ("30 days", 30), ("90 days", 90)]
    let all = try ResultQueries.states(stored.id, from: now - 90 * Instant.dayMs, to: now, in: db)
    windows = uptimes.map { label, days in
      (label, ResultQueries.share(all, from: now - days * Instant.dayMs, to: now))
    }
    let (length, step, _, _) = Self.window(window)
    let from = Instant(ms: (now.ms / step + 1) * step - length)
    (series, seriesByRegion) = try ResultQueries.responses(stored.id, from: from, to: now, stepMs: step, in: db)
    states = all
    results = try ResultQueries.recent(stored, before: before ?? now + 60_000, limit: 21, in: db)
    chosen =
      try run.flatMap { try ResultQueries.run($0, of: stored, now: now, in: db) } ?? results.first { $0.failure == nil }
      ?? results.first
    evidence = try EvidenceLog.latest(stored.id, scope: scope, in: db)
    regions = Dictionary(uniqueKeysWithValues: try RegionQueries.list(scope: scope, in: db).map { ($0.key, $0.name) })
    openIncident = try IncidentQueries.open(of: stored.id, scope: scope, in: db)
    parents = try DependencyQueries.parents(of: stored.id, scope: scope, in: db)
    children = try DependencyQueries.children(of: stored.id, limit: 10, scope: scope, in: db)
    childCount = try DependencyQueries.childCount(of: stored.id, in: db)
    accounts = try AccountingQueries.accounts(of: stored.id, from: now - Instant.dayMs, to: now, in: db)
    quarantined = Set(try QuarantineQueries.of(stored.id, in: db).map(\.region))
    var seen = results.map(\.worker)
    if let chosen { seen.append(chosen.worker) }
    if let worker = evidence?.body["stand_in"]?.int { seen.append(WorkerID(worker)) }
    workers = try WorkerQueries.names(of: seen, in: db)
  }
}

extension MonitorPage {
  init(_ data: MonitorDetailData, frame: AppFrame, window: String, isRunAsked: Bool, now: Instant) {
    let settings = data.stored.settings
    let last = data.results.first
    self.init(
      frame: frame, id: data.stored.publicID.text, name: settings.name, url: settings.url,
      state: State(data.stored.status), isRecovering: data.stored.recovering,
      isFlapping: data.stored.flapping, since: data.stored.status == .pending ? nil : data.stored.statusSince.ms,
      now: now.ms,
      why: Self.why(data, last), openIncident: data.openIncident?.publicID.text,
      cause: data.openIncident?.causedBy.map { ($0.publicID.text, $0.title) }, facts: Self.facts(last, settings, now),
      promise: Promise(settings),
      windows: data.windows.map { UptimeWindow(label: $0.label, share: $0.share.uptime, note: Self.note($0.share)) },
      window: window, resolution: MonitorDetailData.window(window).resolution, chart: Self.chart(data, window, now),
      evidence: Self.evidence(data), chosen: Self.chosen(data, isRunAsked), results: Self.rows(data),
      olderResults: data.results.count > 20
        ? Query(Paths.monitor(data.stored.publicID.text)).adding("before", String(data.results[19].startedAt.ms)).path
        : nil,
      tags: settings.tags, dependsOn: .init(label: "depends on", monitors: data.parents.map(Self.related)),
      neededBy: .init(
        label: "needed by", monitors: data.children.map(Self.related), more: data.childCount - data.children.count),
      slots: SlotAccounts(data.accounts, names: data.regions, quarantined: data.quarantined))
  }

  private static func related(_ monitor: RelatedMonitor) -> RelatedMonitors.One {
    .init(id: monitor.publicID.text, name: monitor.settings.name, state: State(monitor.status))
  }

  private static func why(_ data: MonitorDetailData, _ last: ResultRow?) -> String? {
    switch data.stored.status {
    case .down, .unconfirmed: last?.failure.map { $0.message } ?? data.evidence?.body["message"]?.string
    case .degraded:
      last.map { "The last check took \(Format.microseconds(Int64($0.timing.totalUs)))." }
    case .unknown: "No worker has looked at it lately. That is our trouble, not the target's."
    default: nil
    }
  }

  private static func facts(_ last: ResultRow?, _ settings: MonitorSettings, _ now: Instant) -> [String] {
    guard let last else { return [] }
    var out = ["checked \(Format.age(ms: max(0, now - last.startedAt)))"]
    if let version = last.httpVersion, let address = last.remoteAddress {
      out.append("HTTP/\(version) from \(address)")
    }
    if let certificate = last.certificate { out.append("certificate until \(Format.date(certificate.expiresAt.ms))") }
    return out
  }

  private static func note(_ share: UptimeShare) -> String {
    var parts: [String] = []
    if share.downMs > 0 { parts.append("\(Format.span(ms: share.downMs)) down") }
    if share.degradedMs > 0 { parts.append("\(Format.span(ms: share.degradedMs)) degraded") }
    if share.unknownMs > 0, share.upMs + share.downMs + share.degradedMs > 0, parts.count < 2 {
      parts.append("\(Format.span(ms: share.unknownMs)) unknown")
    }
    // What an outage of ours hid at the time, and a worker's disk told.
    let learned = share.learnedMs >= Instant.minuteMs && parts.count < 2
    return (parts.isEmpty ? (share.uptime == nil ? "no data yet" : "no outage") : parts.joined(separator: ", "))
      + (learned ? ", \(Format.span(ms: share.learnedMs)) learned later" : "")
  }

  private static func chart(_ data: MonitorDetailData, _ window: String, _ now: Instant) -> ResponseChart {
    let (length, step, _, words) = MonitorDetailData.window(window)
    let from = Instant(ms: (now.ms / step + 1) * step - length)
    let count = Int(length / step)
    func values(_ buckets: [ResponseBucket], _ value: KeyPath<ResponseBucket, Int64?>) -> [Double?] {
      var out = [Double?](repeating: nil, count: count)
      for bucket in buckets {
        let i = Int((bucket.start - from) / step)
        if out.indices.contains(i) { out[i] = bucket[keyPath: value].map(Double.init) }
      }
      return out
    }
    let regions = data.seriesByRegion.map { (data.regions[$0] ?? "a region", values($1, \.p50Us)) }
    return ResponseChart(
      from: from.ms, stepMs: step, p50: values(data.series, \.p50Us), p95: values(data.series, \.p95Us),
      regions: regions.sorted { $0.0 < $1.0 },
      stretches: Stretches.of(data.states, from: from, stepMs: step, steps: count, now: now), windowWords: words)
  }

  private static func evidence(_ data: MonitorDetailData) -> Evidence? {
    data.evidence.map {
      Evidence(
        $0, isOver: data.stored.status != .down && data.stored.status != .unconfirmed, workers: data.workers)
    }
  }

  private static func chosen(_ data: MonitorDetailData, _ isRunAsked: Bool) -> Chosen? {
    guard let chosen = data.chosen else { return nil }
    let region = data.regions[chosen.region] ?? "a region"
    let title = isRunAsked ? "The chosen check" : chosen.failure == nil ? "The last good check" : "The last check"
    guard chosen.timing.totalUs > 0, Phases(chosen.timing).sum > 0 else {
      return Chosen(
        title: title, note: "", waterfall: nil,
        sentence: chosen.failure?.message ?? "It was over before a phase could be measured.")
    }
    let answer = chosen.httpStatus.map(String.init) ?? chosen.failure?.reason.name.replacingUnderscores ?? "No answer"
    let from = chosen.remoteAddress.map { " from \($0)" } ?? ""
    return Chosen(
      title: title, note: Format.microseconds(Int64(chosen.timing.totalUs)),
      waterfall: Waterfall(
        of:
          "\(Format.clockSeconds(chosen.startedAt.ms)) UTC from \(region)\(data.workers[chosen.worker]?.asStandIn.map { ", by \($0)" } ?? "")",
        hops: [.init(title: answer + from, phases: Phases(chosen.timing))], totalUs: Int64(chosen.timing.totalUs)),
      sentence: nil)
  }

  private static func rows(_ data: MonitorDetailData) -> [ResultLine] {
    data.results.prefix(20).map { result in
      let answer =
        result.failure.map { $0.message } ?? result.httpStatus.map { "HTTP \($0)" } ?? "answered"
      let trigger: String? =
        switch result.trigger {
        case .schedule: nil
        case .created: "on creation"
        case .manual: "by hand"
        case .secondOpinion: "second opinion"
        }
      return ResultLine(
        runID: result.runKey.text, monitorID: data.stored.publicID.text, at: result.startedAt.ms,
        region: data.regions[result.region] ?? "", state: State(result.status), answer: answer,
        note: [trigger, data.workers[result.worker]?.asStandIn].compactMap { $0 }.joined(separator: ", "),
        totalUs: Int64(result.timing.totalUs), phases: Phases(result.timing))
    }
  }
}

extension MonitorSettings.Quorum {
  var words: String {
    switch self {
    case .majority: "majority"
    case .count(let n): String(n)
    }
  }
}

extension String {
  var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}

extension Evidence {
  /// From what was kept of a failing run.
  init(_ kept: (at: Instant, region: String, body: JSON), isOver: Bool, workers: [WorkerID: WorkerName]) {
    let (at, region, body) = kept
    var facts: [(label: String, value: String)] = []
    let standIn = WorkerName.standIn(of: body, workers)
    if let standIn { facts.append(("Seen by", standIn)) }
    if let message = body["message"]?.string { facts.append(("Reason", message)) }
    if let phase = body["phase"]?.string { facts.append(("Phase", phase.replacingUnderscores)) }
    if let status = body["http_status"]?.int { facts.append(("Answer", "HTTP \(status)")) }
    if let address = body["address"]?.string { facts.append(("Address", address)) }
    if let total = body["total_us"]?.int { facts.append(("Took", Format.microseconds(total))) }
    for (i, hop) in (body["hops"]?.array ?? []).enumerated() {
      let status = hop["status"]?.int.map { " answered \($0)" } ?? ""
      facts.append(("Hop \(i + 1)", (hop["url"]?.string ?? "") + status))
    }
    let head = body["head"]?.string ?? ""
    let excerpt = body["excerpt"]?.string ?? ""
    self.init(
      isOver: isOver, at: at.ms, verdict: "failed from \(region)",
      votes: [Evidence.Vote(region: region, state: .down, note: standIn == nil ? nil : "stand-in")], facts: facts,
      trace: [],
      excerpt: head.isEmpty && excerpt.isEmpty ? nil : head + (head.isEmpty || excerpt.isEmpty ? "" : "\n") + excerpt)
  }
}

extension WorkerName {
  /// `stand-in probe-7`; nil for a worker of the region itself.
  var asStandIn: String? { isStandIn ? "stand-in \(title)" : nil }

  /// Who stood in for the region that failing run was kept of; nil when nobody did.
  static func standIn(of body: JSON, _ workers: [WorkerID: WorkerName]) -> String? {
    body["stand_in"]?.int.map { workers[WorkerID($0)]?.asStandIn ?? "a stand-in" }
  }
}
