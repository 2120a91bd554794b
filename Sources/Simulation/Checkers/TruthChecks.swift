import Domain

/// I6 and the promise: what is said against what was so.
struct TruthChecks {
  /// What the checks measured on their way.
  struct Seen: Sendable {
    var outages = 0
    /// From an outage's true start to its being told.
    var delaysMs: [Int64] = []
    /// What the counted down time is off by.
    var errorsMs: [Int64] = []
  }

  let truth: Truth
  let faults: Faults
  let timelines: [Timeline]
  let history: History

  /// Nothing of ours makes a DOWN: between the first failing check and the verdict the target was down.
  func noFalseDown() -> [Violation] {
    timelines.indices.flatMap { monitor in
      let outages = truth.outages(of: monitor)
      return history.downs(of: monitor).filter { down in
        !outages.touch(Span(down.since, down.span.from + 1))
      }.map { down in
        Violation(
          "I6", monitor: monitor, at: down.span.from,
          "is called down since \(down.since.rfc3339), and the target was up all that time")
      }
    }
  }

  /// How long after its true start an outage is known at the latest: one interval and the attempts, and what messages take.
  func boundMs(_ one: MonitorSettings) -> Int64 {
    var attempts = Int64(one.attempts * one.timeoutMs)
    for attempt in 1..<max(one.attempts, 2) where one.attempts > 1 {
      attempts += MonitorSettings.backOffMs(beforeAttempt: attempt)
    }
    return Int64(one.intervalS) * 1000 + attempts + Self.messagesMs
  }

  static let messagesMs: Int64 = 3000

  /// Every outage that lasts long enough while most regions are well is told, in time.
  func noMissedOutage(_ seen: inout Seen) -> [Violation] {
    var out: [Violation] = []
    var blindOf: [[String]: [Span]] = [:]
    for (monitor, timeline) in timelines.enumerated() {
      let downs = history.downs(of: monitor)
      for outage in truth.outages(of: monitor) {
        let edits = timeline.changes.map(\.at).filter(outage.contains)
        for start in ([outage.from] + edits).sorted() {
          guard let one = timeline.settings(at: start) else { continue }
          let bound = boundMs(one)
          let blind = blindOf[one.regions] ?? faults.blind(truth.regions(one))
          blindOf[one.regions] = blind
          let ends = blind.map(\.to).filter { start < $0 && outage.contains($0) }
          let clear = ([start] + ends).first { start in
            let window = Span(start, start + bound)
            return window.to <= outage.to && !blind.touch(window) && timeline.isSteady(window)
          }
          guard let from = clear else { continue }
          let window = Span(from, from + bound)
          seen.outages += 1
          guard let down = downs.first(where: { $0.span.from <= window.to && $0.span.to > from }) else {
            out.append(
              Violation(
                "outage", monitor: monitor, at: window.to,
                "is down since \(outage.from.rfc3339) until \(outage.to.rfc3339) and was not called so within \(bound) ms of \(from.rfc3339)"
              ))
            break
          }
          if from == outage.from, down.span.from >= from { seen.delaysMs.append(down.span.from - from) }
        }
      }
    }
    return out
  }

  /// The down time of an outage that stands alone and clear of faults is right within interval / regions + slot budget.
  /// Where an attempt was lost on its way after its end, or before its beginning, streaks begin anew with that one: the
  /// bound counts from there.
  func downTime(_ seen: inout Seen) -> [Violation] {
    var out: [Violation] = []
    for (monitor, timeline) in timelines.enumerated() {
      let stretches = truth.targets[monitor]
      for (n, stretch) in stretches.enumerated() where stretch.condition == .down {
        guard let one = timeline.settings(at: stretch.span.from), stretch.span.ms > boundMs(one) else { continue }
        let ill = truth.regions(one).flatMap { faults.impaired(region: $0) }.merged
        let interval = Int64(one.intervalS) * 1000
        let around = Span(stretch.span.from - 3 * interval, stretch.span.to + Int64(one.recoveryChecks + 2) * interval)
        let isAlone =
          (n == 0 || stretches[n - 1].span.to < around.from)
          && (n + 1 == stretches.count || stretches[n + 1].span.from > around.to)
        guard isAlone, timeline.isSteady(around), !ill.touch(around),
          around.to < (history.states.last?.since ?? around.to) + Instant.dayMs
        else {
          continue
        }
        // What began before that is the end of an outage before.
        let downs = history.states.filter { $0.monitor == monitor && $0.state == .down && $0.since >= around.from }.map
        {
          Span($0.since, min($0.until ?? around.to, around.to))
        }.filter { $0.from < $0.to }
        let error = downs.reduce(0) { $0 + $1.ms } - stretch.span.ms
        let allowed =
          interval / Int64(one.regions.count) + one.slotBudgetMs + Self.messagesMs
          + lostMs(monitor, of: stretch.span, counted: downs)
        seen.errorsMs.append(abs(error))
        if abs(error) > allowed {
          out.append(
            Violation(
              "down time", monitor: monitor, at: stretch.span.to,
              "\(error + stretch.span.ms) ms are counted for an outage of \(stretch.span.ms) ms: \(allowed) ms off are allowed"
            ))
        }
      }
    }
    return out
  }

  /// From an outage's end to the last attempt that was lost before its counted end, and from the first that was lost in
  /// what was counted before its beginning.
  private func lostMs(_ monitor: Int, of outage: Span, counted: [Span]) -> Int64 {
    guard let from = counted.first?.from, let to = counted.last?.to else { return 0 }
    let lost = history.lost.filter { $0.monitor == monitor && from <= $0.at && $0.at <= to }.map(\.at)
    let after = lost.filter { outage.to <= $0 }.max().map { $0 - outage.to } ?? 0
    let before = lost.filter { $0 < outage.from }.min().map { outage.from - $0 } ?? 0
    return after + before
  }
}
