/// How a region stands. Only a healthy one has a voice about targets.
public enum RegionState: String, Sendable, CaseIterable {
  case healthy
  /// No worker of it was heard of lately.
  case offline
  /// Its own network or resolver seems to fail.
  case suspect
  /// Its workers cannot keep up, so that their time-outs prove nothing.
  case overloaded

  /// Why its slots have no result meanwhile.
  public var missed: MissedReason? {
    switch self {
    case .healthy: nil
    case .offline: .workerOffline
    case .suspect: .regionSuspect
    case .overloaded: .overloaded
    }
  }
}

/// The workers that are heard of, and what follows for their regions. A pure value, owned by the engine.
public struct Fleet: Sendable {
  public struct Member: Hashable, Sendable {
    public let worker: WorkerID
    public let region: RegionID
    /// Until then it counts as being there; a worker that waits for jobs is there while it waits.
    public var seenUntil: Instant
    public var seen: Instant
    public var report: WorkerReport?
    /// Jobs handed out to it lately.
    public var pace = Pace()

    /// What it says of itself: a worker that is not heard of is in no fleet.
    public var state: RegionState {
      guard let report else { return .healthy }
      if report.canaryWorks == false || report.resolverWorks == false { return .suspect }
      return report.loopLagP99Us > Limits.loopLagOverloadedUs ? .overloaded : .healthy
    }
  }

  public enum Event: Sendable {
    case seen(WorkerID, RegionID, waitMs: Int64, WorkerReport?)
    case left(WorkerID)
    /// Reports came in: regions are judged, nobody is given up.
    case looked
    case timePassed
  }

  public enum Action: Hashable, Sendable {
    /// A worker was silent for too long: what it holds goes to others.
    case lost(WorkerID)
    case regionChanged(RegionID, from: RegionState, to: RegionState)
  }

  public private(set) var members: [WorkerID: Member] = [:]
  public private(set) var states: [RegionID: RegionState] = [:]
  public private(set) var guards: [RegionID: RegionGuard] = [:]
  private let begun: Instant

  /// Regions count as they did before, or as healthy, for a while after the start, so that their workers may find back.
  public init(begun: Instant, known: [RegionID: RegionState] = [:]) {
    self.begun = begun
    states = known.filter { $0.value != .healthy }
  }

  public func state(of region: RegionID) -> RegionState { states[region] ?? .healthy }
  public func healthy(in region: RegionID, now: Instant) -> Int {
    members.values.count { $0.region == region && $0.seenUntil > now }
  }

  public mutating func handle(_ event: Event, regions: some Sequence<RegionID>, now: Instant) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .seen(let worker, let region, let waitMs, let report):
      var member = members[worker] ?? Member(worker: worker, region: region, seenUntil: now, seen: now)
      member.seen = now
      member.seenUntil = max(now + waitMs, now) + Limits.workerSilentMs
      if let report { member.report = report }
      members[worker] = member
    case .left(let worker): members[worker] = nil
    case .looked: break
    case .timePassed:
      for (worker, _) in members.filter({ $0.value.seenUntil <= now }).sorted(by: { $0.key < $1.key }) {
        members[worker] = nil
        actions.append(.lost(worker))
      }
    }
    for region in regions { conclude(region, now: now, into: &actions) }
    return actions
  }

  public mutating func handedOut(_ jobs: Int, to worker: WorkerID, at now: Instant) {
    members[worker]?.pace.count(jobs, at: now)
  }

  /// Without what the guards remember.
  public func sight(at now: Instant) -> FleetSight {
    FleetSight(members: members.filter { $0.value.seenUntil > now }, states: states, at: now)
  }

  /// Takes in a report from a region; answers targets to be looked at now, to tell its trouble from the target's.
  public mutating func see(
    _ target: String, failed: Bool, hasWayOut: Bool? = nil, in region: RegionID, at: Instant, now: Instant
  ) -> [String] {
    guard guards[region, default: RegionGuard()].see(target, failed: failed, hasWayOut: hasWayOut, at: at) else {
      return []
    }
    guard guards[region]!.asksOthers(at: now) else { return [] }
    return guards[region]!.witnesses(besides: target, count: RegionGuard.togetherMin - 1)
  }

  private mutating func conclude(_ region: RegionID, now: Instant, into actions: inout [Action]) {
    _ = guards[region, default: RegionGuard()].conclude(now: now)
    let before = state(of: region)
    let after = judged(region, now: now)
    guard after != before else { return }
    states[region] = after
    actions.append(.regionChanged(region, from: before, to: after))
  }

  private func judged(_ region: RegionID, now: Instant) -> RegionState {
    let present = members.values.filter { $0.region == region && $0.seenUntil > now }
    guard !present.isEmpty else { return now - begun < Limits.workersReturnMs ? state(of: region) : .offline }
    let reports = present.compactMap(\.report)
    if !reports.isEmpty, reports.count == present.count {
      if reports.allSatisfy({ $0.canaryWorks == false || $0.resolverWorks == false }) { return .suspect }
      let limit = state(of: region) == .overloaded ? Limits.loopLagHealthyUs : Limits.loopLagOverloadedUs
      if reports.allSatisfy({ $0.loopLagP99Us > limit }) { return .overloaded }
    }
    // A place that was chosen because it always answers proves more than many that may share a fate.
    let isProved = reports.contains { $0.canaryWorks == true && $0.hasOwnCanaries }
    return guards[region]?.isSuspect == true && !isProved ? .suspect : .healthy
  }
}

/// The fleet as it stands at one moment, for people.
public struct FleetSight: Sendable {
  /// Those who are heard of.
  public let members: [WorkerID: Fleet.Member]
  /// What was concluded of regions so far.
  public let states: [RegionID: RegionState]
  public let at: Instant
  /// Since when due times stay without an outcome; nil while all is accounted for.
  public var slotsOverdueSince: Instant?

  public init(members: [WorkerID: Fleet.Member] = [:], states: [RegionID: RegionState] = [:], at: Instant) {
    self.members = members
    self.states = states
    self.at = at
  }

  public func state(of region: RegionID) -> RegionState { states[region] ?? .healthy }
  /// How many are heard of.
  public func workers(in region: RegionID) -> Int { members.values.count { $0.region == region } }
}

/// How much happens a second, over the last minute.
public struct Pace: Hashable, Sendable {
  private static let stepMs: Int64 = 5000
  private static let spanMs = Instant.minuteMs
  private var since: Instant?
  /// Counts by number of step, one minute's worth.
  private var steps: [Int64: Int] = [:]

  public init() {}

  public mutating func count(_ n: Int, at now: Instant) {
    since = since ?? now
    steps[now.ms / Self.stepMs, default: 0] += n
    if steps.count > Int(Self.spanMs / Self.stepMs) {
      steps = steps.filter { $0.key > (now.ms - Self.spanMs) / Self.stepMs }
    }
  }

  /// Nil before there was anything to count for a while.
  public func perSecond(at now: Instant) -> Double? {
    guard let since, now - since >= Self.stepMs else { return nil }
    let recent = steps.filter { $0.key > (now.ms - Self.spanMs) / Self.stepMs }.values.reduce(0, +)
    return Double(recent) * 1000 / Double(min(now - since, Self.spanMs))
  }
}

/// A region that gained or lost its voice.
public struct RegionChange: Hashable, Sendable {
  public let region: RegionID
  public let name: String
  public let from: RegionState
  public let to: RegionState
  public let at: Instant

  public init(region: RegionID, name: String, from: RegionState, to: RegionState, at: Instant) {
    self.region = region
    self.name = name
    self.from = from
    self.to = to
    self.at = at
  }
}
