/// What is concluded about a monitor from the reports of its regions. A pure value; the same events give the same state.
public struct Verdict: Hashable, Sendable {
  public enum Event: Sendable {
    /// Settings as they are now; the first event of a monitor, and each edit.
    case configured(VerdictRules, regions: [RegionID], isEnabled: Bool)
    case reported(Report)
    /// A region became suspect or well again.
    case regionHealth(RegionID, isHealthy: Bool)
    case maintenance(Bool)
    /// Nothing ran in this time.
    case notRunning(from: Instant, to: Instant)
    /// What these regions said until now counts no longer.
    case fellSilent([RegionID])
    case timePassed
  }

  public struct Report: Hashable, Sendable {
    public var region: RegionID
    public var trigger: Trigger
    public var startedAt: Instant
    public var status: CheckStatus
    /// Seen from another place, as the region has no worker.
    public var isStandIn: Bool

    public init(
      region: RegionID, trigger: Trigger, startedAt: Instant, status: CheckStatus, isStandIn: Bool = false
    ) {
      self.isStandIn = isStandIn
      self.region = region
      self.trigger = trigger
      self.startedAt = startedAt
      self.status = status
    }
  }

  public enum Action: Hashable, Sendable {
    /// From `since` on the monitor counts as this state; what `monitor_state` holds from there on is replaced.
    case enter(MonitorStatus, since: Instant)
    /// What stands beside the monitor's name changed.
    case show(Shown, was: Shown)
    /// The other regions are to look at once: the first of them failed, or saw an outage end.
    case askOthers(than: RegionID)
    /// The region that says down speaks alone: it is to look once more, at once.
    case askAgain(RegionID)
    /// The failing report is the first of its streak, or one during the outage.
    case keepEvidence(region: RegionID, isFirst: Bool)
    /// A region's streak of failures ended: its last failing run is the one to keep.
    case streakEnded(region: RegionID)
  }

  public struct Shown: Hashable, Sendable {
    public var status: MonitorStatus
    public var since: Instant
    public var recovering: Bool
    public var flapping = false
  }

  public internal(set) var rules: VerdictRules
  public internal(set) var votes: [RegionVote] = []
  /// One of pending, up, degraded, down, unknown, whatever overlays it.
  public internal(set) var base = MonitorStatus.pending
  public internal(set) var baseSince: Instant
  public internal(set) var isEnabled = true
  public internal(set) var inMaintenance = false
  /// Confirmed down and not recovered since, also across unknown time: only recovery checks end it.
  public internal(set) var inOutage = false
  /// Since when regions disagree without a majority.
  public internal(set) var splitSince: Instant?
  public internal(set) var flapping = Flapping()
  /// No state of this monitor may be dated back before this.
  var floor: Instant
  public internal(set) var shown: Shown

  public init(rules: VerdictRules, at: Instant) {
    self.rules = rules
    baseSince = at
    floor = at
    shown = Shown(status: .pending, since: at, recovering: false)
  }

  /// What durations are counted as.
  public var counted: MonitorStatus { !isEnabled ? .paused : inMaintenance ? .maintenance : base }

  /// The next moment at which time alone may change something.
  public var wakesAt: Instant? {
    guard isEnabled else { return nil }
    var next: Instant?
    for vote in votes where vote.hasWord {
      if let end = vote.expiresAt(rules) { next = min(next ?? end, end) }
    }
    if let splitSince, base != .down, base != .degraded {
      let end = splitSince + 2 * Int64(rules.intervalMs)
      next = min(next ?? end, end)
    }
    if let end = awaitsOthersUntil { next = min(next ?? end, end) }
    // Where `settle` would not end it, its time must not wake anybody either.
    if let end = flapping.endsAt(rules), mayCalmDown { next = min(next ?? end, end) }
    return next
  }

  /// Flapping ends in a state that means something: not while a failure is verified, nobody looks or nobody should.
  private var mayCalmDown: Bool { shown.status == .up || shown.status == .degraded || shown.status == .down }

  /// Failing attempts of a region that count for its next slot.
  public func carriedAttempts(_ region: RegionID) -> UInt8 {
    guard let vote = votes.first(where: { $0.region == region }) else { return 0 }
    return min(vote.failures, rules.attempts - 1)
  }

  /// Puts back what the log knows and the stored verdict does not.
  public mutating func restore(region: RegionID, at: Instant) {
    guard let i = votes.firstIndex(where: { $0.region == region }) else { return }
    votes[i].at = max(votes[i].at ?? at, at)
  }

