import Domain
import HTTPServer
import JSON
import Store
import Synchronization

/// Answers the live surface. Who a cookie or key belongs to is the caller's to find out.
public struct LiveHandlers: Sendable {
  private let hub: LiveHub
  /// The configured address of the installation, for the Origin check.
  private let baseURL: String?

  public init(hub: LiveHub, baseURL: String?) {
    self.hub = hub
    self.baseURL = baseURL
  }

  // MARK: Public pages

  func publicSocket(_ asked: PublicRequest, _ strangers: Strangers) async throws -> Response {
    try checkSocket(asked.request)
    let position = try Position(asked.query, asked.request, more: [])
    let page: PageFeed
    do { page = try await self.page(asked, strangers) } catch let problem as Problem where problem.status == 404 {
      return Self.refusing(LiveClose.unknown, hub)
    }
    return socket(
      LiveGuest(
        feed: page.feed, page: page.page.raw, holder: nil, form: .webSocket, since: position.since,
        epoch: position.epoch))
  }

  func publicEvents(_ asked: PublicRequest, _ strangers: Strangers) async throws -> Response {
    try checkOrigin(asked.request)
    let position = try Position(asked.query, asked.request, more: [])
    let page = try await page(asked, strangers)
    return events(
      LiveGuest(
        feed: page.feed, page: page.page.raw, holder: nil, form: .eventStream, since: position.since,
        epoch: position.epoch))
  }

  /// `…/changes/?since=SEQ&epoch=E` → `{results, seq, epoch, reset}`.
  func publicChanges(_ asked: PublicRequest, _ strangers: Strangers) async throws -> Response {
    let position = try Position(asked.query, asked.request, more: [])
    let page = try await page(asked, strangers)
    return try await changes(feed: page.feed, position)
  }

  // MARK: Organizations

  /// `signedIn` answers who the request's own cookie or key belongs to, when it brings no ticket.
  public func organizationSocket(
    _ asked: PublicRequest, signedIn: () async throws -> (holder: LiveHolder, organization: String)?
  ) async throws -> Response {
    try checkSocket(asked.request)
    let position = try Position(asked.query, asked.request, more: ["token"])
    let holder: LiveHolder
    if let token = asked.query["token"] {
      guard let found = hub.tickets.redeem(token) else { return Self.refusing(LiveClose.badTicket, hub) }
      holder = found
    } else {
      guard let found = try await signedIn() else { return Self.refusing(LiveClose.unknown, hub) }
      holder = found.holder
    }
    let id = asked.arguments.first.flatMap { PublicID<OrganizationTag>($0) }
    let isOwn = try await hub.store.read { db in
      guard let id else { return false }
      return try FeedQueries.isWelcome(holder.listener, scope: holder.scope, in: db, now: hub.store.world.now())
        && FeedQueries.isNamed(id, scope: holder.scope, in: db)
    }
    guard isOwn else { return Self.refusing(LiveClose.noAccess, hub) }
    return socket(try await guest(holder, .webSocket, position))
  }

  public func organizationEvents(_ asked: APIRequest) async throws -> Response {
    try checkOrigin(asked.request)
    let position = try Position(asked.query, asked.request, more: [])
    return events(try await guest(try LiveHolder(asked), .eventStream, position))
  }

  public func organizationChanges(_ asked: APIRequest) async throws -> Response {
    let position = try Position(asked.query, asked.request, more: [])
    return try await changes(feed: try await feed(asked.scope), position)
  }

  /// `POST realtime/ticket/` → 201 `{token, expires_at}`.
  public func createTicket(_ asked: APIRequest) async throws -> Response {
    try asked.body().finish()
    guard let ticket = hub.tickets.issue(try LiveHolder(asked)) else {
      throw Problem.unavailable("Too many tickets are waiting to be used; ask again in a moment.")
    }
    return .json(["token": .string(ticket.token), "expires_at": JSON(ticket.expires)], status: 201)
  }

  // MARK: Private

  /// Throws 404 for a page that is none, and 429 who asks for many such. A page's own viewers are not counted here: a
  /// stream stays, and what is polled is in memory.
  private func page(_ asked: PublicRequest, _ strangers: Strangers) async throws -> PageFeed {
    guard let slug = asked.arguments.first else { throw Problem.notFound }
    return try await strangers.look(for: slug, from: asked.clientAddress, isCounted: false) { try await page(slug) }
  }

  private func page(_ slug: String) async throws -> PageFeed? {
    guard slug.utf8.count <= 200 else { return nil }
    if let found = try await hub.store.read({ try FeedQueries.page(slug: slug, in: $0) }) {
      return found.isPublic ? found : nil
    }
    guard try await hub.store.read({ try FeedQueries.isPublicSlug(slug, in: $0) }) else { return nil }
    return try await hub.store.write { db in try FeedQueries.openPage(slug: slug, in: db) }
  }

