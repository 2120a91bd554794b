import Domain

/// Who asks with a session: the person, the session and the organization it is set to.
public struct SignedIn: Hashable, Sendable {
  public let account: AccountID
  public let accountID: PublicID<AccountTag>
  public let email: String
  public let name: String
  public let session: SessionID
  public let sessionID: PublicID<SessionTag>
  public let organizationID: PublicID<OrganizationTag>
  public let organizationName: String
  public let organizationSlug: String
  public let role: Role
}
