import Domain
import SQLite
import Store

/// A worker as people see it.
struct WorkerSight: Sendable {
  /// `wrk_…`, or `embedded` for the control plane's own process.
  var id: String
  /// Empty for the control plane's own process.
  var hostname: String
  var version: String
  /// `offline` when it is not heard of.
  var state: RegionState
  var seen: Instant
  var jobsPerSecond: Double?
  /// What it said last of itself; nil while it is not heard of.
  var report: WorkerReport?

  var isEmbedded: Bool { id == FleetBoard.embeddedID }

  /// Attempts that began more than 10 ms late, from 0 to 1, since its start.
  var lateShare: Double? {
    guard let report, report.started > 0 else { return nil }
    return Double(report.startedLate) / Double(report.started)
  }
}

/// A region as people see it.
struct RegionSight: Sendable {
  var row: RegionRow
  var state: RegionState
  var workers: [WorkerSight]
  /// Whether the organization at hand lets workers in and sends them away.
  var isOurs: Bool
  var silence = Silence()

  /// How often and how long it had no voice in the last seven days.
  struct Silence: Hashable, Sendable {
    var times = 0
    var totalMs: Int64 = 0
  }

  /// Workers that can give it a voice.
  var healthyWorkers: Int { workers.count { $0.state == .healthy } }
  var isHealthy: Bool { state == .healthy }
  var isStandIn: Bool { row.isStandIn }
  var isLocal: Bool { row.name == "local" && !row.isPrivate }
}

/// What is known of regions and workers: the tables say who there is, the engine who is heard of.
enum FleetBoard {
  static let embeddedID = "embedded"
  private static let silenceMs = 7 * Instant.dayMs

  /// The regions that an organization may see, by name, with their workers; stand-ins last.
  static func regions(
    _ request: APIRequest, _ context: WebContext, withSilence: Bool = false
  ) async throws -> [RegionSight] {
    let sight = await context.fleetNow()
    return try await context.store.read { [version = context.settings.version] db in
      var all = try regions(sight, version: version, scope: request.scope, in: db)
      if withSilence { try addSilence(to: &all, at: sight.at, in: db) }
      return all
    }
  }

  private static func addSilence(to regions: inout [RegionSight], at now: Instant, in db: Connection) throws {
    // Nobody listened while the control plane itself did not run.
    let deaf = try EngineQueries.stopped(from: now - silenceMs, to: now, in: db)
    for i in regions.indices { regions[i].silence = try silence(of: regions[i], deaf: deaf, at: now, in: db) }
  }

  private static func silence(
    of region: RegionSight, deaf: [Range<Instant>], at now: Instant, in db: Connection
  ) throws -> RegionSight.Silence {
    let begun = region.isLocal ? Instant(ms: 0) : try WorkerQueries.firstEnrolled(in: region.row.key, in: db) ?? now
    let from = max(now - silenceMs, begun)
    guard from < now else { return .init() }
    // Until its first worker spoke it did not fall silent.
    let past = try RegionQueries.unwell(region.row.key, from: from, to: now, in: db).filter { $0.from > begun }
    var out = RegionSight.Silence()
    for (i, one) in past.enumerated() {
      // One kind of trouble may follow on another.
      if i == 0 || past[i - 1].to < one.from { out.times += 1 }
      out.totalMs += one.to - one.from
      for gap in deaf.within(one.from..<one.to) { out.totalMs -= gap.upperBound - gap.lowerBound }
    }
    return out
  }

  /// By name, as a monitor finds them: the organization's own region before one of the installation.
  static func healthyWorkers(_ request: PageRequest) async throws -> [String: Int] {
    var out: [String: Int] = [:]
    for region in try await regions(try request.person, request.context)
    where out[region.row.name] == nil || region.row.isPrivate {
      out[region.row.name] = region.isHealthy ? region.healthyWorkers : 0
    }
    return out
  }

  static func regions(
    _ sight: FleetSight, version: String, scope: TenantScope, in db: Connection
  ) throws -> [RegionSight] {
    let operates = try RegionQueries.operatesShared(in: db)
    let enrolled = Dictionary(grouping: try WorkerQueries.list(scope: scope, in: db), by: \.region)
    let rows = try RegionQueries.list(scope: scope, in: db)
    return (rows.filter { !$0.isStandIn } + rows.filter(\.isStandIn)).map { row in
      var workers = (enrolled[row.key] ?? []).map { worker in
        let member = sight.members[worker.key]
        return WorkerSight(
          id: worker.id.text, hostname: worker.hostname, version: worker.version, state: member?.state ?? .offline,
          seen: max(member?.seen ?? worker.seen, worker.seen),
          jobsPerSecond: member.flatMap { $0.pace.perSecond(at: sight.at) }, report: member?.report)
      }
      if let own = sight.members[.embedded], own.region == row.key {
        workers.insert(
          WorkerSight(
            id: embeddedID, hostname: "", version: version, state: own.state, seen: own.seen,
            jobsPerSecond: own.pace.perSecond(at: sight.at), report: own.report), at: 0)
      }
      // Nothing is concluded yet of a region that was just made, nor of others right after the start.
      let state = sight.states[row.key] ?? (workers.isEmpty ? .offline : .healthy)
      return RegionSight(row: row, state: state, workers: workers, isOurs: row.isPrivate || operates)
    }
  }
}
