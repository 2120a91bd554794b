/// A stretch in one state; `until` is nil for the present one.
public struct StateSpan: Hashable, Sendable {
  public var since: Instant
  public var until: Instant?
  public var state: MonitorStatus
  /// Nobody knew at the time: results that came late told it.
  public var isLearned: Bool

  public init(since: Instant, until: Instant?, state: MonitorStatus, isLearned: Bool = false) {
    self.since = since
    self.until = until
    self.state = state
    self.isLearned = isLearned
  }

  /// One history of several things within `from ..< to`: at each moment the worst of them counts (down, degraded,
  /// maintenance, up, unknown, paused), so that what overlaps is not added up. Stretches of which nothing is known are
  /// left out; adjacent ones in one state are joined.
  public static func worst(of things: [[StateSpan]], from: Instant, to: Instant) -> [StateSpan] {
    var turns: [(at: Instant, rank: Int, by: Int)] = []
    for span in things.joined() {
      let start = max(span.since, from)
      let end = min(span.until ?? to, to)
      guard start < end, let rank = ranks.firstIndex(of: span.state) else { continue }
      turns.append((start, rank, 1))
      turns.append((end, rank, -1))
    }
    turns.sort { $0.at < $1.at }
    var open = [Int](repeating: 0, count: ranks.count)
    var out: [StateSpan] = []
    for (i, turn) in turns.enumerated() {
      open[turn.rank] += turn.by
      guard i + 1 < turns.count, turns[i + 1].at > turn.at, let worst = open.firstIndex(where: { $0 > 0 }) else {
        continue
      }
      if let last = out.last, last.state == ranks[worst], last.until == turn.at {
        out[out.count - 1].until = turns[i + 1].at
      } else {
        out.append(StateSpan(since: turn.at, until: turns[i + 1].at, state: ranks[worst]))
      }
    }
    return out
  }

  /// Worst first. A first failure that is being verified is no outage yet.
  private static let ranks: [MonitorStatus] = [
    .down, .degraded, .maintenance, .unconfirmed, .up, .unknown, .pending, .paused,
  ]
}
