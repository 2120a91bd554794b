import Domain
import HTTPServer
import JSON
import Store

/// The audit log, newest first.
enum AuditAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    let (rows, total) = try await context.store.read { db in
      (
        try AuditQueries.list(scope: request.scope, offset: paging.offset, rows: paging.rows, in: db),
        try AuditQueries.count(scope: request.scope, in: db)
      )
    }
    return .list(rows.map(json), total: total, paging)
  }

  private static func json(_ row: AuditRow) -> JSON {
    [
      "id": JSON(row.id), "at": JSON(row.at), "action": .string(row.action),
      "actor": [
        "kind": .string(row.actorKind), "id": JSON(row.actorID), "name": .string(row.actorName),
        "address": JSON(row.address),
      ],
      "subject_id": JSON(row.subject), "detail": row.detail,
    ]
  }
}

/// Whether the process works, for those who watch it.
enum HealthAPI {
  static func show(_ context: WebContext) async throws -> Response {
    var parts = await context.health()
    do {
      try await context.store.read { try InstallationQueries.answers(in: $0) }
      parts.insert(("database", true), at: 0)
    } catch {
      context.report("health", error)
      parts.insert(("database", false), at: 0)
    }
    let failing = parts.filter { !$0.isWorking }.map(\.name)
    guard failing.isEmpty else { throw Problem.unavailable("Failing: \(failing.joined(separator: ", ")).") }
    return .json(["status": "ok", "parts": .object(parts.map { .init($0.name, "ok") })])
  }
}
