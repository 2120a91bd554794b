import Domain
import HTML
import HTTPServer
import SQLite
import Store

/// A month of the calendar, UTC: `2026-11`.
struct Month: Hashable, Comparable, Sendable {
  /// Months since January of year 0.
  let number: Int

  init(number: Int) { self.number = number }

  init(_ instant: Instant) {
    let civil = CivilTime(instant)
    number = civil.year * 12 + civil.month - 1
  }

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, let year = Int(parts[0]),
      let month = Int(parts[1]), (2000...9998).contains(year), (1...12).contains(month)
    else { return nil }
    number = year * 12 + month - 1
  }

  var text: String {
    let month = number % 12 + 1
    return "\(number / 12)-\(month < 10 ? "0" : "")\(month)"
  }

  var start: Instant {
    CivilTime(year: number / 12, month: number % 12 + 1, day: 1).instant
  }

  static func < (left: Month, right: Month) -> Bool { left.number < right.number }
}

/// Public pages as bytes, the same for everybody who asks.
extension PublicPages {
  private static let monthsShown = 3

  /// The cache of all pages of an installation; it follows the store.
  static func cache(_ store: Store, _ settings: WebContext.Settings) -> PublicPageCache {
    let isSecure = settings.baseURL?.hasPrefix("https://") ?? false
    let cache = PublicPageCache(world: store.world) { key in
      try await render(key, store: store, isSecure: isSecure)
    }
    cache.follow(store)
    return cache
  }

  /// What a path of a public page is called in the cache; nil for everything else. Runs on the server's loop.
  static func key(target: String) -> PublicPageCache.Key? {
    guard target.hasPrefix("/status/") else { return nil }
    let rest = target.dropFirst("/status/".count)
    let slug = rest.prefix { $0 != "/" && $0 != "?" }
    let view = rest.dropFirst(slug.count)
    guard !slug.isEmpty, view.isEmpty || view.first == "/", view.count < 80 else { return nil }
    return PublicPageCache.Key(slug: String(slug), view: String(view.dropFirst()))
  }

  private static func render(
    _ key: PublicPageCache.Key, store: Store, isSecure: Bool
  ) async throws -> PublicPageCache.Rendered? {
    let now = store.world.now()
    let found = try await store.read { db -> (StatusPageRow, HTML)? in
      guard let open = try StatusPageQueries.publicPage(slug: key.slug, in: db),
        let html = try html(key.view, open, now: now, in: db)
      else { return nil }
      return (open.page, html)
    }
    guard let (page, html) = found else { return nil }
    let type = key.view == "badge.svg" ? Badge.contentType : "text/html; charset=utf-8"
    var response = Response(
      status: 200, headers: [Header("content-type", type), Header("cache-control", "no-cache")], body: [])
    SecurityHeaders.add(to: &response, isSecure: isSecure)
    return PublicPageCache.Rendered(
      page: page.id,
      response: CachedResponse(
        status: 200, headers: response.headers, body: html.bytes, etag: "\"\(page.revision)-\(now.ms)\""),
      headers: response.headers)
  }

  /// A view of a page that is not published, for a member of its organization: made for this request and kept nowhere.
  static func forMembers(_ key: PublicPageCache.Key, _ request: PageRequest) async throws -> Response? {
    guard let scope = request.known?.scope else { return nil }
    let now = request.now
    let found = try await request.store.read { db in
      try StatusPageQueries.ownPage(slug: key.slug, scope: scope, in: db).flatMap {
        try html(key.view, $0, now: now, in: db)
      }
    }
    guard let found else { return nil }
    guard key.view == "badge.svg" else { return .page(found) }
    return Response(
      status: 200, headers: [Header("content-type", Badge.contentType), Header("cache-control", "no-store")],
      body: found.bytes)
  }

  private static func html(
    _ view: String, _ open: PublishedPage, now: Instant, in db: Connection
  ) throws -> HTML? {
    switch view {
    case "": return try page(open, now: now, in: db).render()
    case "history": return try history(open, newest: Month(now), now: now, in: db).render()
    case "badge.svg":
      return Badge(name: open.page.name, state: try page(open, now: now, in: db).state).render()
    default:
      if view.hasPrefix("incidents/"), let id = PublicID<IncidentTag>(String(view.dropFirst("incidents/".count))) {
        return try incident(id, open, now: now, in: db)?.render()
      }
      if view.hasPrefix("history?month="), let month = Month(String(view.dropFirst("history?month=".count))),
        month <= Month(now)
      {
        return try history(open, newest: month, now: now, in: db).render()
      }
      return nil
    }
  }

