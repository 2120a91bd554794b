import Domain
import SQLite
import Store

extension Access {
  public struct NewAccount: Sendable {
    public var email: String
    public var password: String
    public var name: String

    public init(email: String, password: String, name: String) {
      self.email = email
      self.password = password
      self.name = name
    }
  }

  /// The token of the link that makes the first account; nil once there is one. A new start makes a new link.
  public func prepareSetup() async throws -> String? {
    let token = Token.make(world)
    return try await store.write { db in
      guard try AccountQueries.setupIsOpen(in: db) else { return nil }
      try AccountQueries.setSetupToken(hash: token.hash, in: db)
      return token.text
    }
  }

  public func setupIsOpen() async throws -> Bool {
    try await store.read { try AccountQueries.setupIsOpen(in: $0) }
  }

  public func setupAccepts(_ token: String) async throws -> Bool {
    try await store.read { try AccountQueries.setupMatches(tokenHash: Token.hash(token), in: $0) }
  }

  /// Makes a person, an organization, its owner and its first status page in one transaction, and logs in.
  /// Throws `AccessError`.
  public func signUp(_ new: NewAccount, organization: String, setupToken: String?, client: Client) async throws
    -> NewSession
  {
    let account = try Self.checked(new, also: [organization])
    try count(.signUpFrom(client.address))
    try await store.read { try self.admit(setupToken: setupToken, in: $0) }
    let hash = try await hash(account.password)
    let token = Token.make(world)
    return try await store.write { [world] db in
      if try AccountQueries.setupIsOpen(in: db) {
        guard try AccountQueries.closeSetup(tokenHash: Token.hash(setupToken ?? ""), in: db, world: world) else {
          throw AccessError.setupTokenWrong
        }
      } else {
        try self.admit(setupToken: setupToken, in: db)
      }
      let row = try Self.create(account, hash: hash, in: db, world: world)
      let slug = try Slug.free(organization) { try OrganizationQueries.slugIsTaken($0, in: db) }
      let made = try OrganizationQueries.create(name: organization, slug: slug, in: db, world: world)
      let scope = Self.scope(made.key)
      let principal = Self.principal(row, client)
      try Audit.record(
        "organization.create", subject: made.id.text, detail: ["slug": .string(slug)], scope: scope, by: principal,
        in: db, world: world)
      _ = try MemberQueries.add(row, role: .owner, scope: scope, by: principal, in: db, world: world)
      return try self.begin(row, scope: scope, token: token, client: client, in: db)
    }
  }

  private func admit(setupToken: String?, in db: Connection) throws {
    if try AccountQueries.setupIsOpen(in: db) {
      guard let setupToken, try AccountQueries.setupMatches(tokenHash: Token.hash(setupToken), in: db) else {
        throw AccessError.setupTokenWrong
      }
    } else if configuration.signUp != .open {
      throw AccessError.signUpClosed
    }
  }

  static func create(_ account: NewAccount, hash: String, in db: Connection, world: World) throws -> AccountRow {
    guard
      let row = try AccountQueries.create(
        email: account.email, name: account.name, passwordHash: hash, in: db, world: world)
    else { throw AccessError.emailTaken }
    return row
  }

  /// The account with its address in the stored form; throws all that is wrong with it.
  static func checked(_ account: NewAccount, also words: [String] = []) throws(AccessError) -> NewAccount {
    var account = account
    var wrong: [AccessError.Field] = []
    if let email = EmailAddress.normalized(account.email) {
      account.email = email
    } else {
      wrong.append(.init(name: "email", detail: "must be an e-mail address"))
    }
    if let problem = PasswordRules.problem(account.password, about: [account.email, account.name] + words) {
      wrong.append(.init(name: "password", detail: problem))
    }
    if !wrong.isEmpty { throw .invalid(wrong) }
    return account
  }
}
