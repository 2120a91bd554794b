import Domain
import JSON
import SQLite

/// One numbered event of a live feed, as stored; `data` is JSON text.
public struct FeedEvent: Hashable, Sendable {
  public let seq: Int64
  public let type: FeedEventType
  public let data: String

  public init(seq: Int64, type: FeedEventType, data: String) {
    self.seq = seq
    self.type = type
    self.data = data
  }
}

/// What a live event tells of; raw values go over the wire.
public enum FeedEventType: String, Sendable, CaseIterable {
  case service = "service_status_update"
  case incident = "incident_update"
  case maintenance = "maintenance_update"
  /// Organization feeds only.
  case monitor = "monitor_update"
  /// Organization feeds only.
  case region = "region_update"
  /// The operator's organization only.
  case installation = "installation_update"
}

/// The newest part of a feed: `events` are consecutive and end with `seq`.
public struct FeedTail: Hashable, Sendable {
  public let seq: Int64
  public let events: [FeedEvent]

  public init(seq: Int64, events: [FeedEvent]) {
    self.seq = seq
    self.events = events
  }
}

/// A page as the public live feed finds it.
public struct PageFeed: Hashable, Sendable {
  public let page: StatusPageID
  public let feed: Int64
  public let isPublic: Bool
}

/// The numbered events of pages and organizations, kept for a day. A `seq` is allocated in the transaction that causes it.
public enum FeedQueries {
  /// Changes when the database is restored from a backup: a `seq` of another epoch means nothing.
  public static func epoch(in db: Connection) throws -> String {
    try db.first("SELECT live_epoch FROM installation WHERE id = 1") { $0.text(0) } ?? ""
  }

  /// Appends to the organization's own feed; answers the event's `seq`.
  @discardableResult
  public static func append(
    _ type: FeedEventType, _ data: JSON, scope: TenantScope, in db: Connection, world: World
  ) throws -> Int64 {
    try append(type, data, to: feed(scope: scope, in: db), in: db, world: world)
  }

  /// Appends to the feed of one of the organization's pages; answers the event's `seq`, nil for a page that is not its own.
  @discardableResult
  public static func append(
    _ type: FeedEventType, _ data: JSON, page: StatusPageID, scope: TenantScope, in db: Connection, world: World
  ) throws -> Int64? {
    guard let feed = try feed(page: page, scope: scope, in: db) else { return nil }
    return try append(type, data, to: feed, in: db, world: world)
  }

  private static func append(
    _ type: FeedEventType, _ data: JSON, to feed: Int64, in db: Connection, world: World
  ) throws -> Int64 {
    let seq = try db.first("UPDATE feed SET seq = seq + 1 WHERE id = $1 RETURNING seq", [.int(feed)]) { $0.int(0) }
    guard let seq else { throw FeedGone(feed: feed) }
    try db.run(
      "INSERT INTO feed_event (feed_id, seq, at_ms, type, data) VALUES ($1, $2, $3, $4, $5)",
      [.int(feed), .int(seq), .int(world.now().ms), .text(type.rawValue), .text(data.text)])
    db.announce(.feedChanged(feed: feed))
    return seq
  }

  /// The organization's feed, made at its first use: takes a writing connection.
  public static func feed(scope: TenantScope, in db: Connection) throws -> Int64 {
    if let found = try existing(scope: scope, in: db) { return found }
    return try db.insert(
      "INSERT INTO feed (organization_id, page_id, seq) VALUES ($1, NULL, 0)", [.int(scope.organization.raw)])
  }

  /// The organization's feed, or nil before its first use.
  public static func existing(scope: TenantScope, in db: Connection) throws -> Int64? {
    try db.first(
      "SELECT id FROM feed WHERE organization_id = $1 AND page_id IS NULL", [.int(scope.organization.raw)]
    ) { $0.int(0) }
  }

  /// The page's feed, made at its first use; nil for a page of another organization.
  public static func feed(page: StatusPageID, scope: TenantScope, in db: Connection) throws -> Int64? {
    let values: [Value] = [.int(page.raw), .int(scope.organization.raw)]
    if let found = try db.first(
      "SELECT id FROM feed WHERE page_id = $1 AND organization_id = $2", values, { $0.int(0) })
    {
      return found
    }
    let made = try db.run(
      """
      INSERT INTO feed (organization_id, page_id, seq)
      SELECT organization_id, id, 0 FROM status_page WHERE id = $1 AND organization_id = $2
      """, values)
    guard made == 1 else { return nil }
    return try db.first("SELECT id FROM feed WHERE page_id = $1 AND organization_id = $2", values) { $0.int(0) }
  }

  /// The page of a slug and its feed, for anybody; nil for an unknown slug, and before the feed's first use.
  public static func page(slug: String, in db: Connection) throws -> PageFeed? {
    try db.first(
      "SELECT p.id, f.id, p.is_public FROM status_page p JOIN feed f ON f.page_id = p.id WHERE p.slug = $1",
      [.text(slug)]
    ) { PageFeed(page: StatusPageID($0.int(0)), feed: $0.int(1), isPublic: $0.bool(2)) }
  }

