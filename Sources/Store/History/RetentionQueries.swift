import Domain
import SQLite

/// How long what happened is kept. States are rows only where something changed and are kept for good.
public struct Retention: Hashable, Sendable {
  /// Single results: as long as the evidence that explains them, and a status page's ninety days.
  public var resultDays: Int64 = 90
  /// Hours and their minutes: the year that the widest window shows, and a month to compare with.
  public var hourDays: Int64 = 400
  /// Days: a few hundred bytes each, for comparing years.
  public var dayDays: Int64 = 1830
  /// Messages that arrived: as long as what they tell of.
  public var sentDays: Int64 = 90
  /// Messages that were given up: until somebody has had every chance to ask why.
  public var deadDays: Int64 = 365

  public init() {}
}

public enum RetentionQueries {
  /// Deletes what is too old of one monitor.
  public static func prune(_ monitor: MonitorID, _ retention: Retention, now: Instant, in db: Connection) throws {
    try db.run(
      "DELETE FROM result_chunk WHERE monitor_id = $1 AND hour < $2",
      [.int(monitor.raw), .int((now.day - retention.resultDays) * 24)])
    try db.run(
      "DELETE FROM rollup_hour WHERE monitor_id = $1 AND hour < $2",
      [.int(monitor.raw), .int((now.day - retention.hourDays) * 24)])
    try db.run(
      "DELETE FROM rollup_day WHERE monitor_id = $1 AND day < $2",
      [.int(monitor.raw), .int(now.day - retention.dayDays)])
  }
}

extension ResultQueries {
  /// One share per UTC day, the last one today's so far, of several monitors as one thing: at each moment the worst of
  /// them counts. For the bars of a service.
  public static func days(
    worstOf monitors: [MonitorID], count: Int, now: Instant, in db: Connection
  ) throws -> [(day: Int64, share: UptimeShare)] {
    let first = now.day - Int64(count) + 1
    let from = Instant(ms: first * Instant.dayMs)
    let things = try monitors.map { try states($0, from: from, to: now, in: db) }
    let spans = StateSpan.worst(of: things, from: from, to: now)
    var next = 0
    return (first...now.day).map { day in
      let start = Instant(ms: day * Instant.dayMs)
      let end = min(start + Instant.dayMs, now)
      while next < spans.count, let until = spans[next].until, until <= start { next += 1 }
      return (day, share(Array(spans[next...].prefix { $0.since < end }), from: start, to: end))
    }
  }
}
