import Domain
import SQLite
import Store

extension Access {
  /// Changes the person's own name and address; another address needs the password. Throws `AccessError`.
  public func update(
    _ person: SignedIn, name: String, email: String, password: String?, scope: TenantScope, by principal: Principal
  ) async throws {
    guard let email = EmailAddress.normalized(email) else {
      throw AccessError.invalid("email", "must be an e-mail address")
    }
    if email != person.email {
      guard let password else { throw AccessError.invalid("password", "is required to change the address") }
      try await confirm(password, of: person, field: "password")
    }
    try await store.write { [world] db in
      guard try AccountQueries.update(person.account, name: name, email: email, in: db, world: world) else {
        throw AccessError.emailTaken
      }
      try Audit.record(
        "account.update", subject: person.accountID.text,
        detail: ["name": .bool(name != person.name), "email": .bool(email != person.email)], scope: scope,
        by: principal, in: db, world: world)
    }
  }

  /// A new password ends every other session of the person and their sockets. Throws `AccessError`.
  public func changePassword(
    of person: SignedIn, from old: String, to new: String, scope: TenantScope, by principal: Principal
  ) async throws {
    let before = try await confirm(old, of: person, field: "current_password")
    if let problem = PasswordRules.problem(new, about: [person.email, person.name, person.organizationName]) {
      throw AccessError.invalid("new_password", problem)
    }
    let hash = try await hash(new)
    try await store.write { [world] db in
      guard try AccountQueries.find(person.account, in: db)?.passwordHash == before else {
        throw AccessError.invalid("current_password", "was changed meanwhile")
      }
      try AccountQueries.setPassword(person.account, hash: hash, in: db, world: world)
      let ended = try SessionQueries.endAll(account: person.account, except: person.session, in: db)
      try Audit.record(
        "account.password_change", subject: person.accountID.text, detail: ["sessions_ended": .int(Int64(ended))],
        scope: scope, by: principal, in: db, world: world)
    }
  }

  /// Answers the hash that the password opened.
  @discardableResult
  private func confirm(_ password: String, of person: SignedIn, field: String) async throws -> String {
    try count(.loginTo(person.email))
    guard let account = try await store.read({ try AccountQueries.find(person.account, in: $0) }) else {
      throw AccessError.notFound
    }
    guard try await verify(password, against: account.passwordHash) else {
      throw AccessError.invalid(field, "is not your password")
    }
    giveBack(.loginTo(person.email))
    return account.passwordHash
  }

  /// Mails a link to set a new password, if the address is known; the answer and its time are the same if it is not.
  public func requestReset(email: String, client: Client) throws {
    guard let sendMail else { throw AccessError.mailNotConfigured }
    let email = EmailAddress.normalized(email) ?? email.lowercased()
    try count(.resetFrom(client.address), .resetOf(email))
    let token = Token.make(world)
    Task { [store, world, configuration, report] in
      do {
        let account = try await store.write { db -> AccountRow? in
          guard let account = try AccountQueries.find(email: email, in: db) else { return nil }
          try AccountQueries.addReset(
            account.key, tokenHash: token.hash, expires: world.now() + configuration.resetMs, in: db, world: world)
          return account
        }
        if let account {
          try await sendMail(.passwordReset(to: account.email, name: account.name, token: token.text))
        }
      } catch { report("password_reset.mail", error) }
    }
  }

  public func resetIsValid(_ token: String) async throws -> Bool {
    try await store.read { [world] in
      try AccountQueries.resetAccount(tokenHash: Token.hash(token), in: $0, world: world) != nil
    }
  }

  /// Sets a new password by a mailed link, once, and ends every session of the person. Throws `AccessError`.
  public func confirmReset(token: String, password: String, client: Client) async throws {
    try count(.resetFrom(client.address))
    let tokenHash = Token.hash(token)
    let found = try await store.read { [world] in
      try AccountQueries.resetAccount(tokenHash: tokenHash, in: $0, world: world)
    }
    guard let account = found else { throw AccessError.linkInvalid }
    if let problem = PasswordRules.problem(password, about: [account.email, account.name]) {
      throw AccessError.invalid("password", problem)
    }
    let hash = try await hash(password)
    try await store.write { [world] db in
      guard try AccountQueries.useReset(tokenHash: tokenHash, in: db, world: world) else {
        throw AccessError.linkInvalid
      }
      try AccountQueries.setPassword(account.key, hash: hash, in: db, world: world)
      let ended = try SessionQueries.endAll(account: account.key, except: nil, in: db)
      for membership in try OrganizationQueries.memberships(of: account.key, in: db) {
        try Audit.record(
          "account.password_reset", subject: account.id.text, detail: ["sessions_ended": .int(Int64(ended))],
          scope: Self.scope(membership.organization.key), by: Self.principal(account, client), in: db, world: world)
      }
    }
  }
}
