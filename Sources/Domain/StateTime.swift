/// A stretch of time in one state; `until` is nil while it lasts.
public struct StateSpan: Hashable, Sendable {
  public var since: Instant
  public var until: Instant?
  public var state: MonitorStatus

  public init(since: Instant, until: Instant?, state: MonitorStatus) {
    self.since = since
    self.until = until
    self.state = state
  }
}

/// How long something was in which state: the only source of durations and of uptime.
public struct StateTime: Hashable, Sendable {
  public var upMs: Int64 = 0
  public var degradedMs: Int64 = 0
  public var downMs: Int64 = 0
  /// Not known: no result yet, or nothing could look.
  public var unknownMs: Int64 = 0
  public var maintenanceMs: Int64 = 0
  /// Paused, or before it existed: counted nowhere.
  public var absentMs: Int64 = 0

  public init() {}

  /// The part of the known time in which it was not down, from 0 to 1; nil when nothing is known.
  public var uptime: Double? {
    let known = upMs + degradedMs + downMs
    return known > 0 ? Double(known - downMs) / Double(known) : nil
  }

  public static let rule =
    "Uptime is the share of the time not spent down, out of the time in which the state was known. Degraded counts as up; unknown, paused and maintenance time is left out. A first failure counts as down, from its first failing check on, once it is confirmed."

  /// The time of `spans` within each of `buckets`, which are adjacent and in order. Where several things overlap the
  /// worst counts: down, degraded, maintenance, up, unknown. `spans` of one thing do not overlap.
  public static func buckets(_ edges: [Instant], of things: [[StateSpan]], now: Instant) -> [StateTime] {
    guard let first = edges.first, let last = edges.last, edges.count > 1 else { return [] }
    let end = min(last, now)
    var turns: [(at: Instant, kind: Kind, by: Int)] = []
    for span in things.joined() {
      let from = max(span.since, first)
      let to = min(span.until ?? end, end)
      guard from < to else { continue }
      turns.append((from, Kind(span.state), 1))
      turns.append((to, Kind(span.state), -1))
    }
    turns.sort { $0.at < $1.at }
    var out = [StateTime](repeating: StateTime(), count: edges.count - 1)
    var open = [Int](repeating: 0, count: Kind.allCases.count)
    var next = 0
    for bucket in out.indices {
      var at = edges[bucket]
      let bucketEnd = min(edges[bucket + 1], end)
      while at < bucketEnd {
        while next < turns.count, turns[next].at <= at {
          open[turns[next].kind.rawValue] += turns[next].by
          next += 1
        }
        let until = next < turns.count ? min(turns[next].at, bucketEnd) : bucketEnd
        out[bucket].add(until - at, Kind.allCases.first { open[$0.rawValue] > 0 } ?? .absent)
        at = until
      }
    }
    return out
  }

  public static func total(of spans: [StateSpan], from: Instant, to: Instant, now: Instant) -> StateTime {
    buckets([from, to], of: [spans], now: now).first ?? StateTime()
  }

  private mutating func add(_ ms: Int64, _ kind: Kind) {
    switch kind {
    case .down: downMs += ms
    case .degraded: degradedMs += ms
    case .maintenance: maintenanceMs += ms
    case .up: upMs += ms
    case .unknown: unknownMs += ms
    case .absent: absentMs += ms
    }
  }

  /// In the order in which the worst is looked for.
  private enum Kind: Int, CaseIterable {
    case down, degraded, maintenance, up, unknown, absent

    init(_ status: MonitorStatus) {
      switch status {
      case .down: self = .down
      case .degraded: self = .degraded
      case .maintenance: self = .maintenance
      // A first failure that is being verified: its time becomes down when it is confirmed.
      case .up, .unconfirmed: self = .up
      case .unknown, .pending: self = .unknown
      case .paused: self = .absent
      }
    }
  }
}
