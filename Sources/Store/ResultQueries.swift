import Domain
import SQLite

/// Uptime over a window: seconds of each kind, counted from `monitor_state` alone.
public struct UptimeShare: Hashable, Sendable {
  public var upMs: Int64 = 0
  public var degradedMs: Int64 = 0
  public var downMs: Int64 = 0
  public var unknownMs: Int64 = 0
  public var maintenanceMs: Int64 = 0
  /// Of the known time what nobody knew then: results that came late told it.
  public var learnedMs: Int64 = 0

  public init() {}

  /// Up and degraded over what is known; nil when nothing is. Unknown, paused and maintenance count for neither side.
  public var uptime: Double? {
    let known = upMs + degradedMs + downMs
    return known > 0 ? Double(upMs + degradedMs) / Double(known) : nil
  }

  mutating func add(_ state: MonitorStatus, _ ms: Int64) {
    switch state {
    case .up, .unconfirmed: upMs += ms
    case .degraded: degradedMs += ms
    case .down: downMs += ms
    case .maintenance: maintenanceMs += ms
    case .unknown, .pending, .paused: unknownMs += ms
    }
  }
}

/// Response times of one step of a chart.
public struct ResponseBucket: Hashable, Sendable {
  public var start: Instant
  public var n: Int
  public var failed: Int
  public var p50Us: Int64?
  public var p95Us: Int64?
}

/// Reading results and what is concluded from them.
public enum ResultQueries {
  /// Newest first, started before `before`, wherever they stand. The monitor was found through its tenant already.
  public static func recent(
    _ monitor: MonitorRow, from: Instant = Instant(ms: 0), before: Instant, region: RegionID? = nil,
    status: CheckStatus? = nil, finalOnly: Bool = true, limit: Int, in db: Connection
  ) throws -> [ResultRow] {
    var question = ResultQuestion(from: from, to: before)
    question.startedBefore = before
    question.region = region
    question.status = status
    question.finalOnly = finalOnly
    question.limit = limit
    return try PastResults.list(question, of: monitor.id, in: db).results
  }

  /// The final report of one run: of the open hours at once, else searched for through ninety days of packed ones.
  public static func run(_ key: RunKey, of monitor: MonitorRow, now: Instant, in db: Connection) throws -> ResultRow? {
    let since = now - Retention().resultDays * Instant.dayMs
    return try PastResults.run(key, of: monitor.id, since: since, now: now, in: db)
  }

  /// p50 and p95 of successful checks per step of `stepMs`, counted from `from`; steps without a check are absent.
  /// Steps of an hour and more come from hours, shorter ones from minutes; the open hours come from the log.
  public static func series(
    _ monitor: MonitorID, from: Instant, to: Instant, stepMs: Int64, in db: Connection
  ) throws -> [ResponseBucket] {
    try responses(monitor, from: from, to: to, stepMs: stepMs, in: db).all
  }

  /// The same for all regions together and for each.
  public static func responses(
    _ monitor: MonitorID, from: Instant, to: Instant, stepMs: Int64, in db: Connection
  ) throws -> (all: [ResponseBucket], byRegion: [RegionID: [ResponseBucket]]) {
    let found = try steps(monitor, from: from, to: to, stepMs: stepMs, in: db)
    var all: [Int64: Rollup] = [:]
    for steps in found.values { for (step, rollup) in steps { all[step, default: Rollup()].merge(rollup) } }
    func buckets(_ steps: [Int64: Rollup]) -> [ResponseBucket] {
      steps.sorted { $0.key < $1.key }.filter { $0.value.n > 0 }.map { step, rollup in
        ResponseBucket(
          start: from + step * stepMs, n: Int(rollup.n), failed: Int(rollup.down), p50Us: rollup.quantile(0.5),
          p95Us: rollup.quantile(0.95))
      }
    }
    return (buckets(all), found.mapValues(buckets))
  }

  private static func steps(
    _ monitor: MonitorID, from: Instant, to: Instant, stepMs: Int64, in db: Connection
  ) throws -> [RegionID: [Int64: Rollup]] {
    guard from < to else { return [:] }
    var out: [RegionID: [Int64: Rollup]] = [:]
    func add(_ rollup: Rollup, _ at: Instant, _ region: RegionID) {
      if at >= from, at < to { out[region, default: [:]][(at - from) / stepMs, default: Rollup()].merge(rollup) }
    }
    let openFrom = try HistoryQueries.closed(in: db)?.openFrom ?? from
    if from < openFrom, stepMs >= Instant.hourMs {
      for hour in try RollupQueries.hours(of: monitor, from: from.hour, to: min(to.hour + 1, openFrom.hour), in: db) {
        // The hour in which the window begins counts with its first step.
        add(hour.rollup, max(Instant(ms: hour.number * Instant.hourMs), from), hour.region)
      }
    } else if from < openFrom {
      for hour in try RollupQueries.minutes(of: monitor, from: from.hour, to: min(to.hour + 1, openFrom.hour), in: db) {
        for (minute, rollup) in hour.minutes.minutes {
          add(rollup, Instant(ms: hour.hour * Instant.hourMs + Int64(minute) * Instant.minuteMs), hour.region)
        }
      }
    }
    let first = max(from, openFrom).hour
    guard first <= (to - 1).hour else { return out }
    for (region, entries) in try HistoryQueries.logged(monitor, hours: first...(to - 1).hour, in: db) {
      for entry in ResultEntry.merged(entries) where entry.counts {
        var one = Rollup()
        one.add(entry.checkStatus, totalUs: entry.totalUs)
        add(one, entry.at, region)
      }
    }
    return out
  }

  /// The states of a monitor that touch `from ..< to`, oldest first.
  public static func states(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [StateSpan] {
    try db.rows(
      """
      SELECT since_ms, until_ms, state, learned_ms FROM monitor_state
      WHERE monitor_id = $1 AND since_ms < $2 AND (until_ms IS NULL OR until_ms > $3) ORDER BY since_ms
      """, [.int(monitor.raw), .int(to.ms), .int(from.ms)]
    ) {
      StateSpan(
        since: Instant(ms: $0.int(0)), until: $0.intOrNil(1).map(Instant.init(ms:)),
        state: MonitorStatus(code: $0.int(2)) ?? .unknown, isLearned: !$0.isNull(3))
    }
  }

  public static func uptime(
    _ monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> UptimeShare {
    share(try states(monitor, from: from, to: to, in: db), from: from, to: to)
  }

  /// How long each state lasted within `from ..< to`. Pure.
  public static func share(_ spans: [StateSpan], from: Instant, to: Instant) -> UptimeShare {
    var out = UptimeShare()
    for span in spans {
      let start = max(span.since, from)
      let end = min(span.until ?? to, to)
      guard end > start else { continue }
      out.add(span.state, end - start)
      if span.isLearned { out.learnedMs += end - start }
    }
    return out
  }

  /// One share per UTC day, the last one today's so far.
  public static func days(
    _ monitor: MonitorID, count: Int, now: Instant, in db: Connection
  ) throws -> [(day: Int64, share: UptimeShare)] {
    let first = now.day - Int64(count) + 1
    let spans = try states(monitor, from: Instant(ms: first * Instant.dayMs), to: now, in: db)
    return (first...now.day).map { day in
      let start = Instant(ms: day * Instant.dayMs)
      return (day, share(spans, from: start, to: min(start + Instant.dayMs, now)))
    }
  }
}
