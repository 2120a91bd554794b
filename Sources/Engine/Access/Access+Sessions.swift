import Domain
import SQLite
import Sodium
import Store

extension Access {
  /// A hash that no password opens, at the standard cost: an unknown address takes as long as a wrong password.
  static let nobodysHash =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

  /// That the stand-in has not fallen behind the cost of real hashes.
  static var nobodysHashIsStandard: Bool { !Password.needsRehash(nobodysHash, cost: .standard) }

  /// Begins a session in the first organization that the person joined. Throws `AccessError`.
  public func logIn(email: String, password: String, client: Client) async throws -> NewSession {
    let email = EmailAddress.normalized(email) ?? email.lowercased()
    try count(.loginFrom(client.address), .loginTo(email))
    let account = try await store.read { try AccountQueries.find(email: email, in: $0) }
    let fits = password.unicodeScalars.count <= PasswordRules.charactersMax
    let isRight = try await verify(fits ? password : "", against: account?.passwordHash ?? Self.nobodysHash)
    guard let account, isRight, fits else { throw AccessError.credentialsWrong }
    giveBack(.loginTo(email))
    giveBack(.loginFrom(client.address))
    let fresh =
      Password.needsRehash(account.passwordHash, cost: configuration.passwordCost) ? try await hash(password) : nil
    let token = Token.make(world)
    return try await store.write { [world] db in
      // The password may have changed while this one was verified.
      guard let now = try AccountQueries.find(account.key, in: db), now.passwordHash == account.passwordHash else {
        throw AccessError.credentialsWrong
      }
      guard let membership = try OrganizationQueries.memberships(of: account.key, in: db).first else {
        throw AccessError.noOrganization
      }
      if let fresh { try AccountQueries.setPassword(account.key, hash: fresh, in: db, world: world) }
      return try self.begin(
        account, scope: Self.scope(membership.organization.key), token: token, client: client, in: db)
    }
  }

  /// Writes the session's row and its audit row; answers who that is.
  func begin(_ account: AccountRow, scope: TenantScope, token: Token, client: Client, in db: Connection) throws
    -> NewSession
  {
    let expires = world.now() + configuration.sessionMs
    try SessionQueries.create(
      account: account.key, scope: scope, tokenHash: token.hash, userAgent: client.userAgent, address: client.address,
      expires: expires, max: configuration.sessionsPerAccountMax, in: db, world: world)
    guard let identity = try identity(token.hash, in: db) else { throw AccessError.noOrganization }
    try Audit.record(
      "session.begin", subject: identity.session.id.text, detail: ["user_agent": .string(client.userAgent)],
      scope: scope, by: Self.principal(account, client), in: db, world: world)
    return NewSession(token: token.text, expires: expires, person: Self.person(identity))
  }

  private func identity(_ hash: [UInt8], in db: Connection) throws -> SessionIdentity? {
    try SessionQueries.identity(tokenHash: hash, idleMs: configuration.sessionIdleMs, in: db, now: world.now())
  }

  static func person(_ identity: SessionIdentity) -> SignedIn {
    SignedIn(
      account: identity.account.key, accountID: identity.account.id, email: identity.account.email,
      name: identity.account.name, session: identity.session.key, sessionID: identity.session.id,
      organizationID: identity.organization.id, organizationName: identity.organization.name,
      organizationSlug: identity.organization.slug, role: identity.role)
  }

  /// What a session's token or an API key opens.
  public struct Identity: Sendable {
    public let scope: TenantScope
    public let principal: Principal
    public let kind: Kind

    public enum Kind: Sendable {
      case session(SignedIn)
      case key(APIKeyRow)
    }
  }

  /// Nil for a token that is unknown, expired, idle for too long or ended.
  public func identify(session token: String, client: Client) async throws -> Identity? {
    guard token.utf8.count == 52 else { return nil }
    let hash = Token.hash(token)
    guard let found = try await store.read({ try self.identity(hash, in: $0) }) else { return nil }
    let now = world.now()
    if now - found.session.seen >= Instant.minuteMs {
      await note("session.seen") { try SessionQueries.touch(found.session.key, in: $0, now: now) }
    }
    return Identity(
      scope: Self.scope(found.organization.key), principal: Self.principal(found.account, client),
      kind: .session(Self.person(found)))
  }

