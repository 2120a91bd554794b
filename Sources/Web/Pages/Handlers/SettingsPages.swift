import Domain
import Engine
import HTML
import HTTPServer
import JSON
import Store

/// The organization, the person's own account and sessions, and the audit log.
enum SettingsPages {
  static let rowsPerPage = 50

  static let routes: [PageRoute] =
    own + PeoplePages.routes + ChannelPages.routes + KeyPages.routes + RegionPages.routes

  private static let own: [PageRoute] = [
    .get("/settings", .session) { request in
      .seeOther(try request.person.authority.mayWrite ? Paths.organization : Paths.account)
    },
    .get("/settings/organization", .session) { try await organization($0, name: nil, errors: [:]) },
    .post("/settings/organization", .admin, rename),
    .get("/settings/account", .session) { try await account($0, typed: nil, errors: [:]) },
    .post("/settings/account", .session, changeAccount),
    .post("/settings/password", .session, changePassword),
    .get("/settings/sessions", .session, sessions),
    .post("/settings/sessions/end-others", .session) { request in
      let known = try request.person
      _ = try await request.context.access.endOtherSessions(
        of: try known.person, scope: known.scope, by: known.principal)
      return .seeOther(Paths.sessions + "?done=ended")
    },
    .post("/settings/sessions/{id}/end", .session) { request in
      let known = try request.person
      try await request.context.access.endSession(
        try request.id(), of: try known.person, scope: known.scope, by: known.principal)
      return .seeOther(Paths.sessions + "?done=ended")
    },
    .get("/settings/audit-log", .admin, auditLog),
  ]

  // MARK: Organization

  private static func organization(
    _ request: PageRequest, name: String?, errors: FormErrors
  ) async throws -> Response {
    let known = try request.person
    let found = try await request.store.read { try OrganizationQueries.find(scope: known.scope, in: $0) }
    guard let row = found else { throw Problem.notFound }
    let page = OrganizationPage(
      frame: try await FrameMaker.frame(request), name: name ?? row.name, slug: row.slug, createdAt: row.created.ms,
      errors: errors)
    return .page(page.render(), status: errors.isEmpty ? 200 : 422)
  }

  @Sendable private static func rename(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let name = try request.form().text("name")
    if let problem = FormRules.name(name) {
      return try await organization(request, name: name, errors: ["name": problem])
    }
    try await request.store.write { [world = request.context.world] db in
      try OrganizationQueries.rename(to: name, scope: known.scope, by: known.principal, in: db, world: world)
    }
    return .seeOther(Paths.organization + "?done=saved")
  }

  // MARK: Account

  private static func account(
    _ request: PageRequest, typed: (name: String, email: String)?, errors: FormErrors
  ) async throws -> Response {
    let person = try request.person.person
    let page = AccountPage(
      frame: try await FrameMaker.frame(request), name: typed?.name ?? person.name, email: typed?.email ?? person.email,
      savedEmail: person.email, role: person.role.rawValue, errors: errors)
    return .page(page.render(), status: errors.isEmpty ? 200 : 422)
  }

  @Sendable private static func changeAccount(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let form = try request.form()
    let typed = (name: form.text("name"), email: form.text("email"))
    if let problem = FormRules.name(typed.name) {
      return try await account(request, typed: typed, errors: ["name": problem])
    }
    let password = form.raw("password")
    do {
      try await request.context.access.update(
        try known.person, name: typed.name, email: typed.email, password: password.isEmpty ? nil : password,
        scope: known.scope, by: known.principal)
      return .seeOther(Paths.account + "?done=saved")
    } catch let error as AccessError {
      return try await account(request, typed: typed, errors: FormErrors(error))
    }
  }

  @Sendable private static func changePassword(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let form = try request.form()
    do {
      try await request.context.access.changePassword(
        of: try known.person, from: form.raw("current_password"), to: form.raw("new_password"), scope: known.scope,
        by: known.principal)
      return .seeOther(Paths.account + "?done=password")
    } catch let error as AccessError {
      return try await account(request, typed: nil, errors: FormErrors(error))
    }
  }

