import Domain
import Engine
import HTML
import HTTPServer
import SQLite
import Store

/// The list of monitors, one monitor, and the forms that make and change them.
enum MonitorPages {
  static let rowsPerPage = 25

  static let routes: [PageRoute] = [
    .get("/monitors", .session, list),
    .get("/monitors/new", .write, showNew), .post("/monitors/new", .write, create),
    .get("/monitors/{id}", .session, show),
    .get("/monitors/{id}/edit", .write, showEdit), .post("/monitors/{id}/edit", .write, edit),
    .post("/monitors/{id}/check") { request in
      let monitor = try await find(request)
      _ = try await request.context.checkNow(monitor.id)
      return .seeOther(Paths.monitor(monitor.publicID.text) + "?done=checking")
    },
    .post("/monitors/{id}/pause") { try await enable(false, $0) },
    .post("/monitors/{id}/resume") { try await enable(true, $0) },
    .post("/monitors/{id}/delete") { request in
      let known = try request.person
      let id = try request.id(PublicID<MonitorTag>.self)
      let store = request.store
      let gone = try await store.write { db in
        try IncidentFlow.deleteMonitor(
          id, scope: known.scope, by: known.principal, in: db, world: store.world, sealer: store.sealer)
      }
      guard gone else { throw Problem.notFound }
      return .seeOther(Paths.monitors + "?done=deleted")
    },
  ]

  static func find(_ request: PageRequest) async throws -> MonitorRow {
    let known = try request.person
    let id = try request.id(PublicID<MonitorTag>.self)
    let store = request.store
    let found = try await store.read { try MonitorQueries.find(id, scope: known.scope, in: $0, sealer: store.sealer) }
    guard let found else { throw Problem.notFound }
    return found
  }

  @Sendable private static func list(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    var filter = MonitorFilter()
    filter.text = request.query["q"]?.trimmed ?? ""
    filter.status = request.query["status"].flatMap(MonitorStatus.init)
    filter.tag = request.query["tag"].flatMap { $0.isEmpty ? nil : $0 }
    filter.sort = request.query["sort"].flatMap(MonitorFilter.Sort.init) ?? .state
    filter.page = max(1, request.query["page"].flatMap { Int($0) } ?? 1)
    filter.rows = rowsPerPage
    let now = request.now
    let store = request.store
    let (counts, total, rows, tags, checksPerDay) = try await store.read { [filter] db in
      let counts = try MonitorQueries.counts(scope: known.scope, in: db)
      let (total, stored) = try MonitorQueries.list(
        filter, counts: counts, scope: known.scope, in: db, sealer: store.sealer, now: now)
      let rows = try stored.map { MonitorRows.row(try MonitorRows.data($0, now: now, in: db), now: now) }
      return (
        counts, total, rows, try MonitorQueries.tags(scope: known.scope, in: db),
        try MonitorQueries.checksPerDay(scope: known.scope, in: db)
      )
    }
    let page = MonitorListPage(
      frame: try await FrameMaker.frame(request, monitors: counts.values.reduce(0, +)),
      filter: .init(
        q: filter.text, status: filter.status?.rawValue, tag: filter.tag ?? "", sort: filter.sort.rawValue),
      rows: rows, page: filter.page, rowsPerPage: rowsPerPage, total: total,
      counts: Dictionary(counts.map { (State($0), $1) }, uniquingKeysWith: +), tags: tags,
      worst: rows.first { $0.state == .down }?.name, checksPerDay: checksPerDay, now: now.ms)
    return .page(page.render())
  }

  @Sendable private static func show(_ request: PageRequest) async throws -> Response {
    let monitor = try await find(request)
    let known = try request.person
    let asked = request.query["window"] ?? ""
    let window: String = ["7d", "30d", "90d"].contains(asked) ? asked : "24h"
    let run = request.query["run"].flatMap { RunKey(text: $0) }
    let before = request.query["before"].flatMap { Int64($0) }.map(Instant.init(ms:))
    let now = request.now
    let data = try await request.store.read { db in
      try MonitorDetailData(
        monitor, window: window, run: run, before: before, scope: known.scope, now: now, in: db)
    }
    let frame = try await FrameMaker.frame(request)
    return .page(MonitorPage(data, frame: frame, window: window, isRunAsked: run != nil, now: now).render())
  }

  @Sendable private static func enable(_ isOn: Bool, _ request: PageRequest) async throws -> Response {
    let known = try request.person
    let monitor = try await find(request)
    var settings = monitor.settings
    settings.enabled = isOn
    let store = request.store
    _ = try await store.write { [settings] db in
      try MonitorQueries.update(
        monitor.publicID, to: settings, scope: known.scope, by: known.principal, in: db, world: store.world,
        sealer: store.sealer)
    }
    return .seeOther(Paths.monitor(monitor.publicID.text) + (isOn ? "?done=resumed" : "?done=paused"))
  }

