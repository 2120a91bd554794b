import Domain
import HTML
import HTTPServer
import Store

/// Where checks start from, who works there, and how others join.
enum RegionPages {
  static let routes: [PageRoute] = [
    .get("/regions", .session) { try await page($0) },
    .post("/regions", .admin, add),
    .post("/regions/workers/{id}/revoke", .admin) { request in
      let gone = try await RegionDesk.revoke(try request.id(), try request.person, request.context)
      guard gone else { throw Problem.notFound }
      return .seeOther(Paths.regions + "?done=revoked-worker")
    },
  ]

  /// Adds a region and shows the command for its first worker at once, or for another worker of one that is there.
  @Sendable private static func add(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    if form.isOn("region") {
      guard let id = PublicID<RegionTag>(form.text("region")) else { throw Problem.notFound }
      return try await answer(request) { try await enrol(id, request) }
    }
    let name = form.text("name")
    return try await answer(request, name: name) {
      let row = try await RegionDesk.create(name, try request.person, request.context)
      return try await enrol(row.id, request)
    }
  }

  private static func enrol(_ id: PublicID<RegionTag>, _ request: PageRequest) async throws -> RegionsPage.Made {
    let (made, region, command) = try await RegionDesk.token(
      for: id, uses: 1, lastsMs: Instant.dayMs, try request.person, request.visit, request.context)
    return RegionsPage.Made(
      region: region.name, command: command, expiresAt: made.row.expires.ms, isPlain: isPlain(request.visit))
  }

  /// The page after what was done, or with what is wrong beside its field.
  private static func answer(
    _ request: PageRequest, name: String = "", _ body: () async throws -> RegionsPage.Made
  ) async throws -> Response {
    do { return try await page(request, made: try await body()) } catch let problem as Problem
      where [403, 409, 422].contains(problem.status)
    {
      let field = problem.code == "region_exists" || problem.status == 422 ? "name" : ""
      let sentence = problem.errors.first?.detail ?? problem.detail
      return try await page(request, name: name, errors: [field: sentence], status: problem.status == 403 ? 403 : 422)
    }
  }

  private static func isPlain(_ visit: Visit) -> Bool {
    guard !visit.isSecure else { return false }
    let host = visit.origin.drop { $0 != "/" }.drop { $0 == "/" }
    return !["localhost", "127.", "[::1]"].contains { host.hasPrefix($0) }
  }

  private static func page(
    _ request: PageRequest, made: RegionsPage.Made? = nil, name: String = "", errors: FormErrors = [:],
    status: Int = 200
  ) async throws -> Response {
    let known = try request.person
    let frame = try await FrameMaker.frame(request)
    let regions = try await FleetBoard.regions(known, request.context, withSilence: true)
    let loads = try await request.store.read { try RegionQueries.loads(scope: known.scope, in: $0) }
    let operates = try await request.store.read { try RegionQueries.operatesShared(in: $0) }
    var page = RegionsPage(
      frame: frame, regions: regions.map { RegionsPage.Region($0, load: loads[$0.row.key]) }, made: made, name: name,
      errors: errors, now: request.now.ms)
    page.mayAddStandIn = operates && !regions.contains(where: \.isStandIn)
    return .page(page.render(), status: status)
  }
}

extension RegionsPage.Region {
  init(_ region: RegionSight, load: RegionQueries.Load?) {
    self.init(
      id: region.row.id.text, name: region.row.name, health: region.state, unwellSince: region.row.unwellSince?.ms,
      takesWorkers: region.isOurs && !region.isLocal, isPrivate: region.row.isPrivate, isStandIn: region.isStandIn,
      monitors: load?.monitors ?? 0,
      checksPerSecond: load?.checksPerSecond ?? 0, silence: region.silence,
      workers: region.workers.map { worker in
        RegionsPage.Worker(
          id: worker.isEmbedded ? nil : worker.id,
          name: worker.isEmbedded ? "this process" : worker.hostname.isEmpty ? worker.id : worker.hostname,
          health: worker.state, version: worker.version, seen: worker.seen.ms, jobsPerSecond: worker.jobsPerSecond,
          latenessP99Ms: worker.report?.latenessP99Ms, lateShare: worker.lateShare,
          spoolBytes: worker.report?.spoolBytes, spooled: worker.report?.spooled, clockSkewMs: worker.report?.skewMs,
          isOurs: region.isOurs)
      })
  }
}
