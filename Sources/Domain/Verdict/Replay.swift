/// One attempt of the past, as it stands in the history.
public struct PastLook: Hashable, Sendable {
  public var region: RegionID
  public var trigger: Trigger
  /// The due time that its run filled; nil for a run that was asked for.
  public var slot: Instant?
  /// Counts from 1 within the streak that its run belongs to.
  public var attempt: Int
  public var startedAt: Instant
  public var lastedMs: Int64
  public var status: CheckStatus
  /// It failed in a way that may as well be the network's of the region that looked.
  public var mayBeRegions: Bool
  /// A worker of no region looked in the region's place.
  public var isStandIn: Bool

  public init(
    region: RegionID, trigger: Trigger = .schedule, slot: Instant? = nil, attempt: Int = 1, startedAt: Instant,
    lastedMs: Int64 = 0, status: CheckStatus, mayBeRegions: Bool = false, isStandIn: Bool = false
  ) {
    self.region = region
    self.trigger = trigger
    self.slot = slot
    self.attempt = attempt
    self.startedAt = startedAt
    self.lastedMs = lastedMs
    self.status = status
    self.mayBeRegions = mayBeRegions
    self.isStandIn = isStandIn
  }

  /// When it could be told.
  public var heardAt: Instant { startedAt + max(lastedMs, 0) }
}

/// What a region said at a moment, as far as it counted.
public enum PastVote: String, Sendable, CaseIterable {
  case up, slow, down
  /// Its own network was in doubt, or it could not keep up: whatever it said did not count.
  case silenced
  /// It had said nothing that still counted.
  case none
}

public struct PastVoteSpan: Hashable, Sendable {
  public var from: Instant
  public var to: Instant
  public var vote: PastVote

  public init(from: Instant, to: Instant, vote: PastVote) {
    self.from = from
    self.to = to
    self.vote = vote
  }
}

/// The verdict over again: what is concluded from looks of the past when each is heard of as soon as it ends. Pure; it
/// tells nobody, and the same looks give the same history in whatever order they came.
public struct Replay: Sendable {
  /// The quorum came to agree on *down*.
  public struct Agreement: Hashable, Sendable {
    public let at: Instant
    /// The monitor counts as down since then.
    public let since: Instant
    /// Votes for down, and regions with a vote that counted.
    public let downs: Int
    public let voters: Int
    public let needed: Int
  }

  private enum Happening: Sendable {
    case configured(VerdictRules, [RegionID])
    case stopped(lookedOn: Set<RegionID>)
    case health(RegionID, Bool)
    case gone(RegionID, Bool)
    case look(PastLook)

    /// What happens at one moment happens in this order.
    var rank: Int {
      switch self {
      case .configured: 0
      case .stopped: 1
      case .health, .gone: 2
      case .look: 3
      }
    }
  }

  private struct Planned: Comparable, Sendable {
    let at: Instant
    let rank: Int
    let order: (Int64, Int64, Int)
    let happening: Happening

    static func < (a: Planned, b: Planned) -> Bool {
      (a.at, a.rank, a.order.0, a.order.1, a.order.2) < (b.at, b.rank, b.order.0, b.order.1, b.order.2)
    }
    static func == (a: Planned, b: Planned) -> Bool { !(a < b) && !(b < a) }
  }

  private var verdict: Verdict
  private var ahead = Heap<Planned>()
  private var at: Instant
  private var turns: [(since: Instant, state: MonitorStatus)]
  /// How many doubts there are at a time of what is said for a region, by anybody.
  private var muted: [RegionID: Int] = [:]
  /// Regions without a worker.
  private var gone: Set<RegionID> = []
  private var said: [RegionID: [(since: Instant, vote: PastVote)]] = [:]
  public private(set) var agreements: [Agreement] = []

  /// `wasDown`: the monitor was confirmed down by then, so that only recovery checks end it.
  public init(from: Instant, rules: VerdictRules, regions: [RegionID], wasDown: Bool) {
    at = from
    verdict = Verdict(rules: rules, at: from)
    verdict.inOutage = wasDown
    turns = [(from, .unknown)]
    _ = verdict.handle(.configured(rules, regions: regions, isEnabled: true), now: from)
    note()
  }

