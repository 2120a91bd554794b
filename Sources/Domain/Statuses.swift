/// The state of a service on a status page, from best to worst; maintenance stands apart.
public enum ServiceStatus: String, Sendable, CaseIterable {
  case operational, degraded, partial, major, maintenance

  public var display: String {
    switch self {
    case .operational: "Operational"
    case .degraded: "Degraded Performance"
    case .partial: "Partial Outage"
    case .major: "Major Outage"
    case .maintenance: "Under Maintenance"
    }
  }

  /// Where an incident may move a service: only to something worse.
  public var validNextStates: [ServiceStatus] {
    switch self {
    case .operational: [.degraded, .partial, .major]
    case .degraded: [.partial, .major]
    case .partial: [.major]
    case .major, .maintenance: []
    }
  }

  /// Order of badness for "worst service wins".
  public var severity: Int {
    switch self {
    case .operational: 0
    case .maintenance: 1
    case .degraded: 2
    case .partial: 3
    case .major: 4
    }
  }
}

/// The life of an incident: forward only.
public enum IncidentStatus: String, Sendable, CaseIterable {
  case investigating, identified, monitoring, resolved

  public var display: String {
    switch self {
    case .investigating: "Investigating"
    case .identified: "Identified"
    case .monitoring: "Monitoring"
    case .resolved: "Resolved"
    }
  }

  public var validNextStates: [IncidentStatus] {
    switch self {
    case .investigating: [.identified, .monitoring, .resolved]
    case .identified: [.monitoring, .resolved]
    case .monitoring: [.resolved]
    case .resolved: []
    }
  }
}

/// Whether what a service says rests on fresh checks.
public enum Observed: String, Sendable { case fresh, stale, none }

public enum Role: String, Sendable, CaseIterable {
  case owner, admin, member

  public var mayWrite: Bool { self != .member }
}
