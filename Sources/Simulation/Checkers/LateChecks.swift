import Domain

/// What came late told what nobody knew: no time is unknown in which enough regions looked.
enum LateChecks {
  /// A result takes so long to be told, at most, and a vote this much less than it lasts.
  private static let slackMs: Int64 = 15_000

  /// Where a majority of a monitor's regions had seen it well often enough to say so, its state is known. A region's word is
  /// taken to last an interval, which is less than it does, but not beyond the next moment at which something befalls the
  /// region (`troubles`): one that loses its voice has said nothing when it has it again.
  static func quorumIsKnown(
    _ slots: SlotHistory, states: [History.State], timelines: [Timeline], troubles: [RegionID: [Instant]] = [:]
  ) -> [Violation] {
    var good: [Int: [RegionID: [Instant]]] = [:]
    for row in slots.rows where row.isFinal && row.isGood {
      good[Int(row.slot.monitor.raw) - 1, default: [:]][row.slot.region, default: []].append(row.startedAt)
    }
    return good.sorted { $0.key < $1.key }.flatMap { monitor, regions -> [Violation] in
      let known = timelines[monitor].stretches(until: slots.window.to).flatMap {
        quorum(regions, $0.settings, $0.span, gaps: slots.gaps, troubles)
      }
      let unknown = states.filter { $0.monitor == monitor && $0.state == .unknown }
      return unknown.flatMap { state in
        known.filter { $0.from < (state.until ?? $0.to) && state.since < $0.to }.compactMap { span -> Violation? in
          let both = min(span.to, state.until ?? span.to) - max(span.from, state.since)
          guard both > slackMs else { return nil }
          return Violation(
            "late", monitor: monitor, at: max(span.from, state.since),
            "is unknown for \(both) ms in which a quorum of regions saw it well")
        }
      }
    }
  }

  /// What was learned to be down later was down, or goes on from what was: it takes good checks to prove an end.
  static func downsAreTrue(_ states: [History.State], outages: [[Span]]) -> [Violation] {
    states.filter { $0.isLearned && $0.state == .down && outages.indices.contains($0.monitor) }.compactMap { state in
      var span = Span(state.since, state.until ?? Instant(ms: .max))
      while let before = states.first(where: {
        $0.monitor == state.monitor && $0.state == .down && $0.until == span.from
      }) { span.from = before.since }
      guard !outages[state.monitor].touch(span) else { return nil }
      return Violation(
        "late", monitor: state.monitor, at: state.since,
        "was learned to be down until \(state.until?.rfc3339 ?? "now"), and the target was up all that time")
    }
  }

  /// When a majority had a word that stands whatever was before: after as many good looks in a row as prove a recovery, by
  /// the rules of that stretch. An edit may end at once what was said within an interval before it, and what was said before
  /// nothing ran is not carried into that time.
  private static func quorum(
    _ regions: [RegionID: [Instant]], _ settings: MonitorSettings, _ stretch: Span, gaps: [Span],
    _ troubles: [RegionID: [Instant]]
  ) -> [Span] {
    let intervalMs = Int64(settings.intervalS) * 1000
    let end = stretch.to - intervalMs - settings.slotBudgetMs - slackMs
    var edges: [(at: Instant, step: Int)] = []
    for (region, all) in regions {
      let looks = all.filter(stretch.contains).sorted()
      var spans: [Span] = []
      var row = 0
      for (n, at) in looks.enumerated() {
        row = n > 0 && at - looks[n - 1] <= intervalMs + slackMs ? row + 1 : 1
        let stop = gaps.first { at < $0.from }?.from ?? end
        let trouble = troubles[region]?.first { at < $0 } ?? end
        let span = Span(at + slackMs, min(at + intervalMs, end, stop, trouble))
        if row > settings.recoveryChecks, span.from < span.to { spans.append(span) }
      }
      for span in spans.merged { edges += [(span.from, 1), (span.to, -1)] }
    }
    edges.sort { ($0.at, $0.step) < ($1.at, $1.step) }
    var out: [Span] = []
    var voters = 0
    for (n, edge) in edges.enumerated() {
      voters += edge.step
      if voters > settings.regions.count / 2, n + 1 < edges.count { out.append(Span(edge.at, edges[n + 1].at)) }
    }
    return out.merged
  }
}
