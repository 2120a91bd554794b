import Domain
import Engine
import Probe
import Worker

/// What probes do, in the hands of workers and of the embedded one: start at their time, meet the truth, try again.
extension Run {
  /// A probe run of a worker's core: a job's, or a look at a canary.
  func start(_ run: ProbeRun, by w: Int) {
    let clock = workers[w].clock
    let due = run.dueNs == 0 ? now : clock.instant(run.dueNs)
    let monitor = workers[w].core.monitor(of: run.token)
    if let monitor {
      let nowNs = clock.monotonicNs(now)
      workers[w].journal?.note(alive: clock.wall(now))
      let waitMs = run.dueNs > nowNs ? Int64((run.dueNs - nowNs) / 1_000_000) : 0
      workers[w].journal?.begin(run.token, monitor, due: clock.wall(now) + waitMs)
    }
    let mark = run.urgent ? 0 : due.ms
    let job = JobID(
      monitor: monitor ?? MonitorID(0), region: regionID(w), trigger: run.urgent ? .secondOpinion : .schedule,
      mark: mark)
    nextSerial += 1
    running[nextSerial] = Running(
      worker: w, life: workers[w].life, job: job, settings: run.target.settings, due: due, budgetMs: run.budgetMs,
      firstAttempt: run.firstAttempt, attempt: run.firstAttempt, token: run.token)
    workers[w].runs[run.token] = nextSerial
    plan(.begin(nextSerial), at: max(now, due + random.below(4)))
  }

  func begin(_ serial: Int64) {
    guard var one = running[serial] else { return }
    one.startedAt = now
    one.budgetEnd = one.budgetEnd ?? now + one.budgetMs
    let region = workers[one.worker].region
    let outcome =
      monitorOfURL[one.settings.url].map {
        truth.outcome(of: $0, from: region, at: now, timeoutMs: Int64(one.settings.timeoutMs))
      } ?? truth.canary(from: region, at: now, timeoutMs: Int64(Self.canaryTimeoutMs))
    one.outcome = outcome
    running[serial] = one
    if outcome.isLost, let monitor = monitorOfURL[one.settings.url] {
      history.lost.append(.init(monitor: monitor, at: now))
    }
    plan(.end(serial), at: now + outcome.lastsMs)
  }

  func end(_ serial: Int64) async throws {
    guard var one = running[serial], let outcome = one.outcome else { return }
    let next = outcome.status == .down ? nextStart(of: one) : nil
    let worker = workers[one.worker]
    let isMonitors = one.job.monitor.raw > 0
    if isMonitors {
      note(
        .attempt, monitor: one.job.monitor, region: worker.region, worker: worker.number, Int64(one.attempt),
        Int64(outcome.status.rawValue))
      audit.checks += 1
    }
    var seen = Observation(startedAt: one.worker > 0 ? worker.clock.wall(one.startedAt) : one.startedAt)
    seen.timing.totalUs = Int32(clamping: outcome.lastsMs * 1000)
    seen.failure = outcome.failure
    if outcome.failure != nil, one.firstAttempt == 0, one.settings.attempts > 1, scenario.hasRoot {
      seen.hasWayOut = truth.reachesRoot(from: worker.region, Span(now, now + 100))
    }
    // The attempt's own number travels in a field that nothing decides by, so that the history names who did it.
    seen.bodyBytes = serial << 4 | Int64(one.attempt & 15)
    let startedNs =
      one.worker > 0 ? worker.clock.monotonicNs(one.startedAt) : UInt64(one.startedAt.ms) * 1_000_000
    let report = ProbeReport(
      token: one.token, attempt: one.attempt, isFinal: next == nil, startedNs: startedNs,
      lateMs: Int32(clamping: one.startedAt - one.due), status: outcome.status, observation: seen)
    if let next {
      one.attempt += 1
      one.due = next
      running[serial] = one
      plan(.begin(serial), at: next)
    } else {
      running[serial] = nil
    }
    if one.worker == 0 {
      if next == nil { tokens[one.token] = nil }
      try await take(report)
    } else {
      if next == nil {
        workers[one.worker].runs[one.token] = nil
        workers[one.worker].journal?.end(one.token)
      }
      await feed(.reported([report]), to: one.worker)
    }
  }

  /// As the probe decides: when the next attempt begins; nil where none is left or its time does not fit into the budget.
  private func nextStart(of one: Running) -> Instant? {
    guard one.attempt + 1 < one.settings.attempts, let end = one.budgetEnd else { return nil }
    let start = now + MonitorSettings.backOffMs(beforeAttempt: one.attempt + 1)
    return start + Int64(one.settings.timeoutMs) <= end + Limits.budgetSlackMs ? start : nil
  }

  private func take(_ report: ProbeReport) async throws {
    guard let engine else { return }
    await engine.wait([(.embedded, RegionID(1))], waitMs: 0)
    await engine.take([report])
    try await follow()
  }
}
