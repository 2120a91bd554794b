import Domain
import JSON
import Notify
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

/// One organization with a public page, two monitors and a service over both; a second organization beside it.
final class IncidentWorld: Sendable {
  let test: TestStore
  private let events = Mutex<[StoreEvent]>([])
  let scope = TenantScope(minting: OrganizationID(1))
  let other = TenantScope(minting: OrganizationID(2))
  let principal = Principal(minting: .account, publicID: "usr_1", name: "Ines", address: nil)
  static func monitor(_ n: Int64) -> PublicID<MonitorTag> { PublicID(stored: "mon_0000000000000000000000000\(n)") }

  init(channels: Int64 = 1, monitors: Int64 = 2) async throws {
    test = try TestStore()
    test.store.subscribe { [weak self] events in self?.events.withLock { $0 += events } }
    let sealer = test.store.sealer
    let world = test.store.world
    try await test.store.write { [scope, principal] db in
      for n in 1...2 as ClosedRange<Int64> {
        try db.run(
          "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'Harbourline', $2, 0, 0)",
          [.int(n), .text("org_\(n)")])
        try db.run(
          """
          INSERT INTO status_page (id, public_id, organization_id, slug, name, description, is_public, revision,
            created_ms, updated_ms) VALUES ($1, $2, $1, $2, 'p', '', 1, 1, 0, 0)
          """, [.int(n), .text("page-\(n)")])
      }
      for n in 1...monitors {
        try db.run(
          """
          INSERT INTO monitor (id, public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
            status_since_ms, created_ms, updated_ms) VALUES ($1, $2, 1, 'http', $3, 'http://secret.internal/', 1, 60, '{}',
            $4, 0, 0, 0)
          """,
          [.int(n), .text(Self.monitor(n).text), .text("monitor-\(n)"), .int(MonitorStatus.up.code)])
      }
      for n in 0..<channels {
        _ = try ChannelQueries.create(
          ChannelDraft(kind: "slack", name: "c\(n)", settings: [:], summary: "", enabled: true), scope: scope,
          by: principal, in: db, world: world, sealer: sealer)
      }
      try db.run("INSERT INTO engine_span (from_ms, to_ms) VALUES (0, $1)", [.int(world.now().ms)])
    }
  }

  @discardableResult
  func service(_ name: String, monitors: [Int64]) async throws -> ServiceRow {
    try await desk { try $0.create(ServiceDraft(name: name, monitors: monitors.map(Self.monitor)), state: .byMonitors) }
  }

  func service(named name: String) async throws -> ServiceRow {
    let now = test.clock.now
    let all = try await test.store.read { [scope] in try ServiceQueries.list(scope: scope, in: $0, now: now) }
    return try #require(all.first { $0.name == name })
  }

  func desk<T: Sendable>(_ body: @escaping @Sendable (ServiceDesk) throws -> T) async throws -> T {
    let world = test.store.world
    return try await test.store.write { [scope, principal] db in
      try body(ServiceDesk(scope: scope, by: principal, in: db, world: world))
    }
  }

  func incidents<T: Sendable>(
    scope: TenantScope? = nil, _ body: @escaping @Sendable (IncidentDesk) throws -> T
  ) async throws -> T {
    let world = test.store.world
    let scope = scope ?? self.scope
    return try await test.store.write { [principal] db in
      try body(IncidentDesk(scope: scope, by: principal, in: db, world: world))
    }
  }

  func open(_ title: String, _ services: [(String, ServiceStatus)]) async throws -> IncidentRow {
    var named: [(id: PublicID<ServiceTag>, to: ServiceStatus)] = []
    for (name, to) in services { named.append((try await service(named: name).publicID, to)) }
    let opening = IncidentDesk.Opening(
      title: title, description: "", status: .investigating, message: "We look.", startedAt: test.clock.now,
      services: named)
    return try await incidents { try $0.open(opening) }
  }

