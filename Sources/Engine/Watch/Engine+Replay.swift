import Domain
import SQLite
import Store

/// Unknown time that becomes known by results that came late: the verdict over again for that time, of which nobody is
/// told. It changes what the history says and nothing that is so now.
struct LateReplay {
  let wanted: WantedReplay
  /// What is stored of the time around it.
  let spans: [StoredSpan]
  let window: Range<Instant>
  let regions: [RegionID]
  var replay: Replay
  /// The next hour to be read.
  var hour: Int64

  /// The present state is unknown still: a vote that holds may tell more of it later.
  var isOpen: Bool { spans.last?.until == nil && spans.last?.state == .unknown }
}

/// When late results of a monitor were taken, and how long a vote of it lasts.
struct LateStretch: Sendable {
  var from: Instant
  var to: Instant
  var voteLastsMs: Int64

  mutating func extend(to report: RunReport) {
    from = min(from, report.job.slot ?? report.observation.startedAt, report.observation.startedAt)
    to = max(to, report.observation.startedAt)
  }
}

extension Engine {
  /// What comes after its slot closed, or behind a newer slot's, is history: it may tell what nobody knew.
  func noteLate(_ report: RunReport, of one: Watched, at now: Instant, into ledger: inout Ledger) {
    let started = report.observation.startedAt
    guard report.generation == nil || now - started >= one.verdict.rules.historyAfterMs else { return }
    ledger.late[
      one.id, default: LateStretch(from: started, to: started, voteLastsMs: one.verdict.rules.voteLastsMs)
    ].extend(to: report)
  }

  /// In the transaction that stores them; answers when the first replay is due.
  static func ask(_ late: [MonitorID: LateStretch], now: Instant, in db: Connection) throws -> Instant? {
    var due: Instant?
    for (monitor, stretch) in late.sorted(by: { $0.key < $1.key }) {
      let next = try ReplayQueries.ask(
        monitor, from: stretch.from, to: stretch.to, voteLastsMs: stretch.voteLastsMs, quietMs: Limits.replayQuietMs,
        mostMs: Limits.replayWaitMsMax, now: now, in: db)
      if let next { due = min(due ?? next, next) }
    }
    return due
  }

  /// Part of a turn: a few hours of a few monitors, so that a spool of a week delays nothing else.
  func replayLate(now: Instant) async {
    guard let due = replayAt, due <= now, !statisticsNow.storeFailing, !isReplaying else { return }
    isReplaying = true
    defer { isReplaying = false }
    do {
      for _ in 0..<Limits.replayHoursPerTurn {
        if replaying == nil { replaying = try await nextReplay(now: now) }
        guard replaying != nil else { break }
        try await replayHour(now: now)
      }
      if replaying == nil {
        replayAt = try await store.read { try ReplayQueries.nextDue(in: $0) }
        doubts = [:]
      }
    } catch {
      report("replay_failed", "\(error)")
      replaying = nil
      replayAt = now + Limits.replayAgainMs
    }
  }

  /// Nil when none is due.
  private func nextReplay(now: Instant) async throws -> LateReplay? {
    while let wanted = try await store.read({ try ReplayQueries.due(by: now, in: $0) }) {
      guard let one = watched[wanted.monitor] else {
        // Deleted: nobody reads its history.
        try await store.write { try ReplayQueries.forget(wanted.monitor, in: $0) }
        continue
      }
      if let made = try await begin(wanted, VerdictRules(one.settings), now: now) { return made }
    }
    return nil
  }

