/// What a service shows by its monitors. Pure: the statuses come from rows, the decision from here.
public enum ServiceRule {
  /// Without a sign of the engine for so long, what monitors say is old.
  public static let engineSilenceMs: Int64 = 60_000

  /// What the monitors say, nil when none of them says anything (none, paused, not yet checked).
  ///
  /// One that is down makes it major, one that is degraded makes it degraded. A failure that is being verified and a monitor
  /// that is not seen change nothing: while there is one, the service does not look better than it did.
  public static func state(_ monitors: [MonitorStatus], current: ServiceStatus) -> ServiceStatus? {
    var found: ServiceStatus?
    var holds = false
    for monitor in monitors {
      switch monitor {
      case .down: found = .major
      case .degraded: if found != .major { found = .degraded }
      case .up: found = found ?? .operational
      case .unconfirmed, .unknown: holds = true
      case .pending, .paused, .maintenance: break
      }
    }
    guard holds else { return found }
    guard let found else { return current == .maintenance ? nil : current }
    return current != .maintenance && current.severity > found.severity ? current : found
  }

  /// Whether the state rests on fresh checks; `engineSeen` is when the engine last said that it runs.
  public static func observed(_ monitors: [MonitorStatus], engineSeen: Instant?, now: Instant) -> Observed {
    let watching = monitors.filter { $0 != .paused && $0 != .pending }
    guard !watching.isEmpty else { return .none }
    guard let engineSeen, now - engineSeen <= engineSilenceMs else { return .stale }
    return watching.contains(.unknown) ? .stale : .fresh
  }
}

/// How incidents move services, and themselves.
public enum IncidentRules {
  /// Whether an incident may move a service so: only to something worse, and not out of a maintenance.
  public static func mayMove(from: ServiceStatus, to: ServiceStatus) -> Bool { from.validNextStates.contains(to) }

  /// Forward only; an update may also repeat the present status, but nothing follows `resolved`.
  public static func mayGo(from: IncidentStatus, to: IncidentStatus) -> Bool {
    from.validNextStates.contains(to) || (from == to && from != .resolved)
  }

  /// A service after an incident of its ended or went: the newest other open incident's state, else what its monitors say,
  /// else operational. A maintenance is left by hand or with its window.
  public static func afterEnd(
    current: ServiceStatus, newestOpen: ServiceStatus?, monitors: ServiceStatus?
  ) -> ServiceStatus {
    current == .maintenance ? .maintenance : newestOpen ?? monitors ?? .operational
  }

  /// A service after one of its monitors moved: as the monitors say, but while an incident is open or a person has set the
  /// state it only gets worse.
  public static func afterMonitor(
    current: ServiceStatus, hasOpenIncident: Bool, isSetByHand: Bool, monitors: ServiceStatus?
  ) -> ServiceStatus {
    guard current != .maintenance else { return current }
    guard hasOpenIncident || isSetByHand else { return monitors ?? .operational }
    return monitors.map { $0.severity > current.severity ? $0 : current } ?? current
  }

  /// Worst service wins.
  public static func overall(_ services: [ServiceStatus]) -> ServiceStatus {
    services.max { $0.severity < $1.severity } ?? .operational
  }

  /// The whole is as well seen as its worst seen part; a service that nobody watches counts only when all are such.
  public static func overall(_ observed: [Observed]) -> Observed {
    observed.contains(.stale) ? .stale : observed.contains(.fresh) ? .fresh : .none
  }
}