  public mutating func handle(_ event: Event, now: Instant) -> [Action] {
    var actions: [Action] = []
    let counted = counted
    let countedSince = baseSince
    let before = (base: base, inMaintenance: inMaintenance, alone: alone?.key)
    let lapsed = lapseOld(now: now)
    switch event {
    case .configured(let rules, let regions, let enabled): configure(rules, regions, enabled, now: now)
    case .reported(let report): take(report, now: now, into: &actions)
    case .regionHealth(let region, let isHealthy):
      if let i = votes.firstIndex(where: { $0.region == region }) { votes[i].turn(healthy: isHealthy) }
    case .maintenance(let begins): inMaintenance = begins
    case .fellSilent(let silent): for i in votes.indices where silent.contains(votes[i].region) { votes[i].lapse() }
    case .notRunning, .timePassed: break
    }
    if isEnabled, let alone, alone.key != before.alone {
      // What it saw while others contradicted it is one word against theirs.
      for i in votes.indices where votes[i].region == alone.region { votes[i].isLeftAlone(since: lapsed, rules) }
      actions.append(.askAgain(alone.region))
    }
    var unknownFrom = lapsed ?? now
    if case .notRunning(let from, _) = event { unknownFrom = min(unknownFrom, from) }
    let wasInOutage = inOutage
    if isEnabled { decide(now: now, unknownFrom: unknownFrom, outvotedUntil: lapsed) }
    if inMaintenance != before.inMaintenance || base != before.base && before.base == .unknown {
      flapping.seenAgain(at: now)
    }
    if inOutage != wasInOutage, !inMaintenance { flapping.changed(at: now, rules: rules) }
    noteCounted(from: counted, countedSince, now: now, into: &actions)
    noteShown(now: now, into: &actions)
    return actions
  }
}

extension Verdict {
  /// Lets votes lapse whose time is over; answers when the newest of them did.
  private mutating func lapseOld(now: Instant) -> Instant? {
    var newest: Instant?
    for i in votes.indices {
      guard votes[i].hasWord, let end = votes[i].expiresAt(rules), now >= end else { continue }
      newest = max(newest ?? end, end)
      votes[i].lapse()
    }
    return newest
  }

  private mutating func configure(_ rules: VerdictRules, _ regions: [RegionID], _ enabled: Bool, now: Instant) {
    self.rules = rules
    // Whom the regions of before outvoted is not to be a majority of those that come in their place.
    if base != .down, regions != votes.map(\.region) {
      for i in votes.indices where votes[i].vote == .down { votes[i].lapse() }
    }
    votes = regions.map { region in votes.first { $0.region == region } ?? RegionVote(region: region) }
    for i in votes.indices { votes[i].fit(rules) }
    guard enabled != isEnabled else { return }
    isEnabled = enabled
    for i in votes.indices {
      votes[i].lapse()
      votes[i].at = nil
    }
    inOutage = false
    splitSince = nil
    flapping = Flapping()
    base = .pending
    baseSince = now
    floor = now
  }

  private mutating func take(_ report: Report, now: Instant, into actions: inout [Action]) {
    guard isEnabled, let i = votes.firstIndex(where: { $0.region == report.region }) else { return }
    // Seen before, overtaken by a newer one, or too old to say anything about now: history only.
    guard votes[i].at.map({ $0 < report.startedAt }) ?? true, now - report.startedAt < rules.historyAfterMs else {
      return
    }
    if report.isStandIn {
      // A region that is there speaks for itself.
      guard !votes[i].isHealthy else { return }
      votes[i].beginStandIn()
    } else if !votes[i].isHealthy {
      // What a suspect region sees is about the region; it must not come out as a streak when the region is well again.
      if !votes[i].isStandIn { votes[i].at = report.startedAt }
      return
    }
    let before = votes[i]
    if report.status == .down {
      votes[i].failed(at: report.startedAt, rules: rules)
      let isFirst = before.failures == 0 && before.vote != .down
      actions.append(.keepEvidence(region: report.region, isFirst: isFirst))
      if isFirst, votes.count > 1, report.trigger != .secondOpinion || isNews(report) {
        actions.append(.askOthers(than: report.region))
      }
    } else {
      votes[i].succeeded(
        slow: report.status == .degraded, at: report.startedAt, rules: rules, inOutage: inOutage)
      // The end of an outage is dated by the region that completes the majority: it is not to wait for its next slot.
      let isKnown = votes.contains { $0.region != report.region && $0.vote != .up && $0.successes > 0 }
      if inOutage, before.successes == 0, votes.count > 1, report.trigger != .secondOpinion || !isKnown {
        actions.append(.askOthers(than: report.region))
      }
      if before.failures > 0 || before.vote == .down && before.successes == 0 {
        actions.append(.streakEnded(region: report.region))
      }
    }
  }

  /// Whether a failing second opinion is the first that is heard of it: nobody else fails (this was asked for another
  /// monitor's sake), or one that said down a while ago has not looked since, and its word must not make a majority unasked.
  private func isNews(_ report: Report) -> Bool {
    let others = votes.filter { $0.region != report.region && $0.hasVoice }
    return others.allSatisfy { $0.failures == 0 && $0.vote != .down }
      || others.contains {
        $0.vote == .down && ($0.at.map { $0 < report.startedAt - Int64(rules.budgetMs) } ?? true)
      }
  }

