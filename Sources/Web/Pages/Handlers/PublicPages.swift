import Domain
import HTML
import HTTPServer
import SQLite
import Store

extension State {
  init(_ status: ServiceStatus) { self.init(serviceStatus: status.rawValue) }
}

/// What everybody may see, without signing in: read through the page's own scope and nothing else.
enum PublicPages {
  static let daysShown = 90
  /// How long a resolved incident stays on the page itself.
  static let pastShownMs: Int64 = 14 * 86_400_000

  static let routes: [PageRoute] = [
    .get("/status/{slug}", .everyone) { try await answer($0, view: "") },
    .get("/status/{slug}/history", .everyone) { request in
      let month = request.query["month"].flatMap(Month.init)
      return try await answer(request, view: month.map { "history?month=\($0.text)" } ?? "history")
    },
    .get("/status/{slug}/badge.svg", .everyone) { try await answer($0, view: "badge.svg") },
    .get("/status/{slug}/incidents/{id}", .everyone) { request in
      try await answer(request, view: "incidents/\(request.id(PublicID<IncidentTag>.self, at: 1).text)")
    },
    .get("/status/{slug}/feed.atom", .everyone, feed),
  ]

  private static func answer(_ request: PageRequest, view: String) async throws -> Response {
    let key = PublicPageCache.Key(slug: request.arguments[0], view: view)
    return try await request.context.strangers.look(for: key.slug, from: request.visit.address) {
      try await request.publicPages.rendered(key)?.answer(ifNoneMatch: request.visit.request.header("if-none-match"))
    } own: {
      try await forMembers(key, request)
    }
  }

  static func frame(_ open: PublishedPage, now: Instant, in db: Connection) throws -> PublicFrame {
    PublicFrame(
      name: open.page.name, paths: PublicPaths(base: Paths.publicPage(open.page.slug)),
      about: open.page.description, isPublished: open.page.isPublic, live: try live(open, in: db), now: now.ms)
  }

  /// The page's own stream; the organization's for a page that only members see, as nobody else may hear of it.
  private static func live(_ open: PublishedPage, in db: Connection) throws -> LiveFeed? {
    if open.page.isPublic {
      let feed = try FeedQueries.page(slug: open.page.slug, in: db)?.feed
      return .publicPage(
        open.page.slug, seq: try FeedQueries.seq(feed, in: db), epoch: try FeedQueries.epoch(in: db))
    }
    return try OrganizationQueries.find(scope: open.scope, in: db).map {
      try .organization($0.id, scope: open.scope, in: db)
    }
  }

  static func page(_ open: PublishedPage, now: Instant, in db: Connection) throws -> StatusPage {
    let frame = try frame(open, now: now, in: db)
    let services = try ServiceQueries.shown(on: open.page.id, scope: open.scope, in: db, now: now)
    let running = try IncidentQueries.shown(
      on: open.page.id, isOpen: true, scope: open.scope, offset: 0, rows: 20, in: db
    ).rows
    let past = try IncidentQueries.shown(
      on: open.page.id, isOpen: false, scope: open.scope, offset: 0, rows: 10, in: db
    ).rows
    return StatusPage(
      frame: frame, services: try services.map { try service($0, now: now, in: db) },
      open: running.map { openIncident($0, frame.paths, now) },
      past: past.filter { now - ($0.resolvedAt ?? now) < Self.pastShownMs }.compactMap {
        pastIncident($0, frame.paths)
      },
      lastCheckedAt: try lastChecked(services, in: db), lastOutageEndedAt: past.compactMap { $0.resolvedAt?.ms }.max())
  }

  private static func lastChecked(_ services: [ServiceRow], in db: Connection) throws -> Int64? {
    let monitors = services.flatMap(\.monitors).prefix(200)
    return try monitors.compactMap { watcher in
      try db.first("SELECT max(started_ms) FROM result_log WHERE monitor_id = $1", [.int(watcher.id.raw)]) {
        $0.intOrNil(0)
      } ?? nil
    }.max()
  }

