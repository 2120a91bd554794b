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
  /// Workers of no region.
  let standIns: Set<WorkerID>
  /// The window ends before the last vote does that the results may have given: the present verdict may still say so.
  let isCut: Bool
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
  /// The hours that they belong to.
  var hours: Set<RegionHour> = []

  mutating func extend(to report: RunReport) {
    let hour = (report.job.slot ?? report.observation.startedAt).hour
    hours.insert(RegionHour(region: report.job.region, hour: hour))
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
    // What is stored from here on may ask for more: it says so here, and is not overwritten.
    replayAt = nil
    var wanted: WantedReplay?
    do {
      for _ in 0..<Limits.replayHoursPerTurn {
        wanted = replaying?.wanted
        if replaying != nil {
          try await replayHour(now: now)
        } else {
          wanted = try await store.read { try ReplayQueries.due(by: now, in: $0) }
          guard let wanted else { break }
          try await begin(wanted, now: now)
        }
      }
      wanted = nil
      guard replaying == nil else { return replayNext(at: now) }
      guard let next = try await store.read({ try ReplayQueries.nextDue(in: $0) }) else { return doubts = [:] }
      if next > now { doubts = [:] }
      replayNext(at: next)
    } catch {
      replaying = nil
      await leave(wanted, after: error, now: now)
    }
  }

  private func replayNext(at next: Instant) { replayAt = min(replayAt ?? next, next) }

  /// One that cannot be replayed keeps nobody else waiting; the store's own trouble keeps all.
  private func leave(_ wanted: WantedReplay?, after error: any Error, now: Instant) async {
    report("replay_failed", "\(error)")
    let again = now + Limits.replayAgainMs
    guard let wanted, !StoreTrouble.isPassing(error) else { return replayNext(at: again) }
    do {
      try await store.write { try ReplayQueries.postpone(wanted, to: again, in: $0) }
      replayNext(at: now)
    } catch {
      report("replay_failed", "\(error)")
      replayNext(at: again)
    }
  }

  /// Begins one that is due, unless there is nothing to replay or not yet.
  private func begin(_ wanted: WantedReplay, now: Instant) async throws {
    guard let one = watched[wanted.monitor] else {
      // Deleted: nobody reads its history.
      return try await store.write { try ReplayQueries.forget(wanted.monitor, in: $0) }
    }
    replaying = try await begin(wanted, VerdictRules(one.settings), now: now)
  }

  /// Nil when nothing of it may be learned, for now or at all.
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
    let (plan, wasDown, standIns, stops) = try await store.read { db in
      let plan = try PlanQueries.touching(monitor, from: from - rules.replayLeadMs, to: to, in: db)
      let asked = plan.map { rules.at(intervalMs: $0.intervalMs) } + [rules]
      let lead = asked.map(\.replayLeadMs).max() ?? 0
      let lasts = rules.voteLastsMs(over: plan)
      let wasDown = try ReplayQueries.wasDown(monitor, before: from - lead, in: db)
      let stops = try PastLooks.stops(of: monitor, from: from - lead, to: to, voteLastsMs: lasts, in: db)
      return (plan, wasDown, try WorkerQueries.standIns(in: db), stops)
    }
    var made = Replay.of(plan, rules: rules, window: from..<to, wasDown: wasDown)
    for stop in stops { made.replay.stop(at: stop.at, lookedOn: stop.lookedOn) }
    return LateReplay(
      wanted: wanted, spans: read.spans, window: from..<to, regions: Set(plan.map(\.region)).sorted(),
      standIns: standIns, isCut: to < read.to, replay: made.replay, hour: made.start.hour - 1)
  }

  /// Takes the next hour that holds something; after the last one what was found is written.
  private func replayHour(now: Instant) async throws {
    guard var late = replaying else { return }
    let (monitor, regions, hour) = (late.wanted.monitor, late.regions, late.hour)
    let (to, standIns) = (late.window.upperBound, late.standIns)
    let read = try await store.read { db -> (hour: Int64, looks: [PastLook])? in
      guard let next = try PastLooks.next(from: hour, of: monitor, regions: regions, in: db),
        next * Instant.hourMs < to.ms
      else { return nil }
      return (next, try PastLooks.hour(next, of: monitor, standIns: standIns, in: db))
    }
    guard let read else {
      replaying = nil
      late.replay.advance(to: to)
      return try await finish(late, now: now)
    }
    for region in Set(read.looks.lazy.filter(\.mayBeRegions).map(\.region)).sorted() {
      for doubt in try await doubts(in: region, hour: read.hour, now: now) {
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
    let holdsOn = late.isOpen && late.isCut && states.last.map { $0.state != .unknown } ?? false
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

  /// When a region's own network was in doubt, worked out once for all monitors that wait, from what has arrived.
  private func doubts(in region: RegionID, hour: Int64, now: Instant) async throws -> [Range<Instant>] {
    let key = RegionHour(region: region, hour: hour)
    if let known = doubts[key] { return known }
    let stored = lateStored
    let found = try await store.read { try PastLooks.doubts(in: region, hour: hour, in: $0) }
    // What came while this was read may say otherwise.
    if stored == lateStored { doubts[key] = found }
    // What was learned down of others before this could be told is asked for again, once for each doubt.
    if let first = found.first, let last = found.last, doubtsAsked[key] != found {
      let range = first.lowerBound..<last.upperBound
      let due = now + Limits.replayQuietMs
      let asked = try await store.write {
        try ReplayQueries.askAgain(learnedDown: range, in: region, now: now, due: due, in: $0)
      }
      if doubtsAsked.count >= Limits.doubtsRememberedMax { doubtsAsked = [:] }
      doubtsAsked[key] = found
      if asked { replayNext(at: due) }
    }
    return found
  }

  /// These are stored: what is known of the doubts of their hours, or of the hours after them, was judged without them.
  func stored(_ late: [MonitorID: LateStretch], replayAt due: Instant?) {
    if !late.isEmpty { lateStored += 1 }
    for one in late.values.lazy.flatMap(\.hours) {
      doubts[one] = nil
      doubts[RegionHour(region: one.region, hour: one.hour + 1)] = nil
    }
    if let due { replayNext(at: due) }
  }
}

struct RegionHour: Hashable, Sendable {
  let region: RegionID
  let hour: Int64
}