  /// Applies the quorum rule to the live votes.
  private mutating func decide(now: Instant, unknownFrom: Instant, outvotedUntil: Instant?) {
    let live = voices(of: votes.filter { $0.isLive(rules, now: now) })
    let downs = live.filter { $0.vote == .down }
    let ups = live.filter { $0.vote == .up }
    let voters = downs.count + ups.count
    let forDown = rules.neededForDown(of: voters)
    let forUp = rules.neededForUp(of: voters)
    if voters == 0 {
      splitSince = nil
      if base != .pending { move(to: .unknown, since: unknownFrom) }
    } else if downs.count >= forDown {
      splitSince = nil
      if let end = awaitsOthersUntil, now < end { return }
      guard unborneOut == nil else { return }
      inOutage = true
      let agreed = moment(forDown, of: downs.map(\.firstFailure))
      // A majority that came about because others fell silent began when they did: until then it was outvoted.
      move(to: .down, since: max(agreed, outvotedUntil ?? agreed))
    } else if ups.count >= forUp {
      splitSince = nil
      let slow = ups.filter(\.isSlow)
      let isSlow = slow.count * 2 > ups.count
      let recovered = moment(forUp, of: ups.map(\.firstSuccess))
      let edge = ups.map(\.slowEdge).max() ?? recovered
      let since = base == .up || base == .degraded ? edge : recovered
      inOutage = false
      move(to: isSlow ? .degraded : .up, since: since)
    } else {
      let since = splitSince ?? now
      splitSince = since
      if base != .down, now - since >= 2 * Int64(rules.intervalMs) { move(to: .degraded, since: since) }
    }
  }

  /// Out of silence, or before anything is known, the first region to vote would decide alone. Less than the quorum of all
  /// healthy regions waits until the others have had the time to say what they were asked at the first failure.
  private var awaitsOthersUntil: Instant? {
    guard base == .pending || base == .unknown else { return nil }
    let healthy = voices(of: votes.filter(\.hasVoice))
    let voters = healthy.filter { $0.vote != .none && $0.at != nil }
    let downs = voters.filter { $0.vote == .down }
    guard voters.count < healthy.count, downs.count >= rules.neededForDown(of: voters.count),
      downs.count < rules.neededForDown(of: healthy.count), unborneOut == nil,
      let asked = downs.map(\.firstFailure).min()
    else { return nil }
    return asked + 2 * Int64(rules.budgetMs) + Limits.secondOpinionMs
  }

  /// When the `count`-th of these began: the moment from which enough regions agreed.
  private func moment(_ count: Int, of starts: [Instant]) -> Instant {
    starts.sorted()[min(count, starts.count) - 1]
  }

  private mutating func move(to state: MonitorStatus, since: Instant) {
    guard state != base else { return }
    let start = max(since, floor, baseSince)
    if base == .pending || base == .unknown { floor = start }
    base = state
    baseSince = start
    if state == .unknown { floor = start }
  }

  private mutating func noteCounted(
    from before: MonitorStatus, _ beforeSince: Instant, now: Instant, into actions: inout [Action]
  ) {
    let after = counted
    guard after != before else { return }
    if after == base && before != .paused && before != .maintenance {
      actions.append(.enter(after, since: baseSince))
    } else {
      // Pause and maintenance begin and end when they are set; nothing is dated back across them.
      floor = max(floor, now)
      if after == base { baseSince = max(baseSince, now) }
      actions.append(.enter(after, since: now))
    }
  }

  private mutating func noteShown(now: Instant, into actions: inout [Action]) {
    let was = shown
    shown = currentlyShown(now: now)
    if mayCalmDown { flapping.settle(at: now, rules: rules) }
    shown.flapping = flapping.isActive
    if shown != was { actions.append(.show(shown, was: was)) }
  }

  private func currentlyShown(now: Instant) -> Shown {
    if !isEnabled || inMaintenance {
      let since = shown.status == counted ? shown.since : now
      return Shown(status: counted, since: since, recovering: false)
    }
    let live = votes.filter { $0.isLive(rules, now: now) }
    let recovering = inOutage && live.contains { $0.vote != .up && $0.successes > 0 }
    let isOpen = splitSince != nil || awaitsOthersUntil != nil || unborneOut != nil
    let verifying = live.filter { $0.isVerifying || isOpen && $0.vote == .down }
    if base != .down, !(base == .degraded && splitSince != nil), !verifying.isEmpty {
      let since = shown.status == .unconfirmed ? shown.since : verifying.map(\.firstFailure).min() ?? now
      return Shown(status: .unconfirmed, since: max(since, floor), recovering: recovering)
    }
    return Shown(status: base, since: baseSince, recovering: recovering)
  }
}
