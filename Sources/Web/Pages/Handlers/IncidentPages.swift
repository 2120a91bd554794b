import Domain
import Engine
import HTML
import HTTPServer
import SQLite
import Store

/// The list of incidents and one incident, with what people do to it.
enum IncidentPages {
  static let rowsPerPage = 25

  static let routes: [PageRoute] = [
    .get("/incidents", .session, list),
    .get("/incidents/new", .write) { try await new($0, NewIncidentDraft()) },
    .post("/incidents/new", .write, open),
    .get("/incidents/{id}", .session) { try await show($0, Typed(), status: 200) },
    .post("/incidents/{id}/updates", .write, update),
    .post("/incidents/{id}/acknowledge", .write, acknowledge),
    .post("/incidents/{id}/postmortem", .write, writePostmortem),
    .post("/incidents/{id}/delete") { request in
      _ = try await run(request, done: "deleted") { desk, id in try desk.delete(id) }
      return .seeOther(Paths.incidents + "?done=deleted")
    },
  ]

  /// What somebody typed that could not be taken, and why.
  private struct Typed {
    var message = ""
    var status: IncidentStatus?
    var postmortem: String?
    var errors: FormErrors = [:]
  }

  private static func run(
    _ request: PageRequest, done: String,
    _ body: @escaping @Sendable (IncidentDesk, PublicID<IncidentTag>) throws -> Void
  ) async throws -> Response {
    let known = try request.person
    let id = try request.id(PublicID<IncidentTag>.self)
    let world = request.context.world
    do {
      try await request.store.write { db in
        try body(IncidentDesk(scope: known.scope, by: known.principal, in: db, world: world), id)
      }
    } catch let refusal as IncidentRefusal where refusal == .notFound {
      throw Problem.notFound
    }
    return .seeOther(Paths.incident(id.text) + "?done=\(done)")
  }

  @Sendable private static func list(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let filter = request.query["status"].flatMap { ["open", "resolved"].contains($0) ? $0 : nil }
    let page = max(1, request.query["page"].flatMap { Int($0) } ?? 1)
    let frame = try await FrameMaker.frame(request)
    let now = request.now
    let html = try await request.store.read { db in
      let (total, rows) = try IncidentQueries.list(
        isOpen: filter.map { $0 == "open" }, scope: known.scope, offset: (page - 1) * rowsPerPage, rows: rowsPerPage,
        in: db)
      let open = try IncidentQueries.list(isOpen: true, scope: known.scope, offset: 0, rows: 1, in: db).total
      let last = try IncidentQueries.list(isOpen: false, scope: known.scope, offset: 0, rows: 1, in: db).rows.first
      return IncidentListPage(
        frame: frame, filter: filter, rows: rows.map { line($0, now) }, page: page, rowsPerPage: rowsPerPage,
        total: total, openCount: open, lastResolvedAt: last?.resolvedAt?.ms, now: now.ms)
    }.render()
    return .page(html)
  }

  private static func worst(_ row: IncidentRow) -> State {
    row.impacts.map { State($0.to) }.max { $0.rank < $1.rank } ?? (row.cause == .monitor ? .down : .degraded)
  }

  private static func line(_ row: IncidentRow, _ now: Instant) -> IncidentLine {
    IncidentLine(
      id: row.publicID.text, title: row.title, status: .init(rawValue: row.status.rawValue) ?? .investigating,
      impact: worst(row), services: row.impacts.map(\.name), startedAt: row.startedAt.ms,
      resolvedAt: row.resolvedAt?.ms,
      isAutomatic: row.cause == .monitor, cause: row.causedBy?.title, isAcknowledged: row.acknowledgedAt != nil,
      now: now.ms)
  }