  /// From `at` on the monitor was looked at in this way.
  public mutating func configure(_ rules: VerdictRules, regions: [RegionID], at: Instant) {
    plan(.configured(rules, regions), at: at, order: (0, 0, 0))
  }

  /// The region's own network was in doubt: what it said then counts for nothing.
  public mutating func mute(_ region: RegionID, from: Instant, to: Instant) {
    plan(.health(region, false), at: from, order: (region.raw, 0, 0))
    plan(.health(region, true), at: to, order: (region.raw, 1, 0))
  }

  /// No worker of the region was heard of: only a stand-in could speak for it, and what its own brought later was not heard.
  public mutating func leave(_ region: RegionID, from: Instant, to: Instant) {
    plan(.gone(region, true), at: from, order: (region.raw, 0, 0))
    plan(.gone(region, false), at: to, order: (region.raw, 1, 0))
  }

  /// From `at` on the control plane did not run. Only what the regions said that looked again before their word was over is
  /// carried into that time: the others were not there, or nobody knows.
  public mutating func stop(at: Instant, lookedOn: Set<RegionID>) {
    plan(.stopped(lookedOn: lookedOn), at: at, order: (0, 0, 0))
  }

  public mutating func add(_ looks: some Sequence<PastLook>) {
    for look in looks { plan(.look(look), at: look.heardAt, order: (look.startedAt.ms, look.region.raw, look.attempt)) }
  }

  /// Goes on to `end`; what happened before it must be known by now.
  public mutating func advance(to end: Instant) {
    while let next = ahead.first, next.at < end {
      _ = ahead.pop()
      wake(before: next.at)
      at = max(at, next.at)
      switch next.happening {
      case .configured(let rules, let regions):
        step(.configured(rules, regions: regions, isEnabled: true))
        // A region that comes new to the monitor is in doubt as it is to all others.
        for region in gone.union(muted.keys).sorted()
        where verdict.votes.contains(where: { $0.region == region && $0.isHealthy }) {
          step(.regionHealth(region, isHealthy: false))
        }
      case .stopped(let lookedOn):
        step(.fellSilent(verdict.votes.map(\.region).filter { !lookedOn.contains($0) }))
      case .health(let region, let isHealthy): doubt(region, ends: isHealthy)
      case .gone(let region, let isGone):
        if isGone { gone.insert(region) } else { gone.remove(region) }
        setVoice(of: region)
      case .look(let look): take(look)
      }
    }
    wake(before: end)
    at = max(at, end)
  }

  /// The states up to where it went, oldest first, without a hole.
  public var states: [StateSpan] {
    spans(turns.map { ($0.since, $0.state) }).map { StateSpan(since: $0.0, until: $0.1, state: $0.2) }
  }

  /// What each region that was asked said up to where it went, oldest first, without a hole.
  public var votes: [RegionID: [PastVoteSpan]] {
    said.mapValues { spans($0.map { ($0.since, $0.vote) }).map { PastVoteSpan(from: $0.0, to: $0.1, vote: $0.2) } }
  }

  private func spans<Kind: Equatable>(_ turns: [(Instant, Kind)]) -> [(Instant, Instant, Kind)] {
    var out: [(Instant, Instant, Kind)] = []
    for (i, turn) in turns.enumerated() {
      let end = i + 1 < turns.count ? turns[i + 1].0 : at
      guard turn.0 < end else { continue }
      if let last = out.last, last.2 == turn.1, last.1 == turn.0 {
        out[out.count - 1].1 = end
      } else {
        out.append((turn.0, end, turn.1))
      }
    }
    return out
  }

  private mutating func plan(_ happening: Happening, at: Instant, order: (Int64, Int64, Int)) {
    ahead.push(Planned(at: max(at, self.at), rank: happening.rank, order: order, happening: happening))
  }