  /// The monitor's row and what follows, as the engine writes them.
  func change(
    _ from: MonitorStatus, _ to: MonitorStatus, failure: Failure? = nil, after ms: Int64 = 60_000, monitor n: Int64 = 1
  ) async throws {
    test.clock.advance(ms: ms)
    let now = test.clock.now
    let change = MonitorChange(
      monitor: MonitorID(n), publicID: Self.monitor(n), organization: scope.organization, name: "monitor-\(n)",
      url: "http://secret.internal/", from: from, to: to, since: now - 5000, at: now, failure: failure, region: "fra")
    try await apply(change)
  }

  func apply(_ change: MonitorChange) async throws {
    let world = test.store.world
    let now = test.clock.now
    try await test.store.write { db in
      try db.run("UPDATE engine_span SET to_ms = $1", [.int(now.ms)])
      try db.run(
        "UPDATE monitor SET status = $1, status_since_ms = $2, flapping = $3 WHERE id = $4",
        [.int(change.to.code), .int(change.since.ms), Value(change.flapping), .int(change.monitor.raw)])
      try IncidentFlow.apply(change, in: db, world: world)
    }
  }

  /// What a monitor needs, as the form or the API would say it.
  func depend(_ n: Int64, on parents: [Int64]) async throws {
    try await test.store.write { [scope] db in
      try DependencyQueries.replace(of: MonitorID(n), with: parents.map(Self.monitor), scope: scope, in: db)
    }
  }

  /// A good check of a monitor that begins now.
  func seenWell(_ n: Int64) async throws {
    let now = test.clock.now
    _ = try await test.store.write { db in
      try db.run(
        """
        INSERT INTO result_log (monitor_id, region_id, run_key, trigger, final, attempt, started_ms, late_ms, status,
          total_us, body_bytes, loop_lag_us) VALUES ($1, 1, 1, 1, 1, 0, $2, 0, $3, 1, 1, 1)
        """, [.int(n), .int(now.ms), .int(Int64(CheckStatus.up.rawValue))])
    }
  }

  func announced() -> [StoreEvent] { events.withLock { $0 } }

  /// Waits, sends what is due as the outbox does, and answers all that was sent so far: kind and monitor's name.
  func due(after ms: Int64 = 0) async throws -> [String] {
    test.clock.advance(ms: ms)
    let world = test.store.world
    let now = world.now()
    return try await test.store.write { db in
      while true {
        let claimed = try NotificationQueries.claim(limit: 100, now: now, in: db)
        guard !claimed.isEmpty else { break }
        for one in claimed { try NotificationQueries.markSent(one, in: db, world: world) }
      }
      return try db.rows("SELECT kind, payload FROM notification WHERE state = 'sent' ORDER BY done_ms, id") { row in
        "\(row.text(0)) \(try Notice(json: JSON(parsing: row.text(1)))?.name ?? "?")"
      }
    }
  }

  func payloads() async throws -> [String] {
    try await test.store.read { db in try db.rows("SELECT payload FROM notification ORDER BY id") { $0.text(0) } }
  }

  func told(of incident: IncidentID) async throws -> [String] {
    try await test.store.read { db in
      try db.rows("SELECT kind FROM notification WHERE incident_id = $1 ORDER BY id", [.int(incident.raw)]) {
        $0.text(0)
      }
    }
  }

  func list() async throws -> [IncidentRow] {
    try await test.store.read { [scope] in
      try IncidentQueries.list(isOpen: nil, scope: scope, offset: 0, rows: 100, in: $0).rows
    }
  }

  /// Kinds of stored notifications in order.
  func told() async throws -> [String] {
    try await test.store.read { db in try db.rows("SELECT kind FROM notification ORDER BY id") { $0.text(0) } }
  }

  /// Types and data of the events of a page's feed, in order.
  func events(page: Int64 = 1) async throws -> [(type: String, data: JSON)] {
    try await test.store.read { db in
      try db.rows(
        """
        SELECT e.type, e.data FROM feed_event e JOIN feed f ON f.id = e.feed_id WHERE f.page_id = $1 ORDER BY e.seq
        """, [.int(page)]
      ) { ($0.text(0), try JSON(parsing: $0.text(1))) }
    }
  }
}
