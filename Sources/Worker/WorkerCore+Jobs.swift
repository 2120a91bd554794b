import Domain
import Probe
import Wire

/// From jobs to runs: those that were given, and those that the worker gives itself while nobody can be asked.
extension WorkerCore {
  mutating func start(_ offered: [OfferedJob], nowNs: UInt64, into actions: inout [Action]) {
    let known = Dictionary(held.map { ($0.value.job.id, $0.key) }, uniquingKeysWith: { first, _ in first })
    var runs: [ProbeRun] = []
    for offer in offered {
      region = offer.job.id.region
      if let token = known[offer.job.id] {
        // It is under way here already; what it brings counts under the newer lease.
        held[token]?.generation = offer.generation
        held[token]?.leaseUntil = offer.leaseUntil
        continue
      }
      guard let target = target(offer.assignment) else {
        // A target that this version cannot make a probe of is nobody's outage.
        let refusal = Refusal(monitor: offer.job.id.monitor, name: "", reason: "cannot be made a probe of here")
        refuse(
          RefusedJob(text: offer.job.id.text, generation: offer.generation, refusal: refusal), nowNs: nowNs,
          into: &actions)
        continue
      }
      runs.append(
        run(
          offer.job, offer.generation, until: offer.leaseUntil, target, allowsPrivate: offer.assignment.allowsPrivate))
    }
    if !runs.isEmpty { actions.append(.start(runs)) }
  }

  private mutating func run(
    _ job: Job, _ generation: Generation?, until: Instant, _ target: ProbeTarget, allowsPrivate: Bool
  ) -> ProbeRun {
    let token = nextToken
    nextToken += 1
    held[token] = Held(job: job, generation: generation, leaseUntil: until, target: target)
    return ProbeRun(
      token: token, target: target, dueNs: clock.monotonicNs(of: job.due), budgetMs: Int64(job.budgetMs),
      allowsPrivate: allowsPrivate, firstAttempt: Int(job.firstAttempt), urgent: job.id.trigger != .schedule)
  }

  /// Compiled once for each version of a monitor.
  private mutating func target(_ assignment: Assignment) -> ProbeTarget? {
    if let known = targets[assignment.monitor], known.version == assignment.version { return known.target }
    guard let made = try? ProbeTarget(assignment.settings) else { return nil }
    targets[assignment.monitor] = (assignment.version, made)
    return made
  }

  /// The monitor as this worker read it before, so that nobody reads it twice.
  public func known(_ monitor: MonitorID, _ version: Int64) -> Assignment? {
    plan[monitor].flatMap { $0.version == version ? $0 : nil }
  }
  public var knownRegion: RegionID? { region }
  /// Nil for a run that is no monitor's.
  public func monitor(of token: UInt64) -> MonitorID? { held[token]?.job.id.monitor }

  /// The slots of the next second that are this worker's own by its share of the region.
  mutating func giveOwnJobs(nowNs: UInt64, into actions: inout [Action]) {
    guard clock.isSet, !isLeaving else { return }
    let now = clock.now(nowNs)
    let from = max(ownSlotsFrom, now)
    let to = now + 1000
    guard from < to else { return }
    ownSlotsFrom = to
    let known = Set(held.values.map(\.job.id))
    var runs: [ProbeRun] = []
    for one in plan.values where isOwn(one.monitor) {
      for row in one.plan {
        for slot in row.slots(from: from, to: to) {
          let id = JobID(monitor: one.monitor, region: row.region, trigger: .schedule, mark: slot.ms)
          guard held.count < configuration.heldMax, !known.contains(id), let target = target(one) else { continue }
          let job = Job(id: id, due: slot, budgetMs: Int32(clamping: one.settings.slotBudgetMs))
          runs.append(run(job, nil, until: slot + job.leaseMs, target, allowsPrivate: one.allowsPrivate))
        }
      }
    }
    // One order whatever the dictionary's is.
    runs.sort { ($0.dueNs, $0.token) < ($1.dueNs, $1.token) }
    if !runs.isEmpty { actions.append(.start(runs)) }
  }

  func isOwn(_ monitor: MonitorID) -> Bool {
    let mixed = UInt64(bitPattern: monitor.raw) &* 0x9E37_79B9_7F4A_7C15
    return Int((mixed >> 33) % UInt64(share.of)) == share.index
  }

  /// Leases of runs that take longer than half of theirs.
  mutating func renewLeases(nowNs: UInt64, into actions: inout [Action]) {
    guard !isAway, nowNs >= renewAgainNs else { return }
    renewAgainNs = nowNs + 1_000_000_000
    let now = clock.now(nowNs)
    var refs: [LeaseRef] = []
    for (token, one) in held {
      guard let generation = one.generation, !one.isRenewing, one.leaseUntil - now <= one.job.leaseMs / 2,
        one.job.due <= now
      else { continue }
      held[token]?.isRenewing = true
      refs.append(LeaseRef(job: one.job.id, generation: generation, worker: worker))
    }
    if !refs.isEmpty { actions.append(.renew(refs)) }
  }

  mutating func renewFailed(_ refs: [LeaseRef]) {
    if refs.isEmpty { isAsking = false }
    let asked = Set(refs.map(\.job))
    for (token, one) in held where asked.contains(one.job.id) { held[token]?.isRenewing = false }
  }

  mutating func renewed(_ refs: [LeaseRef], lost: [LeaseRef], nowNs: UInt64, into actions: inout [Action]) {
    contacted(nowNs: nowNs)
    if refs.isEmpty { isAsking = false }
    let asked = Set(refs.map(\.job))
    let gone = Set(lost.map(\.job))
    var ended: [UInt64] = []
    for (token, one) in held where one.isRenewing && asked.contains(one.job.id) {
      if gone.contains(one.job.id) {
        ended.append(token)
        held[token] = nil
      } else {
        held[token]?.isRenewing = false
        held[token]?.leaseUntil = one.leaseUntil + one.job.leaseMs / 2
      }
    }
    if !ended.isEmpty { actions.append(.cancel(ended)) }
  }
}