  private static func history(
    _ open: PublishedPage, newest: Month, now: Instant, in db: Connection
  ) throws -> HistoryPage {
    let frame = try frame(open, now: now, in: db)
    let months = (0..<monthsShown).map { Month(number: newest.number - $0) }
    let oldest = months[monthsShown - 1]
    let rows = try IncidentQueries.shown(
      on: open.page.id, from: oldest.start, to: Month(number: newest.number + 1).start, scope: open.scope, in: db)
    let hasOlder = try IncidentQueries.shownBefore(
      oldest.start, on: open.page.id, scope: open.scope, in: db)
    let services = try ServiceQueries.shown(on: open.page.id, scope: open.scope, in: db, now: now)
    return HistoryPage(
      frame: frame,
      months: months.map { month in
        let own = rows.filter { Month($0.startedAt) == month }
        return HistoryPage.Month(
          at: month.start.ms, incidents: own.compactMap { pastIncident($0, frame.paths) },
          open: own.filter(\.isOpen).map { openIncident($0, frame.paths, now) })
      },
      older: hasOlder ? Month(number: oldest.number - 1).text : nil,
      newer: newest < Month(now) ? Month(number: min(newest.number + monthsShown, Month(now).number)).text : nil,
      state: services.map { State($0.status) }.max { $0.rank < $1.rank } ?? .unknown)
  }

  /// Names absolute addresses, so it is made for the host that was asked.
  @Sendable static func feed(_ request: PageRequest) async throws -> Response {
    let slug = request.arguments[0]
    let origin = request.context.settings.baseURL ?? request.visit.origin
    let paths = PublicPaths(base: Paths.publicPage(slug))
    @Sendable func made(_ open: PublishedPage, in db: Connection) throws -> AtomFeed {
      let rows = try IncidentQueries.shown(
        on: open.page.id, isOpen: nil, scope: open.scope, offset: 0, rows: 50, in: db
      ).rows
      let entries = rows.map { row in
        AtomFeed.Entry(
          id: row.publicID.text, url: origin + paths.incident(row.publicID.text), title: row.title,
          status: .init(rawValue: row.status.rawValue) ?? .investigating, startedAt: row.startedAt.ms,
          updatedAt: row.updatedAt.ms, updates: timeline(row, .unknown, withAuthors: false))
      }
      return AtomFeed(
        name: open.page.name, pageURL: origin + paths.page, feedURL: origin + paths.feed,
        updatedAt: entries.map(\.updatedAt).max() ?? open.page.updatedAt.ms, entries: entries)
    }
    let (feed, isPublic) = try await request.context.strangers.look(
      for: slug, from: request.visit.address
    ) { () -> (AtomFeed, Bool)? in
      try await request.store.read { db in
        try StatusPageQueries.publicPage(slug: slug, in: db).map { (try made($0, in: db), true) }
      }
    } own: {
      guard let scope = request.known?.scope else { return nil }
      return try await request.store.read { db in
        try StatusPageQueries.ownPage(slug: slug, scope: scope, in: db).map { (try made($0, in: db), false) }
      }
    }
    let body = feed.render().bytes
    let etag = "\"\(feed.updatedAt)-\(feed.entries.count)-\(body.count)\""
    let headers = [
      Header("content-type", AtomFeed.contentType), Header("cache-control", isPublic ? "no-cache" : "no-store"),
      Header("etag", etag),
    ]
    if request.visit.request.header("if-none-match") == etag { return Response(status: 304, headers: headers) }
    return Response(status: 200, headers: headers, body: body)
  }
}

extension PublicPageCache.Rendered {
  func answer(ifNoneMatch: String?) -> Response {
    let headers = headers + [Header("etag", response.etag)]
    if let ifNoneMatch, response.matches(ifNoneMatch) { return Response(status: 304, headers: headers) }
    return Response(status: 200, headers: headers, body: Array(response.body))
  }
}
