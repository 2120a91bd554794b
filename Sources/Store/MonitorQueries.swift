import Domain
import JSON
import SQLite
import Wire

/// A monitor as stored: what a person set, and how it stands.
public struct MonitorRow: Sendable {
  public let id: MonitorID
  public let publicID: PublicID<MonitorTag>
  public let organization: OrganizationID
  public private(set) var settings: MonitorSettings
  public let status: MonitorStatus
  public let statusSince: Instant
  public let recovering: Bool
  public let flapping: Bool
  public let createdAt: Instant
  public let updatedAt: Instant

  static let columns =
    """
    m.id, m.public_id, m.organization_id, m.kind, m.name, m.url, m.enabled, m.interval_s, m.settings, m.request_sealed,
    m.status, m.status_since_ms, m.recovering, m.created_ms, m.updated_ms, m.flapping
    """
  /// How many these are: what a query selects besides begins there.
  static let columnCount = 16

  /// Without what it depends on, which `knowingParents` adds to rows.
  init(_ row: Row, sealer: Sealer) throws {
    id = MonitorID(row.int(0))
    publicID = PublicID(stored: row.text(1))
    organization = OrganizationID(row.int(2))
    let secret = try row.blobOrNil(9).map {
      try JSON(parsing: sealer.open($0, at: MonitorRow.place(OrganizationID(row.int(2)), row.text(1))))
    }
    settings = MonitorCodec.settings(
      name: row.text(4), url: row.text(5), kind: row.text(3), intervalS: Int(row.int(7)), enabled: row.bool(6),
      plain: try JSON(parsing: row.text(8)), secret: secret)
    status = MonitorStatus(code: row.int(10)) ?? .unknown
    statusSince = Instant(ms: row.int(11))
    recovering = row.bool(12)
    flapping = row.bool(15)
    createdAt = Instant(ms: row.int(13))
    updatedAt = Instant(ms: row.int(14))
  }

  /// A monitor with what it depends on.
  func knowingParents(_ parents: [PublicID<MonitorTag>]?) -> MonitorRow {
    guard let parents else { return self }
    var out = self
    out.settings.dependsOn = parents
    return out
  }

  static func place(_ organization: OrganizationID, _ publicID: String) -> Sealer.Place {
    Sealer.Place(organization: organization, table: "monitor", column: "request_sealed", row: publicID)
  }
}

/// A region that a monitor names does not exist here.
public struct UnknownRegion: Error, Hashable, Sendable {
  public let name: String
}

/// The organization has as many monitors as it may have.
public struct TooManyMonitors: Error, Hashable, Sendable {}

public enum MonitorQueries {
  public static func find(
    _ id: PublicID<MonitorTag>, scope: TenantScope, in db: Connection, sealer: Sealer
  ) throws -> MonitorRow? {
    try db.first(
      """
      SELECT \(MonitorRow.columns) FROM monitor m
      WHERE m.public_id = $1 AND m.organization_id = $2 AND m.deleted_ms IS NULL
      """, [.text(id.text), .int(scope.organization.raw)]
    ) { try MonitorRow($0, sealer: sealer) }.map { try knowingParents([$0], in: db)[0] }
  }

  static func knowingParents(_ rows: [MonitorRow], in db: Connection) throws -> [MonitorRow] {
    let parents = try DependencyQueries.parentIDs(of: rows.map(\.id), in: db)
    return parents.isEmpty ? rows : rows.map { $0.knowingParents(parents[$0.id]) }
  }

  /// Settings are valid already. Throws `UnknownRegion`, `DependencyRefusal` and `TooManyMonitors`.
  public static func create(
    _ settings: MonitorSettings, scope: TenantScope, by principal: Principal, in db: Connection, world: World,
    sealer: Sealer
  ) throws -> PublicID<MonitorTag> {
    guard try count(scope: scope, in: db) < Limits.monitorsPerOrganizationMax else { throw TooManyMonitors() }
    let publicID = world.newID(PublicID<MonitorTag>.self)
    let now = world.now()
    let status: MonitorStatus = settings.enabled ? .pending : .paused
    let id = MonitorID(
      try db.insert(
        """
        INSERT INTO monitor (public_id, organization_id, kind, name, url, enabled, interval_s, settings, request_sealed,
          status, status_since_ms, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11)
        """,
        [
          .text(publicID.text), .int(scope.organization.raw), .text(settings.kind.rawValue), .text(settings.name),
          .text(settings.url), Value(settings.enabled), .int(Int64(settings.intervalS)),
          .text(MonitorCodec.plain(settings).text), sealed(settings, scope, publicID, sealer), .int(status.code),
          .int(now.ms),
        ]))
    try db.run(
      "INSERT INTO monitor_state (monitor_id, since_ms, until_ms, state) VALUES ($1, $2, NULL, $3)",
      [.int(id.raw), .int(now.ms), .int(status.code)])
    try writeParts(id, publicID, settings, scope, now, in: db)
    try Audit.record(
      "monitor.create", subject: publicID.text, detail: ["name": .string(settings.name)], scope: scope, by: principal,
      in: db, world: world)
    db.announce(.monitorChanged(id))
    return publicID
  }

