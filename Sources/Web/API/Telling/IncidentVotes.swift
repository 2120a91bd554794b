import Domain
import JSON
import SQLite
import Store

/// How the regions voted on an incident's monitor, from a little before it began to its end.
struct IncidentVotes: Sendable {
  struct Region: Sendable {
    var name: String
    var spans: [PastVoteSpan]
  }

  var monitor: PublicID<MonitorTag>
  var from: Instant
  var to: Instant
  var isByMinute: Bool
  /// By name.
  var regions: [Region]
  /// The quorum that made the incident; nil where none is found in what is stored.
  var quorum: Replay.Agreement?

  /// How much of the time before an incident is shown.
  private static let beforeMs = Instant.minuteMs...30 * Instant.minuteMs

  init?(
    _ incident: IncidentRow, _ monitor: MonitorRow, scope: TenantScope, now: Instant, in db: Connection
  ) throws {
    let end = incident.resolvedAt ?? now
    let intervalMs = Int64(monitor.settings.intervalS) * 1000
    let before = min(
      max((end - incident.startedAt) / 8, 3 * intervalMs, Self.beforeMs.lowerBound), Self.beforeMs.upperBound)
    guard incident.startedAt < end else { return nil }
    let votes = try VoteHistory(
      of: monitor.id, VerdictRules(monitor.settings), from: incident.startedAt - before, to: end, in: db)
    let names = Dictionary(
      try RegionQueries.list(scope: scope, in: db).map { ($0.key, $0.name) }, uniquingKeysWith: { first, _ in first })
    self.init(
      monitor: monitor.publicID, from: votes.from, to: votes.to, isByMinute: votes.isByMinute,
      regions: votes.regions.map { Region(name: names[$0.region] ?? "a region that is gone", spans: $0.spans) }
        .sorted { $0.name < $1.name },
      quorum: votes.agreements.first { $0.at >= incident.startedAt })
    guard regions.contains(where: { $0.spans.contains { $0.vote != .none } }) else { return nil }
  }

  private init(
    monitor: PublicID<MonitorTag>, from: Instant, to: Instant, isByMinute: Bool, regions: [Region],
    quorum: Replay.Agreement?
  ) {
    self.monitor = monitor
    self.from = from
    self.to = to
    self.isByMinute = isByMinute
    self.regions = regions
    self.quorum = quorum
  }

  static let spansMax = 500

  var json: JSON {
    [
      "monitor_id": JSON(monitor), "from": JSON(from), "to": JSON(to), "by_minute": .bool(isByMinute),
      "quorum": quorum.map {
        [
          "at": JSON($0.at), "down_since": JSON($0.since), "votes_down": JSON($0.downs), "votes": JSON($0.voters),
          "needed": JSON($0.needed),
        ]
      } ?? .null,
      "regions": .array(
        regions.map { region in
          [
            "region": .string(region.name),
            "spans": .array(
              region.spans.thinned(to: Self.spansMax).map {
                ["from": JSON($0.from), "to": JSON($0.to), "vote": .string($0.vote.rawValue)]
              }),
          ]
        }),
    ]
  }
}
