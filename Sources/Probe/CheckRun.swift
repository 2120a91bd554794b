import Curl
import Domain

/// One run on its way: waits until it is due, tries, tries again after a failure while the budget lasts.
final class CheckRun: TimerTarget {
  private let run: ProbeRun
  private unowned let core: ProbeCore
  private var attempt: Int
  private var plannedNs: UInt64
  private var budgetEndNs: UInt64 = 0
  private var startedNs: UInt64 = 0
  private var lateNs: UInt64 = 0
  private var endedNs: UInt64 = 0
  private var timer = TimerID.none
  private var probe: ProbeAttempt?
  private var isCancelled = false

  init(_ run: ProbeRun, core: ProbeCore) {
    self.run = run
    self.core = core
    attempt = run.firstAttempt
    plannedNs = run.dueNs
  }

  func schedule() {
    let nowNs = core.loop.nowNs
    // A run without a due time, or whose time has passed, is due when it arrives.
    if plannedNs <= nowNs {
      if plannedNs == 0 { plannedNs = nowNs }
      begin()
    } else {
      timer = core.loop.setTimer(plannedNs, self)
    }
  }

  func timerFired(tag: Int) {
    timer = .none
    begin()
  }

  /// Ends without a further report.
  func cancel() {
    isCancelled = true
    core.loop.cancelTimer(&timer)
    if let probe {
      probe.cancel()
      self.probe = nil
      core.freePlace()
    }
  }

  /// The queue has a place; a run cancelled meanwhile leaves it to the next.
  func placeIsFree() {
    if !isCancelled { begin() }
  }

  private func begin() {
    guard core.takePlace(self) else { return }
    let target = run.target
    startedNs = core.loop.nowNs
    lateNs = startedNs > plannedNs ? startedNs - plannedNs : 0
    if budgetEndNs == 0 { budgetEndNs = startedNs + UInt64(max(run.budgetMs, 0)) * 1_000_000 }
    core.attemptStarted(lateNs: lateNs)
    let probe = ProbeAttempt(
      target: target, client: core.client, world: core.world, policy: AddressPolicy(allowsPrivate: run.allowsPrivate),
      deadlineNs: startedNs + UInt64(target.settings.timeoutMs) * 1_000_000
    ) { [unowned self] observation in attemptEnded(observation) }
    self.probe = probe
    probe.start()
  }

  private func attemptEnded(_ observation: Observation) {
    probe = nil
    core.freePlace()
    endedNs = core.loop.nowNs
    guard let failure = observation.failure, !failure.cameFromTarget else { return conclude(observation) }
    let isName = failure.phase == .dns
    // The way to a private address is another than the one to the DNS, whose silence says nothing of it.
    let isFar = observation.remoteAddress.map(core.configuration.isFar) ?? false
    guard isName || isFar else { return conclude(observation) }
    core.client.checkNetwork(sinceNs: startedNs, aboutName: isName) { [weak self] works in
      guard let self, !isCancelled else { return }
      if !works { return conclude(observation, isOwnTrouble: true) }
      // The way that is asked for is the one of IPv4 addresses, and not the one to the DNS servers of this place.
      if isName || observation.remoteAddress?.contains(":") ?? true {
        conclude(observation)
      } else {
        proveWayOut(observation)
      }
    }
  }

  /// A failure that goes on needs no proof; a single attempt has none before it that the network could have been away for.
  private func proveWayOut(_ observation: Observation) {
    guard run.firstAttempt == 0, run.target.settings.attempts > 1, core.configuration.rootServers != nil else {
      return conclude(observation)
    }
    core.client.proveWayOut(sinceNs: endedNs) { [weak self] isProved in
      guard let self, !isCancelled else { return }
      var seen = observation
      seen.hasWayOut = isProved
      conclude(seen)
    }
  }

  private func conclude(_ observation: Observation, isOwnTrouble: Bool = false) {
    let status = run.target.status(of: observation)
    let nextNs = status == .down ? nextStartNs() : nil
    let report = ProbeReport(
      token: run.token, attempt: attempt, isFinal: nextNs == nil, startedNs: startedNs,
      lateMs: Int32(clamping: lateNs / 1_000_000), status: status, observation: observation,
      isOwnTrouble: isOwnTrouble)
    if let nextNs {
      attempt += 1
      plannedNs = nextNs
      timer = core.loop.setTimer(nextNs, self)
    }
    core.report(report, atOnce: status == .down || run.urgent)
  }

  /// When the next attempt begins, whatever it took to find out about the one before; nil where none is left or its time
  /// does not fit into the budget.
  private func nextStartNs() -> UInt64? {
    let settings = run.target.settings
    guard attempt + 1 < settings.attempts else { return nil }
    let pauseNs = UInt64(MonitorSettings.backOffMs(beforeAttempt: attempt + 1)) * 1_000_000
    let startNs = max(endedNs + pauseNs, core.loop.nowNs)
    let latestNs = budgetEndNs + UInt64(Limits.budgetSlackMs) * 1_000_000
    return startNs + UInt64(settings.timeoutMs) * 1_000_000 <= latestNs ? startNs : nil
  }
}

extension ProbeTarget {
  /// What one check says by itself.
  public func status(of observation: Observation) -> CheckStatus {
    if observation.failure != nil { return .down }
    guard let limitMs = settings.degradedAfterMs else { return .up }
    return Int64(observation.timing.totalUs) > Int64(limitMs) * 1000 ? .degraded : .up
  }
}
