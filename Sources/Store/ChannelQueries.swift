import Domain
import JSON
import SQLite

/// A way to tell people, as stored. The settings stay sealed until they are needed.
public struct ChannelRow: Sendable {
  public let id: ChannelID
  public let publicID: PublicID<ChannelTag>
  public let organization: OrganizationID
  public let kind: String
  public let name: String
  public let sealedSettings: [UInt8]
  public let summary: String
  public let enabled: Bool
  /// Why it was switched off by itself.
  public let disabledReason: String?
  public let createdAt: Instant
  public let updatedAt: Instant

  static let columns =
    "id, public_id, organization_id, kind, name, settings_sealed, summary, enabled, disabled_reason, created_ms, updated_ms"

  init(_ row: Row, from column: Int = 0) {
    id = ChannelID(row.int(column))
    publicID = PublicID(stored: row.text(column + 1))
    organization = OrganizationID(row.int(column + 2))
    kind = row.text(column + 3)
    name = row.text(column + 4)
    sealedSettings = row.blob(column + 5)
    summary = row.text(column + 6)
    enabled = row.bool(column + 7)
    disabledReason = row.textOrNil(column + 8)
    createdAt = Instant(ms: row.int(column + 9))
    updatedAt = Instant(ms: row.int(column + 10))
  }

  /// The settings in clear. Throws when the key is not the one they were sealed with.
  public func settings(_ sealer: Sealer) throws -> JSON {
    try JSON(parsing: sealer.open(sealedSettings, at: Self.place(organization, publicID)))
  }

  static func place(_ organization: OrganizationID, _ id: PublicID<ChannelTag>) -> Sealer.Place {
    Sealer.Place(organization: organization, table: "channel", column: "settings_sealed", row: id.text)
  }
}

/// What a person says about a channel, checked.
public struct ChannelDraft: Sendable {
  public var kind: String
  public var name: String
  public var settings: JSON
  public var summary: String
  public var enabled: Bool

  public init(kind: String, name: String, settings: JSON, summary: String, enabled: Bool) {
    self.kind = kind
    self.name = name
    self.settings = settings
    self.summary = summary
    self.enabled = enabled
  }
}

public enum ChannelQueries {
  public static func list(scope: TenantScope, in db: Connection) throws -> [ChannelRow] {
    try db.rows(
      "SELECT \(ChannelRow.columns) FROM channel WHERE organization_id = $1 AND deleted_ms IS NULL ORDER BY name, id",
      [.int(scope.organization.raw)]
    ) { ChannelRow($0) }
  }

  public static func find(_ id: PublicID<ChannelTag>, scope: TenantScope, in db: Connection) throws -> ChannelRow? {
    try db.first(
      "SELECT \(ChannelRow.columns) FROM channel WHERE public_id = $1 AND organization_id = $2 AND deleted_ms IS NULL",
      [.text(id.text), .int(scope.organization.raw)]
    ) { ChannelRow($0) }
  }

  public static func create(
    _ draft: ChannelDraft, scope: TenantScope, by principal: Principal, in db: Connection, world: World, sealer: Sealer
  ) throws -> PublicID<ChannelTag> {
    let id = world.newID(PublicID<ChannelTag>.self)
    let now = world.now().ms
    try db.run(
      """
      INSERT INTO channel (public_id, organization_id, kind, name, settings_sealed, summary, enabled, created_ms, updated_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """,
      [
        .text(id.text), .int(scope.organization.raw), .text(draft.kind), .text(draft.name),
        .blob(sealer.seal(draft.settings.bytes, at: ChannelRow.place(scope.organization, id))), .text(draft.summary),
        Value(draft.enabled), .int(now), .int(now),
      ])
    try Audit.record(
      "channel.create", subject: id.text, detail: ["kind": .string(draft.kind), "name": .string(draft.name)],
      scope: scope, by: principal, in: db, world: world)
    return id
  }

  /// Answers whether there was such a channel. Saving one that had switched itself off forgets why.
  public static func update(
    _ id: PublicID<ChannelTag>, to draft: ChannelDraft, scope: TenantScope, by principal: Principal, in db: Connection,
    world: World, sealer: Sealer
  ) throws -> Bool {
    let changed = try db.run(
      """
      UPDATE channel SET name = $1, settings_sealed = $2, summary = $3, enabled = $4, disabled_reason = NULL,
        updated_ms = $5 WHERE public_id = $6 AND organization_id = $7 AND deleted_ms IS NULL
      """,
      [
        .text(draft.name), .blob(sealer.seal(draft.settings.bytes, at: ChannelRow.place(scope.organization, id))),
        .text(draft.summary), Value(draft.enabled), .int(world.now().ms), .text(id.text), .int(scope.organization.raw),
      ])
    guard changed == 1 else { return false }
    try Audit.record(
      "channel.update", subject: id.text, detail: ["name": .string(draft.name), "enabled": .bool(draft.enabled)],
      scope: scope, by: principal, in: db, world: world)
    return true
  }

  public static func delete(
    _ id: PublicID<ChannelTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World
  ) throws -> Bool {
    let changed = try db.run(
      """
      UPDATE channel SET deleted_ms = $1, enabled = 0
      WHERE public_id = $2 AND organization_id = $3 AND deleted_ms IS NULL
      """, [.int(world.now().ms), .text(id.text), .int(scope.organization.raw)])
    guard changed == 1 else { return false }
    try Audit.record("channel.delete", subject: id.text, scope: scope, by: principal, in: db, world: world)
    return true
  }

  /// The receiver asked for silence: nobody pressed a button, so the reason stands beside the switch.
  public static func switchOff(_ id: ChannelID, reason: String, in db: Connection, world: World) throws {
    try db.run(
      "UPDATE channel SET enabled = 0, disabled_reason = $1, updated_ms = $2 WHERE id = $3 AND enabled = 1",
      [.text(reason), .int(world.now().ms), .int(id.raw)])
  }
}
