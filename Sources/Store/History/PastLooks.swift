import Domain
import SQLite

/// Attempts of the past, wherever they stand, for a replay.
public enum PastLooks {
  /// Monitors that are asked about a region's network, each of another target.
  private static let targetsMax = 100

  /// Every attempt of a monitor in one hour, all regions.
  public static func hour(_ hour: Int64, of monitor: MonitorID, in db: Connection) throws -> [PastLook] {
    let logged = try HistoryQueries.logged(monitor, hours: hour...hour, in: db)
    let standIns = try WorkerQueries.standIns(in: db)
    return try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db)
      .flatMap { region, chunk in
        chunk.entries.map { entry in
          var look = PastLook(entry, region: region)
          look.isStandIn = standIns.contains(WorkerID(entry.worker))
          return look
        }
      }
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

  /// What a region saw in one hour of targets that have nothing to do with each other, as its guard goes by it.
  public static func sights(
    in region: RegionID, hour: Int64, in db: Connection
  ) throws -> [RegionGuard.PastSight] {
    let from = Instant(ms: hour * Instant.hourMs)
    var targets: [String: MonitorID] = [:]
    try db.each(
      """
      SELECT DISTINCT m.id, m.url FROM monitor_plan p JOIN monitor m ON m.id = p.monitor_id
      WHERE p.region_id = $1 AND p.from_ms < $2 AND (p.to_ms IS NULL OR p.to_ms > $3) ORDER BY m.id
      """, [.int(region.raw), .int(from.ms + Instant.hourMs), .int(from.ms)]
    ) { row in
      let target = RegionGuard.target(of: row.text(1))
      if targets[target] == nil, targets.count < targetsMax { targets[target] = MonitorID(row.int(0)) }
    }
    // Fewer cannot fail together.
    guard targets.count >= RegionGuard.togetherMin else { return [] }
    var out: [RegionGuard.PastSight] = []
    for (target, monitor) in targets {
      let logged = try HistoryQueries.logged(monitor, hours: hour...hour, in: db)[region] ?? []
      let packed = try HistoryQueries.chunk(monitor, region, hour: hour, in: db)?.entries ?? []
      out += ResultEntry.merged(packed, logged).map { entry in
        let look = PastLook(entry, region: region)
        return RegionGuard.PastSight(target: target, failed: look.mayBeRegions, at: look.startedAt)
      }
    }
    return out
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