  /// Answers the row as it is now, or nil when there is no such monitor. The engine moves the status of one that was
  /// paused or resumed. Throws `UnknownRegion` and `DependencyRefusal`.
  public static func update(
    _ id: PublicID<MonitorTag>, to settings: MonitorSettings, scope: TenantScope, by principal: Principal,
    in db: Connection, world: World, sealer: Sealer
  ) throws -> MonitorRow? {
    guard let old = try find(id, scope: scope, in: db, sealer: sealer) else { return nil }
    let now = world.now()
    try db.run(
      """
      UPDATE monitor SET kind = $1, name = $2, url = $3, enabled = $4, interval_s = $5, settings = $6,
        request_sealed = $7, updated_ms = $8 WHERE id = $9
      """,
      [
        .text(settings.kind.rawValue), .text(settings.name), .text(settings.url), Value(settings.enabled),
        .int(Int64(settings.intervalS)), .text(MonitorCodec.plain(settings).text),
        sealed(settings, scope, id, sealer), .int(now.ms), .int(old.id.raw),
      ])
    try db.run("DELETE FROM monitor_tag WHERE monitor_id = $1", [.int(old.id.raw)])
    try writeParts(old.id, id, settings, scope, now, in: db)
    let changed = changedFields(old.settings, settings)
    if !changed.isEmpty {
      try Audit.record(
        "monitor.update", subject: id.text, detail: ["changed": .array(changed.map(JSON.string))], scope: scope,
        by: principal, in: db, world: world)
    }
    db.announce(.monitorChanged(old.id))
    return try find(id, scope: scope, in: db, sealer: sealer)
  }

  public static func delete(
    _ id: PublicID<MonitorTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World,
    sealer: Sealer
  ) throws -> Bool {
    guard let old = try find(id, scope: scope, in: db, sealer: sealer) else { return false }
    let now = world.now()
    try db.run("UPDATE monitor SET deleted_ms = $1 WHERE id = $2", [.int(now.ms), .int(old.id.raw)])
    try PlanQueries.replace(old.id, publicID: id, regions: [], intervalMs: 60_000, now: now, in: db)
    try db.run(
      "UPDATE monitor_state SET until_ms = $1 WHERE monitor_id = $2 AND until_ms IS NULL",
      [.int(now.ms), .int(old.id.raw)])
    try db.run("DELETE FROM service_monitor WHERE monitor_id = $1", [.int(old.id.raw)])
    try db.run("DELETE FROM monitor_tag WHERE monitor_id = $1", [.int(old.id.raw)])
    try DependencyQueries.forget(old.id, in: db)
    // Nobody asks for these any more: what it was is told by its states and results.
    try QuarantineQueries.lift(old.id, in: db)
    try db.run("DELETE FROM monitor_verdict WHERE monitor_id = $1", [.int(old.id.raw)])
    try Audit.record(
      "monitor.delete", subject: id.text, detail: ["name": .string(old.settings.name)], scope: scope, by: principal,
      in: db, world: world)
    db.announce(.monitorChanged(old.id))
    return true
  }

  private static func sealed(
    _ settings: MonitorSettings, _ scope: TenantScope, _ id: PublicID<MonitorTag>, _ sealer: Sealer
  ) -> Value {
    guard let secret = MonitorCodec.secret(settings) else { return .null }
    return .blob(sealer.seal(secret.bytes, at: MonitorRow.place(scope.organization, id.text)))
  }

  private static func writeParts(
    _ id: MonitorID, _ publicID: PublicID<MonitorTag>, _ settings: MonitorSettings, _ scope: TenantScope,
    _ now: Instant,
    in db: Connection
  ) throws {
    for tag in Set(settings.tags).sorted() {
      try db.run(
        "INSERT INTO monitor_tag (monitor_id, tag, organization_id) VALUES ($1, $2, $3)",
        [.int(id.raw), .text(tag), .int(scope.organization.raw)])
    }
    let regions = try settings.regions.map { name in
      guard let region = try RegionQueries.find(name, scope: scope, in: db) else { throw UnknownRegion(name: name) }
      return region
    }
    try DependencyQueries.replace(of: id, with: settings.dependsOn, scope: scope, in: db)
    try PlanQueries.replace(
      id, publicID: publicID, regions: settings.enabled ? regions : [], intervalMs: Int64(settings.intervalS) * 1000,
      now: now, in: db)
  }

  private static func changedFields(_ a: MonitorSettings, _ b: MonitorSettings) -> [String] {
    var out: [String] = []
    if a.name != b.name { out.append("name") }
    if a.url != b.url { out.append("url") }
    if a.intervalS != b.intervalS { out.append("interval_s") }
    if a.enabled != b.enabled { out.append("enabled") }
    if a.headers != b.headers { out.append("headers") }
    if a.body != b.body { out.append("body") }
    if Set(a.dependsOn) != Set(b.dependsOn) { out.append("depends_on") }
    let before = MonitorCodec.plain(a).members ?? []
    let after = MonitorCodec.plain(b)
    return out + before.filter { after[$0.name] != $0.value }.map(\.name)
  }
}
