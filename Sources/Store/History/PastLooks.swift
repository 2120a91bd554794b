import Domain
import SQLite

/// Attempts of the past, wherever they stand, for a replay.
public enum PastLooks {
  /// Monitors that are asked about a region's network, each of another target.
  private static let targetsMax = 100

  /// Every attempt of a monitor in one hour, all regions. A failure that an overloaded worker may have made itself, by
  /// being late, tells nothing. `standIns` are the workers of no region.
  public static func hour(
    _ hour: Int64, of monitor: MonitorID, standIns: Set<WorkerID>, in db: Connection
  ) throws -> [PastLook] {
    let logged = try HistoryQueries.logged(monitor, hours: hour...hour, in: db)
    return try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db)
      .flatMap { region, chunk in
        chunk.entries.compactMap { entry -> PastLook? in
          var look = PastLook(entry, region: region)
          if look.mayBeRegions, entry.loopLagUs > Int64(Limits.loopLagOverloadedUs) { return nil }
          look.isStandIn = standIns.contains(WorkerID(entry.worker))
          return look
        }
      }
  }

  /// Where a monitor's past was cut by the control plane's end, and which regions looked at it again before their word was
  /// over. Of a process that ended over and over only the first times are looked into; after the others no word holds.
  public static func stops(
    of monitor: MonitorID, from: Instant, to: Instant, voteLastsMs: Int64, in db: Connection
  ) throws -> [(at: Instant, lookedOn: Set<RegionID>)] {
    try EngineQueries.stops(from: from, to: to, in: db).enumerated().map { n, at in
      guard n < stopsMax else { return (at, []) }
      return (at, try regions(of: monitor, from: at, to: at + voteLastsMs, in: db))
    }
  }

  private static let stopsMax = 50

  /// Which regions began to look at a monitor in `from ..< to`.
  private static func regions(
    of monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> Set<RegionID> {
    // A run begins within an hour of its slot, by which it is packed.
    let hours = from.hour - 1...(to - 1).hour
    let logged = try HistoryQueries.logged(monitor, hours: hours, in: db)
    var out: Set<RegionID> = []
    for hour in hours {
      for (region, chunk) in try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db)
      where chunk.entries.contains(where: { from.ms <= $0.startedMs && $0.startedMs < to.ms }) {
        out.insert(region)
      }
    }
    return out
  }

  /// The first hour from `hour` on that may hold anything of a monitor: a run begins within an hour of its slot.
  public static func next(
    from hour: Int64, of monitor: MonitorID, regions: [RegionID], in db: Connection
  ) throws -> Int64? {
    var hours: [Int64?] = [
      try db.first(
        "SELECT min(started_ms) FROM result_log WHERE monitor_id = $1 AND started_ms >= $2",
        [.int(monitor.raw), .int(hour * Instant.hourMs)]
      ) { $0.intOrNil(0).map { max(Instant(ms: $0).hour - 1, hour) } } ?? nil
    ]
    for region in regions {
      hours.append(
        try db.first(
          "SELECT min(hour) FROM result_chunk WHERE monitor_id = $1 AND region_id = $2 AND hour >= $3",
          [.int(monitor.raw), .int(region.raw), .int(hour)]
        ) { $0.intOrNil(0) } ?? nil)
    }
    return hours.compactMap(\.self).min()
  }

  /// When a region's own network was in doubt within one hour, as its guard would have seen it. The hour before is read
  /// as well, and what is known of each target before that: what was dead for long does not begin to fail with the hour.
  /// Of a region without a worker it is the stand-in's network.
  public static func doubts(
    in region: RegionID, hour: Int64, in db: Connection
  ) throws -> [Range<Instant>] {
    let from = Instant(ms: (hour - 1) * Instant.hourMs)
    let within = from + Instant.hourMs..<from + 2 * Instant.hourMs
    let targets = try targets(of: region, from: from, to: within.upperBound, in: db)
    // Fewer cannot fail together.
    guard targets.count >= RegionGuard.togetherMin else { return [] }
    var sights: [RegionGuard.PastSight] = []
    var dead: [String] = []
    for (target, monitor) in targets {
      // As it was known at the time: what was learned may be what the doubt is about.
      if try ReplayQueries.wasDown(monitor, before: from, asKnownThen: true, in: db) { dead.append(target) }
      let logged = try HistoryQueries.logged(monitor, hours: hour - 1...hour, in: db)[region] ?? []
      let packed = try (hour - 1...hour).flatMap {
        try HistoryQueries.chunk(monitor, region, hour: $0, in: db)?.entries ?? []
      }
      for entry in ResultEntry.merged(packed, logged) {
        let look = PastLook(entry, region: region)
        sights.append(RegionGuard.PastSight(target: target, failed: look.mayBeRegions, at: look.startedAt))
      }
    }
    return RegionGuard.doubts(sights, dead: dead).within(within)
  }

  static let plannedSQL =
    """
    SELECT p.monitor_id, p.interval_ms, m.url FROM monitor_plan p JOIN monitor m ON m.id = p.monitor_id
    WHERE p.region_id = $1 AND p.from_ms < $2 AND (p.to_ms IS NULL OR p.to_ms > $3) ORDER BY p.monitor_id
    """

  /// A monitor for each target that the region looked at; where they are many, those that it looked at most often.
  private static func targets(
    of region: RegionID, from: Instant, to: Instant, in db: Connection
  ) throws -> [(target: String, monitor: MonitorID)] {
    var best: [String: (intervalMs: Int64, monitor: MonitorID)] = [:]
    try db.each(plannedSQL, [.int(region.raw), .int(to.ms), .int(from.ms)]) { row in
      let target = RegionGuard.target(of: row.text(2))
      let intervalMs = row.int(1)
      if best[target].map({ intervalMs < $0.intervalMs }) ?? true { best[target] = (intervalMs, MonitorID(row.int(0))) }
    }
    return best.sorted { ($0.value.intervalMs, $0.value.monitor) < ($1.value.intervalMs, $1.value.monitor) }
      .prefix(targetsMax).map { ($0.key, $0.value.monitor) }
  }
}

extension PastLook {
  init(_ entry: ResultEntry, region: RegionID) {
    let reason = entry.reason.flatMap { FailureReason(rawValue: Int16(clamping: $0)) }
    let failure = reason.map { Failure($0, .connect, "") }
    self.init(
      region: region, trigger: Trigger(rawValue: Int16(clamping: entry.trigger)) ?? .schedule,
      slot: entry.slotMs.map(Instant.init(ms:)), attempt: Int(entry.attempt), startedAt: Instant(ms: entry.startedMs),
      lastedMs: entry.totalUs / 1000, status: entry.checkStatus,
      mayBeRegions: entry.checkStatus == .down && failure?.cameFromTarget == false)
  }
}
