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
  let settings: [MonitorSettings]
  let history: History

  /// Nothing of ours makes a DOWN: between the first failing check and the verdict the target was down.
  func noFalseDown() -> [Violation] {
    settings.indices.flatMap { monitor in
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
  func boundMs(_ monitor: Int) -> Int64 {
    let one = settings[monitor]
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
    let blind = faults.blind
    for monitor in settings.indices {
      let downs = history.downs(of: monitor)
      let bound = boundMs(monitor)
      for outage in truth.outages(of: monitor) {
        let starts = [outage.from] + blind.map(\.to).filter(outage.contains)
        for start in starts {
          let window = Span(start, start + bound)
          guard window.to <= outage.to, !blind.touch(window) else { continue }
          seen.outages += 1
          guard let down = downs.first(where: { $0.span.from <= window.to && $0.span.to > start }) else {
            out.append(
              Violation(
                "outage", monitor: monitor, at: window.to,
                "is down since \(outage.from.rfc3339) until \(outage.to.rfc3339) and was not called so within \(bound) ms of \(start.rfc3339)"
              ))
            break
          }
          if start == outage.from, down.span.from >= start { seen.delaysMs.append(down.span.from - start) }
          break
        }
      }
    }
    return out
  }

  /// The down time of an outage that stands alone and clear of faults is right within interval / regions + slot budget.
  /// Where attempts are lost on their way, the very look that would have seen its end may be one of them, and in an outage
  /// a slot has one attempt: then the next look does.
  func downTime(_ seen: inout Seen) -> [Violation] {
    var out: [Violation] = []
    let ill = (0..<truth.brokenPaths.count).flatMap { faults.impaired(region: $0) }.merged
    for monitor in settings.indices {
      let one = settings[monitor]
      let interval = Int64(one.intervalS) * 1000
      let looks: Int64 = truth.losesAttempts ? 2 : 1
      let allowed = looks * interval / Int64(one.regions.count) + one.slotBudgetMs + Self.messagesMs
      let stretches = truth.targets[monitor]
      for (n, stretch) in stretches.enumerated() where stretch.condition == .down && stretch.span.ms > boundMs(monitor)
      {
        let around = Span(stretch.span.from - 3 * interval, stretch.span.to + Int64(one.recoveryChecks + 2) * interval)
        let isAlone =
          (n == 0 || stretches[n - 1].span.to < around.from)
          && (n + 1 == stretches.count || stretches[n + 1].span.from > around.to)
        guard isAlone, !ill.touch(around), around.to < (history.states.last?.since ?? around.to) + Instant.dayMs else {
          continue
        }
        var counted: Int64 = 0
        for state in history.states where state.monitor == monitor && state.state == .down {
          counted += max(0, min(state.until ?? around.to, around.to) - max(state.since, around.from))
        }
        let error = counted - stretch.span.ms
        seen.errorsMs.append(abs(error))
        if abs(error) > allowed {
          out.append(
            Violation(
              "down time", monitor: monitor, at: stretch.span.to,
              "\(counted) ms are counted for an outage of \(stretch.span.ms) ms: \(allowed) ms off are allowed"))
        }
      }
    }
    return out
  }
}
