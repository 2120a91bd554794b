import Domain

/// Proof that the caller may see one organization. Every tenant query takes one; only authentication and the engine mint it.
public struct TenantScope: Hashable, Sendable {
  public let organization: OrganizationID

  /// For `Engine/Access` and the engine's own loops; TidyTests hold everybody else off.
  @_spi(Minting) public init(minting organization: OrganizationID) { self.organization = organization }
}

/// On whose behalf a write happens; each such write leaves one audit row in its own transaction.
public struct Principal: Hashable, Sendable {
  public enum Kind: String, Sendable { case account, apiKey = "api_key", system }

  public let kind: Kind
  public let publicID: String?
  public let name: String
  public let address: String?

  @_spi(Minting) public init(minting kind: Kind, publicID: String?, name: String, address: String?) {
    self.kind = kind
    self.publicID = publicID
    self.name = name
    self.address = address
  }
}
