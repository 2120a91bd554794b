/// A stretch of a monitor's history as it is stored.
public struct StoredSpan: Hashable, Sendable {
  public var since: Instant
  public var until: Instant?
  public var state: MonitorStatus
  /// When it was learned from results that came late; nil for what was known at the time.
  public var learnedAt: Instant?

  public init(since: Instant, until: Instant?, state: MonitorStatus, learnedAt: Instant? = nil) {
    self.since = since
    self.until = until
    self.state = state
    self.learnedAt = learnedAt
  }

  /// Nobody knew it then: late results may say what it was. What was known then stays as it is.
  public var mayBeLearned: Bool { state == .unknown || learnedAt != nil && until != nil }
}

/// How unknown time becomes known: pure.
public enum LearnedStates {
  /// The stored `spans` (oldest first) with what a replay says of `window` in the place of what may be learned there.
  public static func rewritten(
    _ spans: [StoredSpan], by replayed: [StateSpan], window: Range<Instant>, at now: Instant
  ) -> [StoredSpan] {
    var out: [StoredSpan] = []
    func add(_ span: StoredSpan) {
      if let end = span.until, end <= span.since { return }
      // Of known time each row stays what it is; only what may be learned is joined.
      if let last = out.last, last.until == span.since, last.state == span.state, last.mayBeLearned,
        span.mayBeLearned || span.until == nil && span.state == .unknown,
        (last.learnedAt == nil) == (span.learnedAt == nil)
      {
        out[out.count - 1].until = span.until
      } else {
        out.append(span)
      }
    }
    for span in spans {
      let start = max(span.since, window.lowerBound)
      let end = span.until.map { min($0, window.upperBound) } ?? window.upperBound
      guard span.mayBeLearned, start < end else {
        add(span)
        continue
      }
      add(StoredSpan(since: span.since, until: start, state: span.state, learnedAt: span.learnedAt))
      var at = start
      for piece in replayed {
        let from = max(piece.since, at)
        let to = min(piece.until ?? end, end)
        guard from < to else { continue }
        if at < from { add(StoredSpan(since: at, until: from, state: .unknown)) }
        let isKnown = piece.state != .unknown
        add(StoredSpan(since: from, until: to, state: piece.state, learnedAt: isKnown ? now : nil))
        at = to
      }
      add(StoredSpan(since: at, until: end, state: .unknown))
      if span.until.map({ end < $0 }) ?? true {
        add(StoredSpan(since: end, until: span.until, state: span.state, learnedAt: span.learnedAt))
      }
    }
    // What was learned before and is found again stays the row that it is.
    for i in out.indices where out[i].learnedAt != nil {
      if let old = spans.first(where: { $0.since == out[i].since && $0.until == out[i].until }),
        old.state == out[i].state, let before = old.learnedAt
      {
        out[i].learnedAt = before
      }
    }
    return out
  }
}