  // MARK: Forms

  @Sendable private static func showNew(_ request: PageRequest) async throws -> Response {
    var settings = MonitorSettings(name: "", url: "")
    settings.regions = ["local"]
    let form = MonitorForm(settings, regions: try await regions(request), isNew: true)
    return try await newPage(request, form, settings, status: 200)
  }

  private static func newPage(
    _ request: PageRequest, _ form: MonitorForm, _ settings: MonitorSettings, outcome: TryOutcome? = nil, status: Int
  ) async throws -> Response {
    .page(
      NewMonitorPage(
        frame: try await FrameMaker.frame(request), form: try await form.knowing(nil, request),
        promise: Promise(settings), outcome: outcome
      ).render(), status: status)
  }

  @Sendable private static func create(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let names = try await regions(request)
    let fields = try request.form()
    var (settings, form) = MonitorForm.read(fields, over: MonitorSettings(name: "", url: ""), regions: names)
    try await form.readDependencies(fields, into: &settings, request)
    guard form.errors.isEmpty else { return try await newPage(request, form, settings, status: 422) }
    if fields.text("intent") == "try" {
      let (outcome, form) = try await MonitorTry.run(settings, form, request)
      return try await newPage(request, form, settings, outcome: outcome, status: outcome == nil ? 429 : 200)
    }
    let store = request.store
    do {
      let id = try await store.write { [settings] db in
        try MonitorQueries.create(
          settings, scope: known.scope, by: known.principal, in: db, world: store.world, sealer: store.sealer)
      }
      return .seeOther(
        Paths.monitor(id.text) + (try await isUnwatched(settings, request) ? "?done=saved-unwatched" : ""))
    } catch let refusal as DependencyRefusal {
      return try await newPage(request, form.refusing(refusal), settings, status: 422)
    }
  }

  @Sendable private static func showEdit(_ request: PageRequest) async throws -> Response {
    let monitor = try await find(request)
    let form = MonitorForm(monitor.settings, regions: try await regions(request), isNew: false)
    return try await editPage(request, monitor, form, monitor.settings, status: 200)
  }

  private static func editPage(
    _ request: PageRequest, _ monitor: MonitorRow, _ form: MonitorForm, _ settings: MonitorSettings,
    outcome: TryOutcome? = nil, status: Int
  ) async throws -> Response {
    .page(
      EditMonitorPage(
        frame: try await FrameMaker.frame(request), id: monitor.publicID.text, name: monitor.settings.name,
        form: try await form.knowing(monitor.id, request), promise: Promise(settings), outcome: outcome
      ).render(), status: status)
  }

  @Sendable private static func edit(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let monitor = try await find(request)
    let fields = try request.form()
    var (settings, form) = MonitorForm.read(fields, over: monitor.settings, regions: try await regions(request))
    try await form.readDependencies(fields, into: &settings, request)
    guard form.errors.isEmpty else { return try await editPage(request, monitor, form, settings, status: 422) }
    if fields.text("intent") == "try" {
      let (outcome, form) = try await MonitorTry.run(settings, form, request)
      return try await editPage(request, monitor, form, settings, outcome: outcome, status: outcome == nil ? 429 : 200)
    }
    let store = request.store
    do {
      _ = try await store.write { [settings] db in
        try MonitorQueries.update(
          monitor.publicID, to: settings, scope: known.scope, by: known.principal, in: db, world: store.world,
          sealer: store.sealer)
      }
    } catch let refusal as DependencyRefusal {
      return try await editPage(request, monitor, form.refusing(refusal), settings, status: 422)
    }
    let done = try await isUnwatched(settings, request) ? "saved-unwatched" : "saved"
    return .seeOther(Paths.monitor(monitor.publicID.text) + "?done=\(done)")
  }

  /// Whether a region of it has nobody who could look.
  private static func isUnwatched(_ settings: MonitorSettings, _ request: PageRequest) async throws -> Bool {
    let workers = try await FleetBoard.healthyWorkers(request)
    if settings.allowsStandIn, workers[StandIn.name, default: 0] > 0 { return false }
    return settings.regions.contains { workers[$0, default: 0] == 0 }
  }

  private static func regions(_ request: PageRequest) async throws -> [String] {
    let scope = try request.person.scope
    return try await request.store.read {
      try RegionQueries.list(scope: scope, in: $0).filter { !$0.isStandIn }.map(\.name)
    }
  }
}

extension Promise {
  init(_ settings: MonitorSettings) {
    let promise = Domain.Promise(settings)
    self.init(
      intervalMs: Int64(settings.intervalS) * 1000, timeoutMs: Int64(settings.timeoutMs),
      regions: settings.regions.count,
      quorum: settings.quorum.words, reportedAfterMs: promise.alwaysReportedMs, neverBelowMs: promise.neverReportedMs)
  }
}
