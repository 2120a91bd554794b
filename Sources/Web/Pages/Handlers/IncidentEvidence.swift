import Domain
import HTML
import JSON
import SQLite
import Store

/// Gathers what each region saw while an incident was open.
enum IncidentEvidence {
  private static let checksMax = 2000

  static func load(
    _ incident: IncidentRow, _ monitor: MonitorRow, scope: TenantScope, now: Instant, in db: Connection
  ) throws -> RegionEvidence? {
    let until = incident.resolvedAt ?? now
    let kept = try EvidenceLog.all(of: monitor.id, from: incident.startedAt, to: until, scope: scope, in: db)
    let names = Dictionary(
      try RegionQueries.list(scope: scope, in: db).map { ($0.key, $0.name) }, uniquingKeysWith: { first, _ in first })
    let workers = try WorkerQueries.names(
      of: kept.compactMap { $0.body["stand_in"]?.int.map { WorkerID($0) } }, in: db)
    let results = try ResultQueries.recent(
      monitor, from: incident.startedAt, before: until + 1, limit: checksMax, in: db)
    let byRegion = Dictionary(grouping: results, by: \.region)
    let regions = Set(byRegion.keys).union(kept.map(\.region)).map { region -> RegionEvidence.Region in
      let checks = byRegion[region] ?? []
      let runs = kept.filter { $0.region == region }.map { run($0, workers) }
      return RegionEvidence.Region(
        name: names[region] ?? "a region that is gone",
        vote: checks.first.map { State($0.status) } ?? (runs.isEmpty ? nil : .down), checks: checks.count,
        failed: checks.count { $0.status == .down }, first: runs.first, last: runs.count > 1 ? runs.last : nil)
    }
    guard !regions.isEmpty else { return nil }
    return RegionEvidence(
      from: incident.startedAt.ms, until: incident.resolvedAt?.ms,
      regions: regions.sorted { ($1.failed, $0.name) < ($0.failed, $1.name) },
      countedMax: results.count == checksMax ? checksMax : nil)
  }

  private static func run(_ kept: EvidenceLog.Kept, _ workers: [WorkerID: WorkerName]) -> RegionEvidence.Run {
    let body = kept.body
    var facts: [(label: String, value: String)] = []
    if let standIn = WorkerName.standIn(of: body, workers) { facts.append(("Seen by", standIn)) }
    if let phase = body["phase"]?.string { facts.append(("Phase", phase.replacingUnderscores)) }
    if let status = body["http_status"]?.int { facts.append(("Answer", "HTTP \(status)")) }
    if let address = body["address"]?.string { facts.append(("Address", address)) }
    if let total = body["total_us"]?.int { facts.append(("Took", took(total, body["phases_us"]))) }
    let hops = (body["hops"]?.array ?? []).map { hop -> String in
      let status = hop["status"]?.int.map { " answered \($0)" } ?? " did not answer"
      let address = hop["address"]?.string.map { " from \($0)" } ?? ""
      let total = hop["total_us"]?.int.map { " in \(Format.microseconds($0))" } ?? ""
      return (hop["url"]?.string ?? "") + status + address + total
    }
    let head = body["head"]?.string ?? ""
    let excerpt = body["excerpt"]?.string ?? ""
    return RegionEvidence.Run(
      at: kept.at.ms, reason: body["message"]?.string ?? "It failed.", facts: facts, hops: hops,
      chain: (body["chain"]?.array ?? []).compactMap(\.string),
      excerpt: head.isEmpty && excerpt.isEmpty ? nil : head + (head.isEmpty || excerpt.isEmpty ? "" : "\n") + excerpt)
  }

  /// `10.1 s: DNS 1.2 ms, connect 9.0 ms`
  private static func took(_ total: Int64, _ phases: JSON?) -> String {
    let words = [
      ("dns", "DNS"), ("connect", "connect"), ("tls", "TLS"), ("first_byte", "first byte"), ("transfer", "transfer"),
    ]
    let parts = words.compactMap { name, word in phases?[name]?.int.map { "\(word) \(Format.microseconds($0))" } }
    return Format.microseconds(total) + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
  }
}

extension VoteStrips {
  /// Pieces of a strip; more could not be told apart on the widest screen.
  private static let piecesMax = 120

  init(_ votes: IncidentVotes, of incident: IncidentRow) {
    self.init(
      from: votes.from.ms, to: votes.to.ms, startedAt: incident.startedAt.ms, isOver: incident.resolvedAt != nil,
      isByMinute: votes.isByMinute, isCut: votes.to < incident.resolvedAt ?? votes.to,
      regions: votes.regions.map { region in
        Region(
          name: region.name,
          spans: region.spans.thinned(to: Self.piecesMax).map {
            Span(from: $0.from.ms, to: $0.to.ms, vote: $0.vote)
          })
      }, quorum: votes.quorum.map { Quorum(at: $0.at.ms, downs: $0.downs, voters: $0.voters) })
  }
}
