import Domain
import SQLite
import Store

/// Whose trouble a monitor's trouble is part of, and so what is told of it: of monitors that fail with one that they need,
/// only that one's message goes out.
///
/// Nothing here keeps time: a message that waits is a row of the outbox that goes by itself when its time has come.
struct Dependencies {
  let scope: TenantScope
  let db: Connection
  let world: World

  enum Explanation: Hashable {
    /// Part of the incident of a monitor that this one needs.
    case causedBy(IncidentID)
    /// One that it needs may be failing, too; by then that is known.
    case open(until: Instant)
    case own
  }

  /// What a monitor's trouble since `since` is part of. `settled` is one of its parents that explains nothing any more.
  func explanation(of monitor: MonitorID, since: Instant, settled: MonitorID? = nil) throws -> Explanation {
    let now = world.now()
    var wait: Instant?
    for parent in try DependencyQueries.parents(of: monitor, scope: scope, in: db)
    where parent.settings.enabled && parent.id != settled {
      if let incident = try cause(parent) { return .causedBy(incident) }
      guard try isUndecided(parent, since: since) else { continue }
      let most = min(Promise(parent.settings).confirmedAfterMs, Limits.messageHeldMsMax)
      wait = max(wait ?? now, now + most)
    }
    return wait.map { .open(until: $0) } ?? .own
  }

  /// The incident of a monitor that is down, or that was and is not calm yet. One that a person resolved too early counts.
  private func cause(_ parent: RelatedMonitor) throws -> IncidentID? {
    if let incident = try IncidentQueries.open(of: parent.id, scope: scope, in: db) { return incident.id }
    guard parent.status == .down, let newest = try IncidentQueries.newest(of: parent.id, scope: scope, in: db),
      newest.startedAt >= parent.statusSince
    else { return nil }
    return newest.id
  }

  /// Down without an incident is one whose incident is about to be opened.
  private func isUndecided(_ parent: RelatedMonitor, since: Instant) throws -> Bool {
    switch parent.status {
    case .unconfirmed, .down: true
    case .up, .degraded: try !DependencyQueries.isSeenWell(parent.id, since: since, in: db)
    case .pending, .unknown, .paused, .maintenance: false
    }
  }

  /// A monitor began to fail: what it needs is looked at at once, so that its message has not to wait for a slot.
  func askParents(of monitor: MonitorID, since: Instant) throws {
    for parent in try DependencyQueries.parents(of: monitor, scope: scope, in: db) where parent.settings.enabled {
      if try cause(parent) == nil, try isUndecided(parent, since: since) { db.announce(.lookWanted(parent.id)) }
    }
  }

  /// `parent` is down: what failed with it is part of its incident, and messages that waited for this never go. Answers
  /// the names of those monitors.
  func wentDown(
    _ parent: MonitorID, since: Instant, incident: IncidentID, _ announcer: inout Announcer
  ) throws -> [String] {
    let settings = try DependencyQueries.monitor(parent, scope: scope, in: db)?.settings
    let together = since - (settings.map { Promise($0).alwaysReportedMs } ?? 0)
    var names: [String] = []
    for one in try IncidentQueries.startedTogether(with: parent, since: together, scope: scope, in: db) {
      try attribute(one, to: incident, &announcer)
      names.append(one.monitor.settings.name)
    }
    return names
  }

  /// `parent` is well: messages that waited only for it go now.
  func turnedOutFine(_ parent: MonitorID, _ announcer: inout Announcer) throws {
    for one in try IncidentQueries.waiting(for: parent, scope: scope, in: db) {
      guard let row = try IncidentQueries.find(one.incident, scope: scope, in: db) else { continue }
      switch try explanation(of: one.monitor.id, since: row.startedAt, settled: parent) {
      case .own: try NotificationQueries.release(one.incident, in: db, world: world)
      case .causedBy(let cause): try attribute(one, to: cause, &announcer)
      case .open: break
      }
    }
  }

  /// `parent` recovered, or nobody looks at it any more: what is still down of its dependents is their own trouble now.
  /// Each has the time that its own recovery would take before its message goes.
  func ended(_ parent: MonitorID, _ announcer: inout Announcer) throws {
    for one in try IncidentQueries.caused(by: parent, scope: scope, in: db) where one.monitor.id != parent {
      guard let row = try IncidentQueries.find(one.incident, scope: scope, in: db) else { continue }
      let explained = try explanation(of: one.monitor.id, since: row.startedAt, settled: parent)
      if case .causedBy(let other) = explained {
        try attribute(one, to: other, &announcer)
        continue
      }
      db.announce(.lookWanted(one.monitor.id))
      let reason = try EvidenceLog.latest(one.monitor.id, scope: scope, in: db)?.body["message"]?.string
      try IncidentMessages(scope: scope, db: db, world: world).tell(
        one.monitor.flapping ? .flapping : .down, .init(one.monitor), incident: row, reason: reason ?? "",
        heldUntil: world.now() + Self.recoveryMs(one.monitor.settings))
    }
  }

  /// How long good checks in every region take to say that a monitor is up again.
  static func recoveryMs(_ settings: MonitorSettings) -> Int64 {
    let checks = Int64(settings.recoveryChecks) * Int64(settings.intervalS) * 1000
    return min(checks + settings.slotBudgetMs + Limits.secondOpinionMs, Limits.messageHeldMsMax)
  }

  private func attribute(
    _ one: IncidentQueries.Dependent, to cause: IncidentID, _ announcer: inout Announcer
  ) throws {
    try IncidentQueries.setCause(of: one.incident, to: cause, scope: scope, in: db, world: world)
    try NotificationQueries.drop(one.incident, in: db)
    try announcer.incident(one.incident)
  }
}
