import Domain
import HTML
import HTTPServer
import Store

/// Where checks start from, and who works there.
enum RegionPages {
  static let routes: [PageRoute] = [.get("/regions", .session, show)]

  @Sendable private static func show(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let frame = try await FrameMaker.frame(request)
    let now = request.now
    let (rows, loads) = try await request.store.read { db in
      (
        try RegionQueries.list(scope: known.scope, in: db),
        try RegionQueries.loads(scope: known.scope, in: db)
      )
    }
    var regions: [RegionsPage.Region] = []
    var workers: [RegionsPage.Worker] = []
    for row in rows {
      let here = row.isPrivate ? [] : await request.context.workers(row.name)
      let healthy = here.count { $0.isHealthy }
      let load = loads[row.key]
      regions.append(
        RegionsPage.Region(
          name: row.name, city: nil, state: healthy > 0 ? .up : .unknown,
          note: healthy > 0 ? nil : "no worker answers; its checks are missed, and counted as that",
          checksPerSecond: load?.checksPerSecond ?? 0, healthyWorkers: healthy, workers: here.count,
          monitors: load?.monitors ?? 0))
      workers += here.map {
        RegionsPage.Worker(
          name: $0.id == "embedded" ? "this process" : $0.hostname.isEmpty ? $0.id : $0.hostname, region: row.name,
          state: $0.isHealthy ? .up : .unknown, version: $0.version, heardAgoMs: max(0, now - $0.seen))
      }
    }
    return .page(RegionsPage(frame: frame, regions: regions, workers: workers).render())
  }
}
