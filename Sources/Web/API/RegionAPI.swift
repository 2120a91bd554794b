import Domain
import HTTPServer
import JSON
import Store

/// A worker as people see it.
public struct WorkerSight: Hashable, Sendable {
  public let id: String
  public let hostname: String
  public let version: String
  public let isHealthy: Bool
  public let seen: Instant

  public init(id: String, hostname: String, version: String, isHealthy: Bool, seen: Instant) {
    self.id = id
    self.hostname = hostname
    self.version = version
    self.isHealthy = isHealthy
    self.seen = seen
  }
}

/// Regions with their workers.
enum RegionAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let regions = try await context.store.read { try RegionQueries.list(scope: request.scope, in: $0) }
    var results: [JSON] = []
    for region in regions {
      let workers = region.isPrivate ? [] : await context.workers(region.name)
      let healthy = workers.count { $0.isHealthy }
      results.append([
        "id": JSON(region.id), "name": .string(region.name), "is_private": .bool(region.isPrivate),
        "healthy_workers": .int(Int64(healthy)), "state": healthy > 0 ? "healthy" : "offline",
        "workers": .array(
          workers.map {
            [
              "id": .string($0.id), "hostname": .string($0.hostname), "version": .string($0.version),
              "state": $0.isHealthy ? "healthy" : "offline", "seen_at": JSON($0.seen),
            ]
          }),
      ])
    }
    return .json(["results": .array(results)])
  }
}

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
