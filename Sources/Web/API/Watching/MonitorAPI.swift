import Domain
import Engine
import HTTPServer
import JSON
import Store

/// Monitors: what a person set, and how they stand.
enum MonitorAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let paging = try request.paging()
    var filter = MonitorFilter()
    filter.text = try request.query.text("q") ?? ""
    filter.status = try request.query.choice("status", MonitorStatus.self)
    filter.tag = try request.query.text("tag", max: Limits.tagCharactersMax)
    filter.sort = try request.query.choice("sort", or: MonitorFilter.Sort.state)
    filter.page = paging.page
    filter.rows = paging.rows
    let now = context.world.now()
    let found = try await context.store.read { [filter, sealer = context.store.sealer] db in
      try MonitorQueries.list(filter, scope: request.scope, in: db, sealer: sealer, now: now)
    }
    return .list(found.rows.map { json($0, request.authority) }, total: found.total, paging)
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let settings = try settings(request, over: nil)
    let row = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      let id = try refusing {
        try MonitorQueries.create(
          settings, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
      }
      return try MonitorQueries.find(id, scope: request.scope, in: db, sealer: sealer)
    }
    guard let row else { throw Problem.notFound }
    return .json(json(row, request.authority), status: 201)
  }

  static func show(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    .json(json(try await find(request, context), request.authority))
  }

  static func update(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let old = try await find(request, context)
    let settings = try settings(request, over: old.settings)
    let row = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      try refusing {
        try MonitorQueries.update(
          old.publicID, to: settings, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
      }
    }
    guard let row else { throw Problem.notFound }
    return .json(json(row, request.authority))
  }

  static func delete(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<MonitorTag>.self)
    let deleted = try await context.store.write { [world = context.world, sealer = context.store.sealer] db in
      try IncidentFlow.deleteMonitor(
        id, scope: request.scope, by: request.principal, in: db, world: world, sealer: sealer)
    }
    guard deleted else { throw Problem.notFound }
    return .noContent
  }

  /// Runs it now in every region; the runs' results appear under these ids.
  static func check(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let monitor = try await find(request, context)
    try request.body().finish()
    guard monitor.settings.enabled else {
      throw Problem.conflict("paused", "The monitor is paused; enable it first.")
    }
    let runs = try await context.checkNow(monitor.id)
    return .json(["run_ids": .array(runs.map(JSON.string))], status: 202)
  }

  static func find(_ request: APIRequest, _ context: WebContext) async throws -> StoredMonitor {
    let id = try request.id(PublicID<MonitorTag>.self)
    let found = try await context.store.read { [sealer = context.store.sealer] db in
      try MonitorQueries.find(id, scope: request.scope, in: db, sealer: sealer)
    }
    guard let found else { throw Problem.notFound }
    return found
  }

  private static func settings(_ request: APIRequest, over base: MonitorSettings?) throws(Problem) -> MonitorSettings {
    let body = try request.body()
    let settings = MonitorReader.settings(body, over: base)
    try body.finish()
    let problems = MonitorRules.problems(settings)
    if !problems.isEmpty { throw .invalid(problems.map { Problem.Detail($0.pointer, $0.detail) }) }
    return settings
  }

  /// What the store refuses in the words of the API.
  private static func refusing<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as UnknownRegion {
      throw Problem.invalid("/regions", "there is no region \(error.name)")
    } catch let refusal as DependencyRefusal {
      throw Problem.invalid("/depends_on/\(refusal.index)", refusal.sentence)
    } catch is TooManyMonitors {
      throw Problem.conflict("too_many_monitors", "The organization has as many monitors as it may have.")
    }
  }

  static func json(_ row: StoredMonitor, _ authority: Authority) -> JSON {
    var settings = row.settings
    if !authority.mayWrite { settings.maskSecrets() }
    return .object(
      [.init("id", JSON(row.publicID))] + settings.members + [
        .init("status", .string(row.status.rawValue)), .init("status_since", JSON(row.statusSince)),
        .init("recovering", .bool(row.recovering)), .init("flapping", .bool(row.flapping)),
        .init("created_at", JSON(row.createdAt)),
        .init("updated_at", JSON(row.updatedAt)),
      ])
  }
}

extension MonitorSettings {
  /// For those who only read: values of headers that usually carry a credential, and the body.
  mutating func maskSecrets() {
    let words = ["auth", "cookie", "token", "key", "secret", "password", "session", "signature"]
    for index in headers.indices {
      let name = headers[index].name.lowercased()
      if words.contains(where: name.contains) { headers[index].value = "***" }
    }
    if body != nil { body = "***" }
  }
}