  private func begin(_ wanted: WantedReplay, _ rules: VerdictRules, now: Instant) async throws -> LateReplay? {
    let monitor = wanted.monitor
    // What the present verdict may still date back to is its own to say.
    let settled = now - 2 * rules.historyAfterMs - Instant.minuteMs
    let read = try await store.read { db in
      // The interval may have been another then.
      let plan = try PlanQueries.touching(
        monitor, from: wanted.from - rules.voteLastsMs, to: wanted.to + rules.voteLastsMs, in: db)
      let lasts = plan.map { rules.at(intervalMs: $0.intervalMs).voteLastsMs }.max() ?? rules.voteLastsMs
      let (from, to) = (wanted.from - lasts, wanted.to + lasts)
      return (from: from, to: to, spans: try ReplayQueries.spans(monitor, from: from, to: to, in: db))
    }
    let open = read.spans.filter(\.mayBeLearned)
    let from = max(open.first?.since ?? read.to, read.from)
    let to = min(open.last?.until ?? settled, read.to)
    guard from < to else {
      // What was heard late may still hold when nobody says anything any more.
      let isEarly = open.last.map { $0.until == nil && from < read.to } ?? (now < read.to)
      try await store.write { db in
        if isEarly {
          try ReplayQueries.postpone(wanted, to: now + Limits.replayAgainMs, in: db)
        } else {
          try ReplayQueries.done(wanted, in: db)
        }
      }
      return nil
    }
    let (plan, wasDown) = try await store.read { db in
      let plan = try PlanQueries.touching(monitor, from: from - rules.replayLeadMs, to: to, in: db)
      let lead = plan.map { rules.at(intervalMs: $0.intervalMs).replayLeadMs }.max() ?? rules.replayLeadMs
      return (plan, try ReplayQueries.wasDown(monitor, before: from - lead, in: db))
    }
    let made = Replay.of(plan, rules: rules, window: from..<to, wasDown: wasDown)
    return LateReplay(
      wanted: wanted, spans: read.spans, window: from..<to, regions: Set(plan.map(\.region)).sorted(),
      replay: made.replay, hour: made.start.hour - 1)
  }

  /// Takes the next hour that holds something; after the last one what was found is written.
  private func replayHour(now: Instant) async throws {
    guard var late = replaying else { return }
    let (monitor, regions, hour, to) = (late.wanted.monitor, late.regions, late.hour, late.window.upperBound)
    let read = try await store.read { db -> (hour: Int64, looks: [PastLook])? in
      guard let next = try PastLooks.next(from: hour, of: monitor, regions: regions, in: db),
        next * Instant.hourMs < to.ms
      else { return nil }
      return (next, try PastLooks.hour(next, of: monitor, in: db))
    }
    guard let read else {
      replaying = nil
      late.replay.advance(to: to)
      return try await finish(late, now: now)
    }
    for region in Set(read.looks.lazy.filter(\.mayBeRegions).map(\.region)).sorted() {
      for doubt in try await doubts(in: region, hour: read.hour) {
        late.replay.mute(region, from: doubt.lowerBound, to: doubt.upperBound)
      }
    }
    late.replay.add(read.looks)
    late.hour = read.hour + 1
    // What was heard of within the hour began within it, or in one before.
    late.replay.advance(to: min(Instant(ms: late.hour * Instant.hourMs), to))
    replaying = late
  }

  private func finish(_ late: LateReplay, now: Instant) async throws {
    let states = late.replay.states
    let after = LearnedStates.rewritten(late.spans, by: states, window: late.window, at: now)
    let holdsOn = late.isOpen && states.last.map { $0.state != .unknown } ?? false
    let isDone = try await store.write { db in
      guard try ReplayQueries.rewrite(late.wanted.monitor, from: late.spans, to: after, in: db) else {
        try ReplayQueries.postpone(late.wanted, to: now + Limits.replayQuietMs, in: db)
        return false
      }
      // A vote that still held when it ended tells of the time after, once that is settled.
      if holdsOn {
        try ReplayQueries.postpone(late.wanted, to: now + Limits.replayAgainMs, in: db)
      } else {
        try ReplayQueries.done(late.wanted, in: db)
      }
      return true
    }
    if isDone { statisticsNow.replays += 1 }
  }

  /// When a region's own network was in doubt, worked out once for all monitors that wait.
  private func doubts(in region: RegionID, hour: Int64) async throws -> [Range<Instant>] {
    let key = RegionHour(region: region, hour: hour)
    if let known = doubts[key] { return known }
    let found = RegionGuard.doubts(
      try await store.read { try PastLooks.sights(in: region, hour: hour, in: $0) })
    doubts[key] = found
    return found
  }
}

struct RegionHour: Hashable {
  let region: RegionID
  let hour: Int64
}
