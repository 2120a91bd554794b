import Domain
import SQLite
@_spi(Minting) import Store

extension Access {
  public struct NewKey: Sendable {
    public let row: APIKeyRow
    /// `mk_<keyid>_<secret>`, shown this once.
    public let key: String
  }

  /// Throws `AccessError` when the organization has its share of keys.
  public func createKey(
    name: String, keyScope: APIKeyScope, expires: Instant?, asked by: SignedIn, scope: TenantScope,
    by principal: Principal
  ) async throws -> NewKey {
    if let expires, expires <= world.now() { throw AccessError.invalid("expires_at", "must be in the future") }
    let keyID = Base32.encode(world.random(10))
    let secret = Token.make(world)
    let row = try await store.write { [world, configuration] db -> APIKeyRow in
      guard try APIKeyQueries.count(scope: scope, in: db) < configuration.apiKeysPerOrganizationMax else {
        throw AccessError.notAllowed(
          "An organization has at most \(configuration.apiKeysPerOrganizationMax) keys; delete one first.")
      }
      let made = try APIKeyQueries.create(
        keyID: keyID, secretHash: secret.hash, name: name, keyScope: keyScope, expires: expires, account: by.account,
        scope: scope, by: principal, in: db, world: world)
      guard let made else { throw AccessError.notFound }
      return made
    }
    return NewKey(row: row, key: "mk_\(keyID)_\(secret.text)")
  }

  func mint(_ key: APIKeyRow, _ client: Client) -> Principal {
    Principal(minting: .apiKey, publicID: key.id.text, name: key.name, address: client.address)
  }
}
