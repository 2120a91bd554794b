import Domain
import Engine
import HTML
import HTTPServer
import Store

/// API keys: made, shown once, revoked.
enum KeyPages {
  private static let rowsMax = 500

  static let routes: [PageRoute] = [
    .get("/settings/api-keys", .admin) { try await page($0, made: nil, form: ("", "read", ""), errors: [:]) },
    .post("/settings/api-keys", .admin, make),
    .post("/settings/api-keys/{id}/revoke", .admin) { request in
      let known = try request.person
      let id = try request.id(PublicID<APIKeyTag>.self)
      let gone = try await request.store.write { [world = request.context.world] db in
        try APIKeyQueries.delete(id, scope: known.scope, by: known.principal, in: db, world: world)
      }
      guard gone else { throw Problem.notFound }
      return .seeOther(Paths.apiKeys + "?done=revoked")
    },
  ]

  private static func page(
    _ request: PageRequest, made: (name: String, key: String)?, form: (name: String, scope: String, expiresAt: String),
    errors: FormErrors
  ) async throws -> Response {
    let known = try request.person
    let now = request.now
    let frame = try await FrameMaker.frame(request)
    let (rows, people) = try await request.store.read { db in
      (
        try APIKeyQueries.list(scope: known.scope, offset: 0, rows: rowsMax, in: db),
        try MemberQueries.list(scope: known.scope, offset: 0, rows: rowsMax, in: db)
      )
    }
    let names = Dictionary(people.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    let page = APIKeysPage(
      frame: frame,
      keys: rows.map { row in
        APIKeysPage.Key(
          id: row.id.text, name: row.name, prefix: "mk_\(row.keyID)…", scope: row.scope.rawValue,
          createdBy: names[row.createdBy].map { "by \($0)" } ?? "", createdAt: row.created.ms,
          lastUsedAt: row.used?.ms, expiresAt: row.expires?.ms, isExpired: row.expires.map { $0 <= now } ?? false)
      },
      made: made, form: form, errors: errors)
    return .page(page.render(), status: errors.isEmpty ? 200 : 422)
  }

  /// Answers with the key itself, as it is printed this once.
  @Sendable private static func make(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let fields = try request.form()
    let form = (name: fields.text("name"), scope: fields.text("scope"), expiresAt: fields.text("expires_at"))
    var errors: FormErrors = [:]
    if let problem = FormRules.name(form.name) { errors["name"] = problem }
    let scope = APIKeyScope(rawValue: form.scope)
    if scope == nil { errors["scope"] = "Choose what the key may do." }
    // A day ends with it.
    let expires = form.expiresAt.isEmpty ? nil : Instant(rfc3339: form.expiresAt + "T23:59:59Z")
    if !form.expiresAt.isEmpty, expires.map({ $0 <= request.now }) ?? true {
      errors["expires_at"] = "Give a day that is not over."
    }
    guard errors.isEmpty, let scope else { return try await page(request, made: nil, form: form, errors: errors) }
    do {
      let made = try await request.context.access.createKey(
        name: form.name, keyScope: scope, expires: expires, asked: try known.person, scope: known.scope,
        by: known.principal)
      return try await page(request, made: (made.row.name, made.key), form: ("", "read", ""), errors: [:])
    } catch let error as AccessError {
      return try await page(request, made: nil, form: form, errors: FormErrors(error))
    }
  }
}
