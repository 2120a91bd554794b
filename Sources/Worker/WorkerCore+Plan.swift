import Domain
import Wire

/// What the worker knows of its region's monitors, and which of them it has to leave to others.
extension WorkerCore {
  mutating func takePlan(_ delta: PlanDelta, nowNs: UInt64, into actions: inout [Action]) {
    if delta.isWhole { wholePlan = [] }
    for one in delta.assignments {
      wholePlan?.insert(one.monitor)
      // What comes late and is older changes nothing, but for a whole plan: that is how things are.
      if wholePlan == nil, let known = plan[one.monitor], known.version > one.version { continue }
      if plan[one.monitor] != one { targets[one.monitor] = nil }
      plan[one.monitor] = one
      refused[one.monitor] = nil
      if let row = one.plan.first { region = row.region }
    }
    for one in delta.refused {
      if let monitor = one.monitor { wholePlan?.insert(monitor) }
      refuse(one, into: &actions)
    }
    for monitor in delta.removed { forget(monitor) }
    takeVersion(of: delta, nowNs: nowNs, into: &actions)
    guard let named = wholePlan, !delta.hasMore else { return }
    for monitor in Array(plan.keys) + Array(refused.keys) where !named.contains(monitor) { forget(monitor) }
    wholePlan = nil
    report.refused = refused.count
  }

  /// Only a whole plan moves the version back: the control plane began anew, or on an older state.
  private mutating func takeVersion(of delta: PlanDelta, nowNs: UInt64, into actions: inout [Action]) {
    if PlanDelta.versions.contains(delta.version) {
      planVersion = delta.isWhole ? delta.version : max(planVersion, delta.version)
    } else {
      // Nothing could ever be newer: all of it is asked for again, without haste.
      planVersion = 0
      pollAgainNs = max(pollAgainNs, nowNs + 1_000_000_000)
      actions.append(.say("the plan has the version \(delta.version), which is none; it is asked for again"))
    }
    report.refused = refused.count
  }

  private mutating func forget(_ monitor: MonitorID) {
    plan[monitor] = nil
    targets[monitor] = nil
    refused[monitor] = nil
  }

  // MARK: Refusing

  /// A job that this version cannot do as it is meant is handed back, so that its slot is closed with a reason rather than
  /// leased again and again. One whose very name cannot be read is handed back by the owner.
  mutating func refuse(_ one: RefusedJob, nowNs: UInt64, into actions: inout [Action]) {
    report.refusedJobs += 1
    refuse(one.refusal, into: &actions)
    guard let job = JobID(one.text), let generation = one.generation else { return }
    hold(
      Delivered(job: job, generation: generation, lateMs: 0, content: .missed(RefusedJob.missed)), nowNs: nowNs)
  }

  /// What was known of it before is not done either: it is not what is meant any more.
  private mutating func refuse(_ one: Refusal, into actions: inout [Action]) {
    let name = one.name.isEmpty ? one.monitor.map { "with the key \($0.raw)" } ?? "without a key" : one.name
    guard let monitor = one.monitor else { return say(one.reason, of: name, into: &actions) }
    plan[monitor] = nil
    targets[monitor] = nil
    if refused.updateValue(one.reason, forKey: monitor) != one.reason { say(one.reason, of: name, into: &actions) }
    report.refused = refused.count
  }

  private func say(_ reason: String, of name: String, into actions: inout [Action]) {
    actions.append(.say("the monitor \(name) is refused: \(reason)"))
  }
}
