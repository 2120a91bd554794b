import Domain
import SQLite
import Store

extension Access {
  // MARK: Members

  /// An owner may do anything but leave the organization without one; an admin does not touch owners.
  public func setRole(
    _ role: Role, of id: PublicID<AccountTag>, asked by: SignedIn, scope: TenantScope, by principal: Principal
  ) async throws -> MemberRow {
    try await store.write { [world] db in
      let member = try Self.member(id, mayBeChangedBy: by, scope: scope, in: db)
      if role == .owner, by.role != .owner { throw AccessError.notAllowed("Only an owner makes owners.") }
      if member.role == .owner, role != .owner { try Self.keepAnOwner(scope, in: db) }
      if member.role != role {
        try MemberQueries.setRole(role, of: member, scope: scope, by: principal, in: db, world: world)
      }
      guard let changed = try MemberQueries.find(id, scope: scope, in: db) else { throw AccessError.notFound }
      return changed
    }
  }

  public func removeMember(
    _ id: PublicID<AccountTag>, asked by: SignedIn, scope: TenantScope, by principal: Principal
  ) async throws {
    try await store.write { [world] db in
      let member = try Self.member(id, mayBeChangedBy: by, scope: scope, in: db)
      if member.role == .owner { try Self.keepAnOwner(scope, in: db) }
      try MemberQueries.remove(member, scope: scope, by: principal, in: db, world: world)
    }
  }

  /// Anybody may go, but the last owner. Ends the sessions that the person has here.
  public func leave(_ person: SignedIn, scope: TenantScope, by principal: Principal) async throws {
    try await store.write { [world] db in
      guard let member = try MemberQueries.find(person.accountID, scope: scope, in: db) else {
        throw AccessError.notFound
      }
      if member.role == .owner { try Self.keepAnOwner(scope, in: db) }
      try MemberQueries.remove(member, isLeaving: true, scope: scope, by: principal, in: db, world: world)
    }
  }

  private static func member(
    _ id: PublicID<AccountTag>, mayBeChangedBy person: SignedIn, scope: TenantScope, in db: Connection
  ) throws -> MemberRow {
    guard let member = try MemberQueries.find(id, scope: scope, in: db) else { throw AccessError.notFound }
    // The role is read again: the request's own may be a moment old.
    let asking = try MemberQueries.find(person.accountID, scope: scope, in: db)?.role
    guard let asking, asking.mayWrite, member.role != .owner || asking == .owner else {
      throw AccessError.notAllowed("Only an owner changes owners.")
    }
    return member
  }

  private static func keepAnOwner(_ scope: TenantScope, in db: Connection) throws {
    guard try MemberQueries.ownerCount(scope: scope, in: db) > 1 else { throw AccessError.lastOwner }
  }

  // MARK: Invitations

  public struct NewInvitation: Sendable {
    public let row: InvitationRow
    /// Leaves the process once; the link to copy is built around it.
    public let token: String
    public let mailed: Bool
  }

  public func invite(
    email: String, role: Role, asked by: SignedIn, scope: TenantScope, by principal: Principal
  ) async throws -> NewInvitation {
    guard let email = EmailAddress.normalized(email) else {
      throw AccessError.invalid("email", "must be an e-mail address")
    }
    if role == .owner, by.role != .owner { throw AccessError.notAllowed("Only an owner invites owners.") }
    let token = Token.make(world)
    let row = try await store.write { [world, configuration] db -> InvitationRow in
      if let account = try AccountQueries.find(email: email, in: db),
        try MemberQueries.find(account.id, scope: scope, in: db) != nil
      {
        throw AccessError.alreadyMember
      }
      let made = try InvitationQueries.create(
        email: email, role: role, tokenHash: token.hash, expires: world.now() + configuration.invitationMs,
        account: by.account, scope: scope, by: principal, in: db, world: world)
      guard let made else { throw AccessError.notFound }
      return made
    }
    var mailed = false
    if let sendMail {
      do {
        try await sendMail(
          .invitation(to: email, organization: row.organizationName, invitedBy: row.invitedBy, token: token.text))
        mailed = true
      } catch { report("invitation.mail", error) }
    }
    return NewInvitation(row: row, token: token.text, mailed: mailed)
  }

  /// What an invitation's link leads to; nil when it is used, revoked or expired.
  public func invitation(_ token: String) async throws -> (row: InvitationRow, hasAccount: Bool)? {
    try await store.read { [world] db in
      guard let row = try InvitationQueries.find(tokenHash: Token.hash(token), in: db, now: world.now()) else {
        return nil
      }
      return (row, try AccountQueries.find(email: row.email, in: db) != nil)
    }
  }

  /// Joins as a new person: the address is the invitation's. Throws `AccessError`.
  public func acceptInvitation(_ token: String, name: String, password: String, client: Client) async throws
    -> NewSession
  {
    try count(.signUpFrom(client.address))
    guard let (invitation, hasAccount) = try await invitation(token) else { throw AccessError.linkInvalid }
    guard !hasAccount else { throw AccessError.logInFirst }
    let account = try Self.checked(
      NewAccount(email: invitation.email, password: password, name: name), also: [invitation.organizationName])
    let hash = try await hash(password)
    let session = Token.make(world)
    return try await store.write { [world] db in
      let row = try Self.create(account, hash: hash, in: db, world: world)
      let scope = try Self.join(row, by: invitation, client: client, in: db, world: world)
      return try self.begin(row, scope: scope, token: session, client: client, in: db)
    }
  }

  /// Joins as the person who is logged in; their session moves to the organization under a new token.
  public func acceptInvitation(_ token: String, as person: SignedIn, client: Client) async throws -> NewSession {
    guard let (invitation, _) = try await invitation(token) else { throw AccessError.linkInvalid }
    guard invitation.email == person.email else { throw AccessError.invitationForAnother }
    let organization = try await store.write { [world] db -> PublicID<OrganizationTag> in
      guard let row = try AccountQueries.find(person.account, in: db) else { throw AccessError.notFound }
      let scope = try Self.join(row, by: invitation, client: client, in: db, world: world)
      guard let organization = try OrganizationQueries.find(scope: scope, in: db) else { throw AccessError.notFound }
      return organization.id
    }
    return try await switchOrganization(of: person, to: organization, client: client)
  }

  private static func join(
    _ account: AccountRow, by invitation: InvitationRow, client: Client, in db: Connection, world: World
  ) throws -> TenantScope {
    guard try InvitationQueries.accept(invitation.id, in: db, now: world.now()) else { throw AccessError.linkInvalid }
    let scope = scope(invitation.organization)
    guard
      try MemberQueries.add(
        account, role: invitation.role, scope: scope, by: principal(account, client), in: db, world: world)
    else { throw AccessError.alreadyMember }
    return scope
  }
}
