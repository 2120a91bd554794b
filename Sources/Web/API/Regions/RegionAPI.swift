import Domain
import HTTPServer
import JSON
import Store

/// Regions with their workers, and what lets workers in.
enum RegionAPI {
  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let regions = try await FleetBoard.regions(request, context, withSilence: true)
    return .json(["results": .array(regions.map(json))])
  }

  static func create(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let body = try request.body()
    let name = body.text("name", 1...63)
    try body.finish()
    let row = try await RegionDesk.create(name, request, context)
    return .json(
      json(RegionSight(row: row, state: .offline, workers: [], isOurs: true)), status: 201)
  }

  static func createToken(_ request: APIRequest, _ visit: Visit, _ context: WebContext) async throws -> Response {
    let id = try request.id(PublicID<RegionTag>.self)
    let body = try request.body()
    let uses = body.int("uses", Limits.regionTokenUses, or: 1)
    let seconds = body.int("expires_in_s", Limits.regionTokenS, or: 86_400)
    try body.finish()
    let (made, region, command) = try await RegionDesk.token(
      for: id, uses: uses, lastsMs: Int64(seconds) * 1000, request, visit, context)
    return .json(
      [
        "id": JSON(made.row.id), "region": .string(region.name), "token": .string(made.token),
        "command": .string(command), "uses_left": JSON(made.row.usesLeft), "created_at": JSON(made.row.created),
        "expires_at": JSON(made.row.expires),
      ], status: 201)
  }

  static func revokeWorker(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    guard try await RegionDesk.revoke(try request.id(), request, context) else { throw Problem.notFound }
    return .noContent
  }

  private static func json(_ region: RegionSight) -> JSON {
    [
      "id": JSON(region.row.id), "name": .string(region.row.name), "is_private": .bool(region.row.isPrivate),
      "is_stand_in": .bool(region.row.isStandIn),
      "healthy_workers": JSON(region.healthyWorkers), "state": .string(region.state.rawValue),
      "workers": .array(region.workers.map(json)),
      "unwell_7d": ["times": JSON(region.silence.times), "total_s": .int(region.silence.totalMs / 1000)],
    ]
  }

  private static func json(_ worker: WorkerSight) -> JSON {
    func number(_ value: KeyPath<WorkerReport, Int>) -> JSON { JSON(worker.report?[keyPath: value]) }
    return [
      "id": .string(worker.id), "hostname": .string(worker.hostname), "version": .string(worker.version),
      "state": .string(worker.state.rawValue), "seen_at": JSON(worker.seen), "clock_skew_ms": number(\.skewMs),
      "jobs_per_s": JSON(worker.jobsPerSecond), "in_flight": number(\.inFlight),
      "lateness_p99_ms": number(\.latenessP99Ms), "late_share": JSON(worker.lateShare),
      "loop_lag_p99_us": number(\.loopLagP99Us), "spool_bytes": number(\.spoolBytes), "spooled": number(\.spooled),
    ]
  }
}
