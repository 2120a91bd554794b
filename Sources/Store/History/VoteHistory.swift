import Domain
import SQLite

/// What each region said of a monitor over a time, by the verdict's own rules from what is stored, as far as it counted then:
/// failures that an overloaded worker may have made are left out, and so is what a region said while it was known to have
/// no voice. What is told by the minute does not say who looked: there nobody stands in for a region without a worker.
public struct VoteHistory: Sendable {
  public let from: Instant
  /// Where it ends: where it was asked to, or after as much as is shown at once.
  public let to: Instant
  /// By name is the reader's; in the order of their keys.
  public let regions: [(region: RegionID, spans: [PastVoteSpan])]
  /// When a quorum came to agree on *down*, oldest first.
  public let agreements: [Replay.Agreement]
  /// The middle of a long time is told by the minute.
  public let isByMinute: Bool

  /// Shown at once at most; the first of it.
  public static let spanMsMax = 14 * Instant.dayMs
  /// Attempts that are read one by one; of a time that has more its beginning and its end are.
  static let looksMax: Int64 = 20_000
  private static let exactHours: Int64 = 2
}

extension VoteHistory {
  /// `monitor` was found through its tenant already.
  public init(of monitor: MonitorID, _ rules: VerdictRules, from: Instant, to end: Instant, in db: Connection) throws {
    let to = min(end, from + Self.spanMsMax)
    let lead = rules.replayLeadMs
    var plan = try PlanQueries.touching(monitor, from: from - lead, to: to, in: db)
    let wasDown = try ReplayQueries.wasDown(monitor, before: from - lead, in: db)
    let isLong = Schedule.slotCount(of: plan, from: from - lead, to: to) > Self.looksMax
    // A vote must last from one minute to the next where no more is known.
    if isLong { for i in plan.indices { plan[i].intervalMs = max(plan[i].intervalMs, Instant.minuteMs) } }
    var (replay, start) = Replay.of(plan, rules: rules, window: from..<to, wasDown: wasDown)
    let lasts = rules.voteLastsMs(over: plan)
    for stop in try PastLooks.stops(of: monitor, from: start, to: to, voteLastsMs: lasts, in: db) {
      replay.stop(at: stop.at, lookedOn: stop.lookedOn)
    }
    let regions = Set(plan.map(\.region)).sorted()
    let silenced = try Self.silence(regions, from: start, to: to, on: &replay, in: db)
    let closed = try HistoryQueries.closed(in: db)?.hour ?? Int64.min
    let exactUntil = isLong ? from.hour + Self.exactHours : Int64.max
    let exactFrom = min(to.hour - Self.exactHours, closed)
    let standIns = try WorkerQueries.standIns(in: db)
    var hour = start.hour - 1
    var isByMinute = false
    if isLong {
      let summed = try RollupQueries.minutes(of: monitor, from: exactUntil, to: max(exactFrom, exactUntil), in: db)
      let attempts = Int(rules.attempts)
      for one in summed {
        replay.add(PastLook.looks(one.minutes, hour: one.hour, region: one.region, attempts: attempts))
      }
      isByMinute = !summed.isEmpty
    }
    while let next = try PastLooks.next(from: hour, of: monitor, regions: regions, in: db),
      next * Instant.hourMs < to.ms
    {
      hour = next + 1
      if next >= exactUntil, next < exactFrom {
        hour = exactFrom
        continue
      }
      replay.add(try PastLooks.hour(next, of: monitor, standIns: standIns, in: db))
      replay.advance(to: min(Instant(ms: hour * Instant.hourMs), to))
    }
    replay.advance(to: to)
    self.init(
      from: from, to: to,
      regions: replay.votes.sorted { $0.key < $1.key }.map { region, spans in
        (region, spans.from(from).silenced(silenced[region] ?? []))
      },
      agreements: replay.agreements.filter { $0.at >= from }, isByMinute: isByMinute)
  }

  /// Takes the voice of regions that had none then; answers when that was because their word was in doubt.
  private static func silence(
    _ regions: [RegionID], from: Instant, to: Instant, on replay: inout Replay, in db: Connection
  ) throws -> [RegionID: [Range<Instant>]] {
    var standInSilent: [Range<Instant>] = []
    if let standIn = try RegionQueries.shared(named: StandIn.name, in: db) {
      standInSilent = try RegionQueries.unwell(standIn, from: from, to: to, in: db).map { $0.from..<$0.to }
    }
    var doubted: [RegionID: [Range<Instant>]] = [:]
    for region in regions {
      for past in try RegionQueries.unwell(region, from: from, to: to, in: db) {
        guard past.state == .offline else {
          replay.mute(region, from: past.from, to: past.to)
          doubted[region, default: []].append(past.from..<past.to)
          continue
        }
        replay.leave(region, from: past.from, to: past.to)
        // Nor does a stand-in speak for it whose own network is in doubt.
        for time in standInSilent.within(past.from..<past.to) {
          replay.mute(region, from: time.lowerBound, to: time.upperBound)
        }
      }
    }
    return doubted
  }
}

extension [PastVoteSpan] {
  /// From `start` on without a hole: before it was asked a region said nothing.
  fileprivate func from(_ start: Instant) -> [PastVoteSpan] {
    var out = filter { $0.to > start }.map { PastVoteSpan(from: Swift.max($0.from, start), to: $0.to, vote: $0.vote) }
    guard let first = out.first, first.from > start else { return out }
    if first.vote == .none {
      out[0].from = start
    } else {
      out.insert(PastVoteSpan(from: start, to: first.from, vote: .none), at: 0)
    }
    return out
  }
}

extension PastLook {
  /// The minutes of an hour as one look each: good where anything in it went well. One that only failed had all its
  /// attempts.
  fileprivate static func looks(
    _ minutes: MinuteRollups, hour: Int64, region: RegionID, attempts: Int
  ) -> [PastLook] {
    minutes.minutes.flatMap { minute, rollup -> [PastLook] in
      let at = Instant(ms: hour * Instant.hourMs + Int64(minute) * Instant.minuteMs)
      func look(_ status: CheckStatus, attempt: Int) -> PastLook {
        PastLook(region: region, slot: at, attempt: attempt, startedAt: at, status: status)
      }
      let good = rollup.ok + rollup.degraded
      if good == 0 { return rollup.down > 0 ? [look(.down, attempt: attempts)] : [] }
      return [look(rollup.degraded * 2 > good ? .degraded : .up, attempt: 1)]
    }
  }
}