  private func feed(_ scope: TenantScope) async throws -> Int64 {
    if let found = try await hub.store.read({ try FeedQueries.existing(scope: scope, in: $0) }) { return found }
    return try await hub.store.write { try FeedQueries.feed(scope: scope, in: $0) }
  }

  private func guest(_ holder: LiveHolder, _ form: LiveGuest.Form, _ at: Position) async throws -> LiveGuest {
    LiveGuest(
      feed: try await feed(holder.scope), page: nil, holder: holder, form: form, since: at.since, epoch: at.epoch)
  }

  private func changes(feed: Int64, _ at: Position) async throws -> Response {
    guard let window = await hub.window(feed: feed) else {
      throw Problem.unavailable("The database does not answer; ask again in a moment.")
    }
    var results: [JSON] = []
    var isReset = false
    switch window.replay(since: at.since, epoch: at.epoch, current: hub.epoch) {
    case .reset: isReset = true
    case .events(let events): results = try events.map { try JSON(parsing: $0.message) }
    }
    return .json(
      [
        "results": .array(results), "seq": .int(window.seq), "epoch": .string(hub.epoch), "reset": .bool(isReset),
      ], headers: [Header("cache-control", "no-store")])
  }

  private func socket(_ guest: LiveGuest) -> Response {
    let pace = MessagePace(world: hub.store.world)
    return Response(
      status: 101,
      stream: .webSocket(
        topic: 0,
        WebSocketCallbacks(
          opened: { [hub] in hub.post(.opened(guest, $0)) },
          message: { [hub] connection, _ in
            if !pace.allows() { hub.server?.close(connection, code: LiveClose.tooFast) }
          },
          closed: { [hub] in hub.post(.closed($0)) })))
  }

  /// Clients of an event stream come back after one to five seconds, each after its own.
  private func events(_ guest: LiveGuest) -> Response {
    let retryMs = 1000 + Int(hub.store.world.random(2).reduce(0) { $0 << 8 | UInt32($1) }) * 4000 / 65536
    return Response(
      status: 200,
      headers: [
        Header("content-type", "text/event-stream"), Header("cache-control", "no-store"),
        Header("x-accel-buffering", "no"),
      ],
      stream: .events(
        topic: 0, first: Array("retry: \(retryMs)\n\n".utf8), opened: { [hub] in hub.post(.opened(guest, $0)) },
        closed: { [hub] in hub.post(.closed($0)) }))
  }

  /// A close code can only be told to a socket that was opened.
  private static func refusing(_ code: UInt16, _ hub: LiveHub) -> Response {
    Response(
      status: 101,
      stream: .webSocket(topic: 0, WebSocketCallbacks(opened: { hub.server?.close($0, code: code) })))
  }

  private func checkSocket(_ request: Request) throws(Problem) {
    guard request.header("upgrade")?.lowercased() == "websocket" else {
      throw Problem(400, "websocket_expected", "This is a WebSocket; connect to it with one, or use /events/.")
    }
    try checkOrigin(request)
  }

  private func checkOrigin(_ request: Request) throws(Problem) {
    let isOwn = OriginRule.allows(origin: request.header("origin"), host: request.header("host"), base: baseURL)
    if !isOwn { throw Problem(403, "forbidden_origin", "Live connections are open to this server's own pages.") }
  }
}

/// Where a client stopped: `?since&epoch`, or `Last-Event-ID`, which a browser sends by itself and which is newer.
private struct Position {
  let since: Int64?
  let epoch: String?

  init(_ query: RequestQuery, _ request: Request, more: [String]) throws(Problem) {
    try query.refuseUnknown(["since", "epoch"] + more)
    let asked = query["since"] == nil ? nil : Int64(try query.int("since", 0...Int.max, or: 0))
    let heard = request.header("last-event-id").flatMap { Int64($0) }
    since = heard ?? asked
    epoch = try query.text("epoch", max: 40)
  }
}

/// How many messages a client has sent in the present second.
private final class MessagePace: Sendable {
  private let world: World
  private let count = Mutex<(second: Int64, messages: Int)>((0, 0))

  init(world: World) { self.world = world }

  func allows() -> Bool {
    let second = world.now().ms / Instant.secondMs
    return count.withLock { count in
      count = count.second == second ? (second, count.messages + 1) : (second, 1)
      return count.messages <= Limits.liveMessagesPerSecondMax
    }
  }
}

extension LiveHolder {
  init(_ asked: APIRequest) throws(Problem) {
    if let session = asked.session {
      self.init(scope: asked.scope, listener: .session(session.session))
    } else if let key = asked.principal.publicID {
      self.init(scope: asked.scope, listener: .apiKey(key))
    } else {
      throw .forbidden
    }
  }
}
