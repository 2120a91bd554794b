import Domain
import JSON
import SQLite
import Store

/// Writes what a change means to those who watch: live events of the organization and of each page that shows the
/// service, and the pages' revisions, in the transaction of the change.
struct Announcer {
  let scope: TenantScope
  let db: Connection
  let world: World
  private var touched: Set<StatusPageID> = []

  init(scope: TenantScope, db: Connection, world: World) {
    self.scope = scope
    self.db = db
    self.world = world
  }

  /// The service as it is now.
  mutating func service(_ id: ServiceID) throws {
    guard let row = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else { return }
    let data = Self.data(row)
    try FeedQueries.append(.service, data, scope: scope, in: db, world: world)
    for page in try StatusPageQueries.showing([id], scope: scope, in: db) {
      try FeedQueries.append(.service, data, page: page, scope: scope, in: db, world: world)
      touched.insert(page)
    }
  }

  /// The incident as it is now; each page hears only of the services that it shows.
  mutating func incident(_ id: IncidentID) throws {
    guard let row = try IncidentQueries.find(id, scope: scope, in: db) else { return }
    try FeedQueries.append(.incident, Self.data(row), scope: scope, in: db, world: world)
    for page in try StatusPageQueries.showing(row.impacts.map(\.service), scope: scope, in: db) {
      guard let shown = try IncidentQueries.shown(row.publicID, on: page, scope: scope, in: db) else { continue }
      try FeedQueries.append(.incident, Self.data(shown), page: page, scope: scope, in: db, world: world)
      touched.insert(page)
    }
  }

  /// An incident that one of its services left: of `pages`, those that show nothing of it any more hear that it is gone.
  mutating func left(_ id: IncidentID, pages: [StatusPageID]) throws {
    try incident(id)
    guard let row = try IncidentQueries.find(id, scope: scope, in: db) else { return }
    let data: JSON = ["id": .string(row.publicID.text), "is_deleted": true]
    for page in pages where try IncidentQueries.shown(row.publicID, on: page, scope: scope, in: db) == nil {
      try FeedQueries.append(.incident, data, page: page, scope: scope, in: db, world: world)
      touched.insert(page)
    }
  }

  /// `pages` are those that showed it before it went.
  mutating func gone(_ type: FeedEventType, id: String, pages: [StatusPageID]) throws {
    let data: JSON = ["id": .string(id), "is_deleted": true]
    try FeedQueries.append(type, data, scope: scope, in: db, world: world)
    for page in pages {
      try FeedQueries.append(type, data, page: page, scope: scope, in: db, world: world)
      touched.insert(page)
    }
  }

  /// A service that left the pages without having been deleted.
  mutating func hidden(_ service: ServiceRow, pages: [StatusPageID]) throws {
    let data: JSON = ["id": .string(service.publicID.text), "is_deleted": true]
    for page in pages {
      try FeedQueries.append(.service, data, page: page, scope: scope, in: db, world: world)
      touched.insert(page)
    }
  }

  mutating func monitor(_ change: MonitorChange) throws {
    let data: JSON = [
      "id": .string(change.publicID.text), "name": .string(change.name), "status": .string(change.to.rawValue),
      "recovering": .bool(change.recovering), "flapping": .bool(change.flapping),
      "status_since": .string(change.since.rfc3339),
    ]
    try FeedQueries.append(.monitor, data, scope: scope, in: db, world: world)
  }

  /// Raises the revision of every page that shows something of this: call once, last.
  func finish() throws {
    for page in touched.sorted() { try StatusPageQueries.touch(page, scope: scope, in: db) }
  }

  static func data(_ service: ServiceRow) -> JSON {
    [
      "id": .string(service.publicID.text), "status": .string(service.status.rawValue), "name": .string(service.name),
      "description": .string(service.description), "status_display": .string(service.status.display),
      "observed": .string(service.observed.rawValue),
    ]
  }

  static func data(_ incident: IncidentRow) -> JSON {
    let services = incident.impacts.map { impact -> JSON in
      ["id": .string(impact.publicID.text), "name": .string(impact.name)]
    }
    return [
      "id": .string(incident.publicID.text), "status": .string(incident.status.rawValue),
      "title": .string(incident.title), "description": .string(incident.description),
      "status_display": .string(incident.status.display), "service": services.first ?? .null,
      "services": .array(services),
    ]
  }
}