  /// What time alone changes before `end`.
  private mutating func wake(before end: Instant) {
    while let next = verdict.wakesAt, next < end {
      let before = verdict
      at = max(at, next)
      step(.timePassed)
      // A moment that changes nothing would come again.
      if verdict == before { return }
    }
  }

  /// One doubt may begin as another ends, or before.
  private mutating func doubt(_ region: RegionID, ends: Bool) {
    let before = muted[region] ?? 0
    let after = max(before + (ends ? -1 : 1), 0)
    muted[region] = after > 0 ? after : nil
    if (before > 0) != (after > 0) { setVoice(of: region) }
  }

  private mutating func setVoice(of region: RegionID) {
    step(.regionHealth(region, isHealthy: muted[region] == nil && !gone.contains(region)))
  }

  /// Only the last attempt of a run may be known, where a newer slot was filled first: its number tells of those before.
  private mutating func take(_ look: PastLook) {
    // Neither does a stand-in speak for a region in doubt, nor does the region's own look end the doubt.
    guard muted[look.region] == nil, look.isStandIn || !gone.contains(look.region) else { return }
    changePlaces(look)
    if look.status == .down, look.trigger == .schedule,
      let known = verdict.votes.first(where: { $0.region == look.region }), known.vote != .down, known.isHealthy
    {
      var start = look.startedAt
      var missing: [Instant] = []
      for attempt in stride(from: look.attempt - 1, to: Int(known.failures), by: -1) {
        start = start - MonitorSettings.backOffMs(beforeAttempt: attempt)
        // The first attempt of a run begins when it is due.
        if attempt == 1, let slot = look.slot { start = min(start, slot) }
        missing.append(start)
      }
      for start in missing.reversed() { report(look, startedAt: start) }
    }
    report(look, startedAt: look.startedAt)
  }

  /// A stand-in looks only where a region has no worker of its own, and such a worker's look ends that.
  private mutating func changePlaces(_ look: PastLook) {
    guard let vote = verdict.votes.first(where: { $0.region == look.region }) else { return }
    if look.isStandIn, vote.isHealthy { step(.regionHealth(look.region, isHealthy: false)) }
    if !look.isStandIn, vote.isStandIn { step(.regionHealth(look.region, isHealthy: true)) }
  }

  private mutating func report(_ look: PastLook, startedAt: Instant) {
    step(
      .reported(
        .init(
          region: look.region, trigger: look.trigger, startedAt: startedAt, status: look.status,
          isStandIn: look.isStandIn)))
  }

  private mutating func step(_ event: Verdict.Event) {
    let wasDown = verdict.base == .down
    for case .enter(let state, let since) in verdict.handle(event, now: at) {
      while let last = turns.last, last.since >= since, turns.count > 1 { turns.removeLast() }
      turns.append((max(since, turns[0].since), state == .pending ? .unknown : state))
    }
    if verdict.base == .down, !wasDown {
      let live = verdict.voices(of: verdict.votes.filter { $0.isLive(verdict.rules, now: at) })
        .filter { $0.vote != .none }
      agreements.append(
        Agreement(
          at: at, since: verdict.baseSince, downs: live.count { $0.vote == .down }, voters: live.count,
          needed: verdict.rules.neededForDown(of: live.count)))
    }
    note()
  }

  private mutating func note() {
    for vote in verdict.votes {
      let now = PastVote(vote, isLive: vote.isLive(verdict.rules, now: at))
      if said[vote.region]?.last?.vote != now { said[vote.region, default: []].append((at, now)) }
    }
    for region in said.keys where !verdict.votes.contains(where: { $0.region == region }) {
      if said[region]?.last?.vote != PastVote.none { said[region]?.append((at, .none)) }
    }
  }
}

extension PastVote {
  fileprivate init(_ vote: RegionVote, isLive: Bool) {
    guard isLive else {
      self = .none
      return
    }
    switch vote.vote {
    case .none: self = .none
    case .up: self = vote.isSlow ? .slow : .up
    case .down: self = .down
    }
  }
}
