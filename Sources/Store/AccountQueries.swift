import Domain
import SQLite

/// A person who can log in.
public struct AccountRow: Hashable, Sendable {
  public let key: AccountID
  public let id: PublicID<AccountTag>
  /// Lower case.
  public let email: String
  public let name: String
  /// A PHC string.
  public let passwordHash: String
  public let created: Instant
}

/// People, the election of the first one, and their password resets.
public enum AccountQueries {
  private static let columns = "id, public_id, email, name, password_hash, created_ms"

  private static func row(_ row: Row) -> AccountRow {
    AccountRow(
      key: AccountID(row.int(0)), id: PublicID(stored: row.text(1)), email: row.text(2), name: row.text(3),
      passwordHash: row.text(4), created: Instant(ms: row.int(5)))
  }

  public static func find(email: String, in db: Connection) throws -> AccountRow? {
    try db.first("SELECT \(columns) FROM account WHERE email = $1", [.text(email)], row)
  }

  public static func find(_ key: AccountID, in db: Connection) throws -> AccountRow? {
    try db.first("SELECT \(columns) FROM account WHERE id = $1", [.int(key.raw)], row)
  }

  /// Nil when the address is taken.
  public static func create(email: String, name: String, passwordHash: String, in db: Connection, world: World) throws
    -> AccountRow?
  {
    let id = world.newID(PublicID<AccountTag>.self)
    let now = world.now()
    let changed = try db.run(
      """
      INSERT INTO account (public_id, email, name, password_hash, created_ms, updated_ms)
      VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (email) DO NOTHING
      """, [.text(id.text), .text(email), .text(name), .text(passwordHash), .int(now.ms)])
    return changed == 0 ? nil : try find(email: email, in: db)
  }

  /// False when the address belongs to somebody else.
  public static func update(_ key: AccountID, name: String, email: String, in db: Connection, world: World) throws
    -> Bool
  {
    if let other = try find(email: email, in: db), other.key != key { return false }
    try db.run(
      "UPDATE account SET name = $1, email = $2, updated_ms = $3 WHERE id = $4",
      [.text(name), .text(email), .int(world.now().ms), .int(key.raw)])
    return true
  }

  public static func setPassword(_ key: AccountID, hash: String, in db: Connection, world: World) throws {
    try db.run(
      "UPDATE account SET password_hash = $1, updated_ms = $2 WHERE id = $3",
      [.text(hash), .int(world.now().ms), .int(key.raw)])
    try db.run(
      "UPDATE password_reset SET used_ms = $1 WHERE account_id = $2 AND used_ms IS NULL",
      [.int(world.now().ms), .int(key.raw)])
  }

  // MARK: The first account

  /// Whether nobody has taken the installation yet.
  public static func setupIsOpen(in db: Connection) throws -> Bool {
    try db.first("SELECT setup_closed_ms FROM installation WHERE id = 1", []) { $0.isNull(0) } ?? false
  }

  public static func setupMatches(tokenHash: [UInt8], in db: Connection) throws -> Bool {
    try db.first(
      "SELECT 1 FROM installation WHERE id = 1 AND setup_closed_ms IS NULL AND setup_token_hash = $1",
      [.blob(tokenHash)], { _ in true }) ?? false
  }

  public static func setSetupToken(hash: [UInt8], in db: Connection) throws {
    try db.run(
      "UPDATE installation SET setup_token_hash = $1 WHERE id = 1 AND setup_closed_ms IS NULL", [.blob(hash)])
  }

  /// Closes the setup for ever; true for exactly one caller, the one with the token.
  public static func closeSetup(tokenHash: [UInt8], in db: Connection, world: World) throws -> Bool {
    try db.run(
      """
      UPDATE installation SET setup_closed_ms = $1, setup_token_hash = NULL
      WHERE id = 1 AND setup_closed_ms IS NULL AND setup_token_hash = $2
      """, [.int(world.now().ms), .blob(tokenHash)]) == 1
  }

  // MARK: Password resets

  public static func addReset(
    _ account: AccountID, tokenHash: [UInt8], expires: Instant, in db: Connection, world: World
  ) throws {
    try db.run(
      "INSERT INTO password_reset (account_id, token_hash, created_ms, expires_ms) VALUES ($1, $2, $3, $4)",
      [.int(account.raw), .blob(tokenHash), .int(world.now().ms), .int(expires.ms)])
  }

  /// Whose unused, unexpired reset this is.
  public static func resetAccount(tokenHash: [UInt8], in db: Connection, world: World) throws -> AccountRow? {
    let key = try db.first(
      "SELECT account_id FROM password_reset WHERE token_hash = $1 AND used_ms IS NULL AND expires_ms > $2",
      [.blob(tokenHash), .int(world.now().ms)], { AccountID($0.int(0)) })
    return try key.flatMap { try find($0, in: db) }
  }

  /// Uses a reset up; true for exactly one caller.
  public static func useReset(tokenHash: [UInt8], in db: Connection, world: World) throws -> Bool {
    try db.run(
      "UPDATE password_reset SET used_ms = $1 WHERE token_hash = $2 AND used_ms IS NULL AND expires_ms > $1",
      [.int(world.now().ms), .blob(tokenHash)]) == 1
  }
}