  private static func show(_ request: PageRequest, _ typed: Typed, status: Int) async throws -> Response {
    let known = try request.person
    let id = try request.id(PublicID<IncidentTag>.self)
    let frame = try await FrameMaker.frame(request)
    let now = request.now
    let store = request.store
    let found = try await store.read { db -> IncidentPage? in
      guard let row = try IncidentQueries.find(id, scope: known.scope, in: db) else { return nil }
      let monitor = try row.monitors.first.flatMap {
        try MonitorQueries.find($0, scope: known.scope, in: db, sealer: store.sealer)
      }
      return IncidentPage(
        frame: frame, id: row.publicID.text, incidentTitle: row.title,
        status: .init(rawValue: row.status.rawValue) ?? .investigating, impact: worst(row), startedAt: row.startedAt.ms,
        acknowledgedAt: row.acknowledgedAt?.ms, acknowledgedBy: row.acknowledgedBy, resolvedAt: row.resolvedAt?.ms,
        monitor: monitor.map { ($0.publicID.text, $0.settings.name) },
        openedBy: row.cause == .manual ? row.updates.first?.author : nil,
        cause: row.causedBy.map(related), causing: row.causing.map(related),
        detectedAfterMs: row.cause == .monitor ? max(0, row.createdAt - row.startedAt) : nil,
        impacts: row.impacts.map { .init(id: $0.publicID.text, name: $0.name, state: State($0.to)) },
        timeline: PublicPages.timeline(row, worst(row), withAuthors: true),
        votes: try monitor.flatMap { monitor in
          try IncidentVotes(row, monitor, scope: known.scope, now: now, in: db).map { VoteStrips($0, of: row) }
        },
        evidence: try monitor.flatMap { try IncidentEvidence.load(row, $0, scope: known.scope, now: now, in: db) },
        deliveries: try NotificationQueries.list(incident: row.id, scope: known.scope, in: db).map(delivery),
        postmortemText: typed.postmortem ?? row.postmortem ?? "",
        publicPath: try publicPath(row, scope: known.scope, in: db), draft: typed.message, draftStatus: typed.status,
        errors: typed.errors, now: now.ms)
    }
    guard let found else { throw Problem.notFound }
    return .page(found.render(), status: status)
  }

  private static func related(_ incident: RelatedIncident) -> IncidentPage.Related {
    .init(id: incident.publicID.text, title: incident.title, isOpen: incident.isOpen)
  }

  private static func delivery(_ row: NotificationRow) -> IncidentPage.Delivery {
    let reason = row.lastError.map { ": \($0)" } ?? ""
    let (outcome, state): (String, State) =
      switch row.state {
      case "sent": ("delivered \(Format.clock((row.doneAt ?? row.createdAt).ms)) UTC", .up)
      case "dead": ("given up\(reason)", .down)
      default:
        row.isHeld
          ? ("goes at \(Format.clockSeconds(row.nextAt.ms)) UTC unless it is another monitor’s trouble", .pending)
          : row.attempts > 0
            ? ("next try \(Format.clock(row.nextAt.ms)) UTC\(reason)", .unconfirmed) : ("on its way", .pending)
      }
    return IncidentPage.Delivery(channel: row.channelName ?? "a deleted channel", outcome: outcome, state: state)
  }

  /// Where visitors read of it; nil while no published page shows it.
  private static func publicPath(_ row: IncidentRow, scope: TenantScope, in db: Connection) throws -> String? {
    for page in try StatusPageQueries.list(scope: scope, in: db) where page.isPublic {
      if try IncidentQueries.shown(row.publicID, on: page.id, scope: scope, in: db) != nil {
        return PublicPaths(base: Paths.publicPage(page.slug)).incident(row.publicID.text)
      }
    }
    return nil
  }

  /// Whoever comes after its end finds out so, not an error.
  @Sendable private static func acknowledge(_ request: PageRequest) async throws -> Response {
    do {
      return try await run(request, done: "acknowledged") { desk, id in _ = try desk.acknowledge(id) }
    } catch is IncidentRefusal {
      return .seeOther(Paths.incident(request.arguments[0]) + "?done=too-late")
    }
  }

  @Sendable private static func writePostmortem(_ request: PageRequest) async throws -> Response {
    let text = try request.form().raw("postmortem").trimmed
    guard text.count <= Limits.postmortemCharactersMax else {
      let most = Format.count(Limits.postmortemCharactersMax)
      return try await show(
        request, Typed(postmortem: text, errors: ["postmortem": "Use at most \(most) characters."]), status: 422)
    }
    return try await run(request, done: "saved") { desk, id in
      guard let row = try desk.find(id) else { throw IncidentRefusal.notFound }
      _ = try desk.edit(
        id, title: row.title, description: row.description, postmortem: text.isEmpty ? nil : text, status: nil)
    }
  }

  @Sendable private static func update(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    var typed = Typed(message: form.text("message"), status: IncidentStatus(rawValue: form.text("status")))
    if typed.message.isEmpty {
      typed.errors["message"] = "Say what is new."
    } else if typed.message.count > Limits.proseCharactersMax {
      typed.errors["message"] = "Use at most \(Format.count(Limits.proseCharactersMax)) characters."
    }
    guard let status = Domain.IncidentStatus(rawValue: form.text("status")) else {
      typed.errors["status"] = "Choose a state."
      return try await show(request, typed, status: 422)
    }
    guard typed.errors.isEmpty else { return try await show(request, typed, status: 422) }
    let message = typed.message
    do {
      return try await run(request, done: "posted") { desk, id in
        _ = try desk.update(id, to: status, message: message)
      }
    } catch is IncidentRefusal {
      typed.errors["status"] = "An incident only moves forward; somebody may have moved it meanwhile."
      return try await show(request, typed, status: 422)
    }
  }
}