  /// Nil for a key that is malformed, unknown, expired or deleted. `key` is `mk_<keyid>_<secret>`.
  public func identify(key: String, client: Client) async throws -> Identity? {
    let parts = key.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, parts[0] == "mk", parts[1].utf8.count == 16, parts[2].utf8.count == 52 else { return nil }
    let now = world.now()
    guard let found = try await store.read({ try APIKeyQueries.identity(keyID: parts[1], in: $0, now: now) }),
      Sodium.equal(found.secretHash, Token.hash(parts[2]))
    else { return nil }
    if now - (found.row.used ?? Instant(ms: 0)) >= Instant.minuteMs {
      await note("api_key.used") { try APIKeyQueries.touch(found.row.key, in: $0, now: now) }
    }
    return Identity(
      scope: Self.scope(found.organization),
      principal: mint(found.row, client), kind: .key(found.row))
  }

  /// Writes when something was last used. Reads go on without it: a full disk must not lock people out; it is reported.
  private func note(_ event: String, _ body: @escaping @Sendable (Connection) throws -> Void) async {
    do { try await store.write(body) } catch { report(event, error) }
  }

  public func logOut(_ person: SignedIn, scope: TenantScope, by principal: Principal) async throws {
    try await store.write { [world] db in
      let userAgent = try SessionQueries.end(person.sessionID, account: person.account, in: db)
      try Audit.record(
        "session.end", subject: person.sessionID.text, detail: ["user_agent": .string(userAgent ?? "")], scope: scope,
        by: principal, in: db, world: world)
    }
  }

  public func sessions(of person: SignedIn) async throws -> [SessionRow] {
    try await store.read { [world, configuration] db in
      try SessionQueries.list(account: person.account, idleMs: configuration.sessionIdleMs, in: db, now: world.now())
    }
  }

  /// Throws `notFound` for a session that is not the person's.
  public func endSession(_ id: PublicID<SessionTag>, of person: SignedIn, scope: TenantScope, by principal: Principal)
    async throws
  {
    try await store.write { [world] db in
      guard let userAgent = try SessionQueries.end(id, account: person.account, in: db) else {
        throw AccessError.notFound
      }
      try Audit.record(
        "session.end", subject: id.text, detail: ["user_agent": .string(userAgent)], scope: scope, by: principal,
        in: db, world: world)
    }
  }

  /// Ends all but this one; answers how many.
  @discardableResult
  public func endOtherSessions(of person: SignedIn, scope: TenantScope, by principal: Principal) async throws -> Int {
    try await store.write { [world] db in
      let ended = try SessionQueries.endAll(account: person.account, except: person.session, in: db)
      try Audit.record(
        "session.end_others", subject: person.accountID.text, detail: ["ended": .int(Int64(ended))], scope: scope,
        by: principal, in: db, world: world)
      return ended
    }
  }

  /// Sets the session to another of the person's organizations under a new token; the old token is dead.
  public func switchOrganization(of person: SignedIn, to id: PublicID<OrganizationTag>, client: Client) async throws
    -> NewSession
  {
    let token = Token.make(world)
    return try await store.write { [world] db in
      let memberships = try OrganizationQueries.memberships(of: person.account, in: db)
      guard let target = memberships.first(where: { $0.organization.id == id }) else { throw AccessError.notFound }
      let scope = Self.scope(target.organization.key)
      guard
        try SessionQueries.rotate(person.session, tokenHash: token.hash, scope: scope, in: db, now: world.now()),
        let identity = try self.identity(token.hash, in: db)
      else { throw AccessError.notFound }
      db.announce(.sessionsEnded(person.account))
      try Audit.record(
        "session.switch", subject: identity.session.id.text, scope: scope, by: Self.principal(identity.account, client),
        in: db, world: world)
      return NewSession(token: token.text, expires: identity.session.expires, person: Self.person(identity))
    }
  }
}