  /// The same on a writing connection: the feed is made where it is absent; nil for an unknown slug and a page that is not public.
  public static func openPage(slug: String, in db: Connection) throws -> PageFeed? {
    try db.run(
      """
      INSERT INTO feed (organization_id, page_id, seq) SELECT p.organization_id, p.id, 0 FROM status_page p
      WHERE p.slug = $1 AND p.is_public = 1 AND NOT EXISTS (SELECT 1 FROM feed f WHERE f.page_id = p.id)
      """, [.text(slug)])
    return try page(slug: slug, in: db)
  }

  public static func isPublicSlug(_ slug: String, in db: Connection) throws -> Bool {
    try db.first("SELECT is_public FROM status_page WHERE slug = $1", [.text(slug)]) { $0.bool(0) } ?? false
  }

  /// Whether `id` is the public id of the scope's organization.
  public static func isNamed(_ id: PublicID<OrganizationTag>, scope: TenantScope, in db: Connection) throws -> Bool {
    try db.first(
      "SELECT 1 FROM organization WHERE id = $1 AND public_id = $2", [.int(scope.organization.raw), .text(id.text)]
    ) { _ in true } ?? false
  }

  public static func isPublic(_ page: StatusPageID, in db: Connection) throws -> Bool {
    try db.first("SELECT is_public FROM status_page WHERE id = $1", [.int(page.raw)]) { $0.bool(0) } ?? false
  }

  /// Events after `seq`, oldest first.
  public static func events(feed: Int64, after seq: Int64, limit: Int, in db: Connection) throws -> [FeedEvent] {
    try db.rows(
      "SELECT seq, type, data FROM feed_event WHERE feed_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
      [.int(feed), .int(seq), .int(Int64(limit))], event
    ).compactMap(\.self)
  }

  /// The number of the feed's newest event; 0 for a feed without one, and before its first use.
  public static func seq(_ feed: Int64?, in db: Connection) throws -> Int64 {
    guard let feed else { return 0 }
    return try db.first("SELECT seq FROM feed WHERE id = $1", [.int(feed)]) { $0.int(0) } ?? 0
  }

  /// The feed's `seq` and its newest `limit` events, oldest first.
  public static func tail(feed: Int64, limit: Int, in db: Connection) throws -> FeedTail {
    let seq = try seq(feed, in: db)
    let newest = try db.rows(
      "SELECT seq, type, data FROM feed_event WHERE feed_id = $1 ORDER BY seq DESC LIMIT $2",
      [.int(feed), .int(Int64(limit))], event)
    return FeedTail(seq: seq, events: newest.compactMap(\.self).reversed())
  }

  /// Forgets events older than `before`, at most `limit` in one go; answers how many went.
  @discardableResult
  public static func prune(before: Instant, limit: Int, in db: Connection) throws -> Int {
    guard
      let last = try db.first(
        "SELECT at_ms FROM feed_event WHERE at_ms < $1 ORDER BY at_ms LIMIT 1 OFFSET $2",
        [.int(before.ms), .int(Int64(limit))], { $0.int(0) })
    else { return try db.run("DELETE FROM feed_event WHERE at_ms < $1", [.int(before.ms)]) }
    return try db.run("DELETE FROM feed_event WHERE at_ms <= $1", [.int(last)])
  }

  /// Whether who opened an organization's socket may still hear it.
  public static func isWelcome(
    _ listener: FeedListener, scope: TenantScope, in db: Connection, now: Instant
  ) throws -> Bool {
    switch listener {
    case .session(let session):
      try db.first(
        """
        SELECT 1 FROM session s JOIN member m ON m.organization_id = s.organization_id AND m.account_id = s.account_id
        WHERE s.id = $1 AND s.organization_id = $2 AND s.expires_ms > $3
        """, [.int(session.raw), .int(scope.organization.raw), .int(now.ms)]
      ) { _ in true } ?? false
    case .apiKey(let id):
      try db.first(
        """
        SELECT 1 FROM api_key WHERE public_id = $1 AND organization_id = $2 AND deleted_ms IS NULL
          AND (expires_ms IS NULL OR expires_ms > $3)
        """, [.text(id), .int(scope.organization.raw), .int(now.ms)]
      ) { _ in true } ?? false
    }
  }

  private static func event(_ row: Row) -> FeedEvent? {
    FeedEventType(rawValue: row.text(1)).map { FeedEvent(seq: row.int(0), type: $0, data: row.text(2)) }
  }
}

/// By what right somebody hears an organization's feed.
public enum FeedListener: Hashable, Sendable {
  case session(SessionID)
  /// The key's public id.
  case apiKey(String)
}

/// A feed's row went while it was written to: our own mistake.
public struct FeedGone: Error, Sendable {
  public let feed: Int64
}