  static func service(_ row: ServiceRow, now: Instant, in db: Connection) throws -> PublicService {
    let (days, uptime) = try days(row.monitors.map(\.id), now: now, in: db)
    return PublicService(
      id: row.publicID.text, name: row.name, description: row.description, state: State(row.status),
      observed: row.observed.rawValue, days: days, uptime: uptime, today: now.ms)
  }

  /// One bar per day from the worst of the monitors, and the share over all of them.
  static func days(
    _ monitors: [MonitorID], now: Instant, in db: Connection
  ) throws -> (days: [Day], uptime: Double?) {
    guard !monitors.isEmpty else {
      return ([Day](repeating: Day(state: .unknown, minutes: 0), count: daysShown), nil)
    }
    let shares = try ResultQueries.days(worstOf: monitors, count: daysShown, now: now, in: db).map(\.share)
    let known = shares.reduce(Int64(0)) { $0 + $1.upMs + $1.degradedMs + $1.downMs }
    let up = shares.reduce(Int64(0)) { $0 + $1.upMs + $1.degradedMs }
    return (shares.map(day), known > 0 ? Double(up) / Double(known) : nil)
  }

  private static func day(_ share: UptimeShare) -> Day {
    func minutes(_ ms: Int64) -> Int { Int((ms + 59_999) / 60_000) }
    if share.downMs > 0 { return Day(state: .down, minutes: minutes(share.downMs)) }
    if share.degradedMs > 0 { return Day(state: .degraded, minutes: minutes(share.degradedMs)) }
    if share.maintenanceMs > 0 { return Day(state: .maintenance, minutes: minutes(share.maintenanceMs)) }
    return share.upMs > 0 ? .quiet : Day(state: .unknown, minutes: 0)
  }

  static func openIncident(_ row: IncidentRow, _ paths: PublicPaths, _ now: Instant) -> OpenIncident {
    let impacts = row.impacts.map { OpenIncident.Impact(service: $0.name, state: State($0.to)) }
    let worst = impacts.map(\.state).max { $0.rank < $1.rank } ?? .unknown
    return OpenIncident(
      id: row.publicID.text, path: paths.incident(row.publicID.text), title: row.title,
      status: .init(rawValue: row.status.rawValue) ?? .investigating, impact: worst, startedAt: row.startedAt.ms,
      now: now.ms, impacts: impacts, updates: timeline(row, worst, withAuthors: false))
  }

  static func pastIncident(_ row: IncidentRow, _ paths: PublicPaths) -> PastIncident? {
    row.resolvedAt.map {
      PastIncident(
        path: paths.incident(row.publicID.text), title: row.title, startedAt: row.startedAt.ms, resolvedAt: $0.ms)
    }
  }

  static func timeline(_ row: IncidentRow, _ state: State, withAuthors: Bool) -> [TimelineEntry] {
    row.updates.reversed().enumerated().map { index, update in
      TimelineEntry(
        at: update.createdAt.ms, what: update.status.display, author: withAuthors ? update.author : nil,
        message: update.message, isLatest: index == 0, state: row.isOpen ? state : .up)
    }
  }

  static func incident(
    _ id: PublicID<IncidentTag>, _ open: PublishedPage, now: Instant, in db: Connection
  ) throws -> PublicIncidentPage? {
    guard let row = try IncidentQueries.shown(id, on: open.page.id, scope: open.scope, in: db) else { return nil }
    let impacts = row.impacts.map { OpenIncident.Impact(service: $0.name, state: State($0.to)) }
    let worst = impacts.map(\.state).max { $0.rank < $1.rank } ?? .unknown
    return PublicIncidentPage(
      frame: try frame(open, now: now, in: db), id: row.publicID.text, incidentTitle: row.title,
      status: .init(rawValue: row.status.rawValue) ?? .investigating, impact: worst, startedAt: row.startedAt.ms,
      resolvedAt: row.resolvedAt?.ms, impacts: impacts, updates: timeline(row, worst, withAuthors: false),
      postmortem: row.postmortem ?? "")
  }
}
