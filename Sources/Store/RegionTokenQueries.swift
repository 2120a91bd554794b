import Domain
import JSON
import SQLite

public struct RegionTokenRow: Hashable, Sendable {
  public let id: PublicID<RegionTokenTag>
  public let region: RegionID
  public let usesLeft: Int
  public let created: Instant
  public let expires: Instant
}

/// Tokens that let workers into one region, so many times and so long.
public enum RegionTokenQueries {
  public static func create(
    region: RegionRow, keyID: String, secretHash: [UInt8], uses: Int, expires: Instant, scope: TenantScope,
    by principal: Principal, in db: Connection, world: World
  ) throws -> RegionTokenRow {
    let id = world.newID(PublicID<RegionTokenTag>.self)
    let now = world.now()
    try db.run(
      """
      INSERT INTO region_token (public_id, region_id, key_id, secret_hash, uses_left, created_ms, expires_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      [
        .text(id.text), .int(region.key.raw), .text(keyID), .blob(secretHash), Value(uses), .int(now.ms),
        .int(expires.ms),
      ])
    try Audit.record(
      "region_token.create", subject: id.text, detail: ["region": .string(region.name), "uses": JSON(uses)],
      scope: scope, by: principal, in: db, world: world)
    return RegionTokenRow(id: id, region: region.key, usesLeft: uses, created: now, expires: expires)
  }

  /// The region that a presented token leads to; the caller compares the hash.
  public static func identity(keyID: String, now: Instant, in db: Connection) throws -> (
    token: Int64, region: RegionID, regionName: String, secretHash: [UInt8]
  )? {
    try db.first(
      """
      SELECT t.id, t.region_id, r.name, t.secret_hash FROM region_token t JOIN region r ON r.id = t.region_id
      WHERE t.key_id = $1 AND t.deleted_ms IS NULL AND t.expires_ms > $2 AND t.uses_left > 0
      """, [.text(keyID), .int(now.ms)]
    ) { ($0.int(0), RegionID($0.int(1)), $0.text(2), $0.blob(3)) }
  }

  /// Takes one use; false when none is left.
  public static func use(_ token: Int64, in db: Connection) throws -> Bool {
    try db.run("UPDATE region_token SET uses_left = uses_left - 1 WHERE id = $1 AND uses_left > 0", [.int(token)]) == 1
  }
}
