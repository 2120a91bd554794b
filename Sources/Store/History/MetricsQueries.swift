import Domain
import SQLite

/// What is asked of a monitor's numbers.
public struct MetricsQuestion: Hashable, Sendable {
  public enum Window: String, Sendable, CaseIterable {
    case day = "24h", week = "7d", month = "30d", quarter = "90d", year = "365d"

    public var ms: Int64 {
      switch self {
      case .day: Instant.dayMs
      case .week: 7 * Instant.dayMs
      case .month: 30 * Instant.dayMs
      case .quarter: 90 * Instant.dayMs
      case .year: 365 * Instant.dayMs
      }
    }
  }
  public enum Granularity: String, Sendable, CaseIterable {
    case minute = "1m", hour = "1h", day = "1d"

    public var ms: Int64 {
      switch self {
      case .minute: Instant.minuteMs
      case .hour: Instant.hourMs
      case .day: Instant.dayMs
      }
    }
  }

  public var window: Window
  public var granularity: Granularity
  /// nil for all regions together.
  public var region: RegionID?

  public init(window: Window, granularity: Granularity, region: RegionID? = nil) {
    self.window = window
    self.granularity = granularity
    self.region = region
  }

  var buckets: Int64 { window.ms / granularity.ms }

  /// UTC steps, the last of which holds `now`.
  func range(now: Instant) -> (from: Instant, to: Instant) {
    let to = Instant(ms: (now.ms.flooredDivision(by: granularity.ms) + 1) * granularity.ms)
    return (to - buckets * granularity.ms, to)
  }
}

/// One step of a monitor's numbers.
public struct MetricsBucket: Sendable {
  public var start: Instant
  public var rollup: Rollup
  /// From the states of the monitor, all regions together; nil where nothing is known.
  public var uptime: Double?

  public var p50Us: Int64? { rollup.quantile(0.50) }
  public var p95Us: Int64? { rollup.quantile(0.95) }
  public var p99Us: Int64? { rollup.quantile(0.99) }
}

public enum MetricsQueries {
  /// The steps of the question's window, oldest first, from rollups and, for what is not closed yet, from the log.
  /// Steps in which the monitor was not due and nothing ran are there with zeros.
  public static func metrics(
    _ question: MetricsQuestion, of monitor: MonitorID, now: Instant, in db: Connection
  ) throws -> [MetricsBucket] {
    let (from, to) = question.range(now: now)
    let step = question.granularity.ms
    var walk = Walk(question: question, monitor: monitor, from: from, to: to, now: now)
    try walk.collect(in: db)
    let spans = try ResultQueries.states(monitor, from: from, to: now, in: db)
    var next = 0
    return walk.rollups.enumerated().map { i, rollup in
      let start = from + Int64(i) * step
      let end = min(start + step, now)
      // Both go forward in time: what ended before this step is of no more use.
      while next < spans.count, let until = spans[next].until, until <= start { next += 1 }
      let touching = spans[next...].prefix { $0.since < end }
      let share = ResultQueries.share(Array(touching), from: start, to: end)
      return MetricsBucket(start: start, rollup: rollup, uptime: share.uptime)
    }
  }
}

/// Gathers rollups into steps.
private struct Walk {
  let question: MetricsQuestion
  let monitor: MonitorID
  let from: Instant
  let to: Instant
  let now: Instant
  var rollups: [Rollup]

  init(question: MetricsQuestion, monitor: MonitorID, from: Instant, to: Instant, now: Instant) {
    self.question = question
    self.monitor = monitor
    self.from = from
    self.to = to
    self.now = now
    rollups = [Rollup](repeating: Rollup(), count: Int(question.buckets))
  }

  mutating func collect(in db: Connection) throws {
    let plan = try PlanQueries.touching(monitor, from: from, to: to, in: db).filter { wants($0.region) }
    let closed = try HistoryQueries.closed(in: db)
    let openFrom = max(from, closed.map(\.openFrom) ?? from)
    switch question.granularity {
    case .minute: try minutes(to: openFrom, in: db)
    case .hour: try hours(from: from, to: openFrom, in: db)
    case .day:
      let days = max(from, min(openFrom, Instant(ms: ((closed?.day ?? from.day - 1) + 1) * Instant.dayMs)))
      for day in try RollupQueries.days(of: monitor, from: from.day, to: days.day, in: db) where wants(day.region) {
        add(day.rollup, at: Instant(ms: day.number * Instant.dayMs))
      }
      try hours(from: days, to: openFrom, in: db)
    }
    // A closed slot without a result was missed; why is told by the list of results.
    for i in rollups.indices {
      let start = from + Int64(i) * question.granularity.ms
      let end = min(start + question.granularity.ms, openFrom)
      let expected = start < end ? Schedule.slotCount(of: plan, from: start, to: end) : 0
      rollups[i].missed = max(expected - rollups[i].n, 0)
    }
    try live(from: openFrom, plan: plan, in: db)
  }

  private func wants(_ region: RegionID) -> Bool { question.region.map { $0 == region } ?? true }

  private mutating func add(_ rollup: Rollup, at: Instant) {
    let i = Int((at.ms - from.ms).flooredDivision(by: question.granularity.ms))
    if rollups.indices.contains(i) { rollups[i].merge(rollup) }
  }

  private mutating func hours(from: Instant, to: Instant, in db: Connection) throws {
    for hour in try RollupQueries.hours(of: monitor, from: from.hour, to: to.hour, in: db) where wants(hour.region) {
      add(hour.rollup, at: Instant(ms: hour.number * Instant.hourMs))
    }
  }

  private mutating func minutes(to: Instant, in db: Connection) throws {
    for hour in try RollupQueries.minutes(of: monitor, from: from.hour, to: to.hour, in: db) where wants(hour.region) {
      for (minute, rollup) in hour.minutes.minutes {
        add(rollup, at: Instant(ms: hour.hour * Instant.hourMs + Int64(minute) * Instant.minuteMs))
      }
    }
  }

  /// What is not closed yet: results from the log, missed slots from their table and from the stretches in which the
  /// process did not run. Slots still under way count nowhere.
  private mutating func live(from: Instant, plan: [PlanRow], in db: Connection) throws {
    guard from < to else { return }
    var filled: [RegionID: Set<Int64>] = [:]
    for (region, entries) in try HistoryQueries.logged(monitor, hours: from.hour...(to - 1).hour, in: db)
    where wants(region) {
      for entry in ResultEntry.merged(entries) where entry.counts && entry.at >= from {
        filled[region, default: []].insert(entry.at.ms)
        var one = Rollup()
        one.add(entry.checkStatus, totalUs: entry.totalUs)
        add(one, at: entry.at)
      }
    }
    var missed = try HistoryQueries.missed(monitor, from: from, to: to, in: db)
      .mapValues { Set($0.map(\.slot.ms)) }.filter { wants($0.key) }
    if let ran = try HistoryQueries.lastRan(in: db), from < min(to, ran) {
      for gap in try EngineQueries.gaps(from: from, to: min(to, ran), in: db) {
        for row in plan {
          for slot in row.slots(from: gap.from, to: gap.to) { missed[row.region, default: []].insert(slot.ms) }
        }
      }
    }
    var one = Rollup()
    one.missed = 1
    for (region, slots) in missed {
      for slot in slots.subtracting(filled[region] ?? []) { add(one, at: Instant(ms: slot)) }
    }
  }
}