  @Sendable private static func sessions(_ request: PageRequest) async throws -> Response {
    let person = try request.person.person
    let rows = try await request.context.access.sessions(of: person)
    let page = SessionsPage(
      frame: try await FrameMaker.frame(request),
      sessions: rows.map {
        SessionsPage.Session(
          id: $0.id.text, device: UserAgent.device($0.userAgent), address: $0.address, signedInAt: $0.created.ms,
          seenAt: $0.seen.ms, isThis: $0.key == person.session)
      })
    return .page(page.render())
  }

  // MARK: Audit log

  @Sendable private static func auditLog(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let page = request.pageNumber
    let frame = try await FrameMaker.frame(request)
    let (rows, names, total) = try await request.store.read { db in
      let rows = try AuditQueries.list(
        scope: known.scope, offset: (page - 1) * rowsPerPage, rows: rowsPerPage, in: db)
      let names = try AuditQueries.names(of: Set(rows.compactMap(\.subject)), scope: known.scope, in: db)
      return (rows, names, try AuditQueries.count(scope: known.scope, in: db))
    }
    let html = AuditLogPage(
      frame: frame, rows: rows.map { auditRow($0, names) }, page: page, rowsPerPage: rowsPerPage, total: total)
    return .page(html.render())
  }

  private static func auditRow(_ row: AuditRow, _ names: [String: String]) -> AuditLogPage.Row {
    let details = row.detail.members ?? []
    // As it was called then, where the row says so, else as it is called now.
    let naming = ["name", "title", "user_agent"]
    let told = naming.lazy.compactMap { row.detail[$0]?.string }.first
    var target = told ?? row.subject.flatMap { names[$0] } ?? row.subject ?? ""
    // A session goes by its device, and one of which even that is gone by its person: who ends one ends their own.
    if row.subject?.hasPrefix(SessionTag.prefix + "_") == true {
      target = target == row.subject ? "session of \(row.actorName)" : UserAgent.device(target)
    }
    return AuditLogPage.Row(
      at: row.at.ms, actor: row.actorKind == Principal.Kind.apiKey.rawValue ? "key \(row.actorName)" : row.actorName,
      action: row.action, target: target,
      changes: details.filter { $0.value.string == nil || !naming.contains($0.name) && $0.value.string != target }.map {
        "\($0.name): \($0.value.string ?? $0.value.text)"
      }.joined(separator: ", "),
      address: row.address)
  }
}

/// What forms ask of a field, in words that stand beside it.
enum FormRules {
  static func name(_ text: String) -> String? {
    switch TextRule.problem(text, 1...Limits.nameCharactersMax, lines: false) {
    case nil: nil
    case _ where text.isEmpty || text.unicodeScalars.count > Limits.nameCharactersMax:
      "Give a name of at most \(Limits.nameCharactersMax) characters."
    case let problem?: sentence(problem)
    }
  }

  /// `must be an address` as it stands alone: `It must be an address.`
  static func sentence(_ detail: String) -> String {
    let opens = detail.prefix { $0 != " " }
    let isPredicate = ["is", "must", "takes", "was"].contains(opens)
    return (isPredicate ? "It " + detail : detail.capitalizedFirst).withoutFullStop + "."
  }
}

extension String {
  /// As it stands within a longer sentence.
  var withoutFullStop: String { last == "." ? String(dropLast()) : self }
}

extension PageRequest {
  /// `?page=`, from 1.
  var pageNumber: Int { max(1, min(1_000_000, query["page"].flatMap { Int($0) } ?? 1)) }
}

/// A browser in a few words: `Firefox on Linux`.
enum UserAgent {
  private static let programs = [
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ("curl/", "curl"),
  ]
  private static let systems = [
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
  ]

  static func device(_ header: String) -> String {
    let program = programs.first { header.contains($0.0) }?.1
    let system = systems.first { header.contains($0.0) }?.1
    switch (program, system) {
    case (let program?, let system?): return "\(program) on \(system)"
    case (let one?, nil), (nil, let one?): return one
    case (nil, nil): return header.isEmpty ? "Unknown device" : String(header.prefix(40))
    }
  }
}
