import Domain
import SQLite

public struct WorkerRow: Hashable, Sendable {
  public let key: WorkerID
  public let id: PublicID<WorkerTag>
  public let region: RegionID
  public let hostname: String
  public let version: String
  public let enrolled: Instant
  public let seen: Instant
}

/// Who looked, for those who read a result.
public struct WorkerName: Hashable, Sendable {
  public let id: PublicID<WorkerTag>
  public let hostname: String
  /// Of no region: it looked in place of one.
  public let isStandIn: Bool

  public var title: String { hostname.isEmpty ? id.text : hostname }
}

/// Workers of regions, kept by the hash of their token's secret.
public enum WorkerQueries {
  private static let columns = "w.id, w.public_id, w.region_id, w.hostname, w.version, w.enrolled_ms, w.seen_ms"

  private static func row(_ row: Row) -> WorkerRow {
    WorkerRow(
      key: WorkerID(row.int(0)), id: PublicID(stored: row.text(1)), region: RegionID(row.int(2)), hostname: row.text(3),
      version: row.text(4), enrolled: Instant(ms: row.int(5)), seen: Instant(ms: row.int(6)))
  }

  public static func create(
    region: RegionID, keyID: String, secretHash: [UInt8], hostname: String, version: String, address: String,
    in db: Connection, world: World
  ) throws -> PublicID<WorkerTag> {
    let id = world.newID(PublicID<WorkerTag>.self)
    try db.run(
      """
      INSERT INTO worker (public_id, region_id, key_id, secret_hash, hostname, version, address, enrolled_ms, seen_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
      """,
      [
        .text(id.text), .int(region.raw), .text(keyID), .blob(secretHash), .text(hostname), .text(version),
        .text(address), .int(world.now().ms),
      ])
    return id
  }

  /// How many workers count against the same bound as those of a region: of the installation's regions, or of the private
  /// regions of one organization and of all.
  public static func counts(
    beside region: RegionID, in db: Connection
  ) throws -> (isPrivate: Bool, ofOrganization: Int, ofAll: Int) {
    let owner = try db.first("SELECT organization_id FROM region WHERE id = $1", [.int(region.raw)]) { $0.intOrNil(0) }
    let private_ = (owner ?? nil) != nil
    let seen =
      try db.first(
        """
        SELECT coalesce(sum(CASE WHEN r.organization_id = $1 THEN 1 ELSE 0 END), 0), count(*)
        FROM worker w JOIN region r ON r.id = w.region_id
        WHERE w.revoked_ms IS NULL AND CASE WHEN r.organization_id IS NOT NULL THEN 1 ELSE 0 END = $2
        """, [(owner ?? nil).map { .int($0) } ?? .null, Value(private_)]
      ) { (Int($0.int(0)), Int($0.int(1))) } ?? (0, 0)
    return (private_, seen.0, seen.1)
  }

  /// What a presented token leads to; the caller compares the hashes. Nothing for a revoked one.
  public static func identity(keyID: String, in db: Connection) throws -> (
    row: WorkerRow, secretHash: [UInt8], nextSecretHash: [UInt8]?
  )? {
    try db.first(
      "SELECT \(columns), w.secret_hash, w.next_secret_hash FROM worker w WHERE w.key_id = $1 AND w.revoked_ms IS NULL",
      [.text(keyID)]
    ) { (row($0), $0.blob(7), $0.isNull(8) ? nil : $0.blob(8)) }
  }

  /// A second secret that counts beside the first, until it is used. False where `known` is not the first any more.
  public static func offerSecret(_ hash: [UInt8], known: [UInt8], worker: WorkerID, in db: Connection) throws -> Bool {
    try db.run(
      "UPDATE worker SET next_secret_hash = $1 WHERE id = $2 AND secret_hash = $3 AND revoked_ms IS NULL",
      [.blob(hash), .int(worker.raw), .blob(known)]) == 1
  }

  /// The second secret was used: it is the only one from here on. False where another took its place meanwhile.
  public static func takeUpSecret(_ hash: [UInt8], worker: WorkerID, in db: Connection) throws -> Bool {
    try db.run(
      """
      UPDATE worker SET secret_hash = next_secret_hash, next_secret_hash = NULL
      WHERE id = $1 AND next_secret_hash = $2 AND revoked_ms IS NULL
      """, [.int(worker.raw), .blob(hash)]) == 1
  }

  public static func touch(_ worker: WorkerID, address: String, at: Instant, in db: Connection) throws {
    try db.run(
      "UPDATE worker SET seen_ms = $1, address = $2 WHERE id = $3", [.int(at.ms), .text(address), .int(worker.raw)])
  }

  /// Of regions that the organization may see, by region and host.
  public static func list(scope: TenantScope, in db: Connection) throws -> [WorkerRow] {
    try db.rows(
      """
      SELECT \(columns) FROM worker w JOIN region r ON r.id = w.region_id
      WHERE w.revoked_ms IS NULL AND (r.organization_id IS NULL OR r.organization_id = $1)
      ORDER BY r.name, w.hostname, w.id
      """, [.int(scope.organization.raw)], row)
  }

  /// When a region had its first worker, which may be gone since.
  public static func firstEnrolled(in region: RegionID, in db: Connection) throws -> Instant? {
    try db.first("SELECT min(enrolled_ms) FROM worker WHERE region_id = $1", [.int(region.raw)]) {
      $0.intOrNil(0).map(Instant.init(ms:))
    } ?? nil
  }

  /// By key, for results.
  public static func names(of workers: some Sequence<WorkerID>, in db: Connection) throws -> [WorkerID: WorkerName] {
    var out: [WorkerID: WorkerName] = [:]
    for worker in Set(workers) where worker != .embedded {
      out[worker] = try db.first(
        """
        SELECT w.public_id, w.hostname, r.name FROM worker w JOIN region r ON r.id = w.region_id WHERE w.id = $1
        """, [.int(worker.raw)]
      ) {
        WorkerName(id: PublicID(stored: $0.text(0)), hostname: $0.text(1), isStandIn: $0.text(2) == StandIn.name)
      }
    }
    return out
  }

  /// Every worker of no region that there ever was.
  public static func standIns(in db: Connection) throws -> Set<WorkerID> {
    Set(
      try db.rows(
        "SELECT w.id FROM worker w JOIN region r ON r.id = w.region_id WHERE r.name = $1", [.text(StandIn.name)]
      ) { WorkerID($0.int(0)) })
  }

  /// Ends a worker's right to work. A private region's by its organization, a shared one's where the installation has one
  /// organization, which then is its operator. Nil when there is no such worker here.
  public static func revoke(
    _ id: PublicID<WorkerTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> WorkerID? {
    let found = try db.first(
      """
      SELECT w.id, w.hostname, r.name FROM worker w JOIN region r ON r.id = w.region_id
      WHERE w.public_id = $1 AND w.revoked_ms IS NULL AND (r.organization_id = $2
        OR r.organization_id IS NULL AND (SELECT count(*) FROM organization) = 1)
      """, [.text(id.text), .int(scope.organization.raw)]
    ) { (WorkerID($0.int(0)), $0.text(1), $0.text(2)) }
    guard let (key, hostname, region) = found else { return nil }
    try db.run("UPDATE worker SET revoked_ms = $1 WHERE id = $2", [.int(world.now().ms), .int(key.raw)])
    try Audit.record(
      "worker.revoke", subject: id.text, detail: ["hostname": .string(hostname), "region": .string(region)],
      scope: scope, by: principal, in: db, world: world)
    return key
  }
}
