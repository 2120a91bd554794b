import Domain

/// Something that went wrong, as told to people.
public struct IncidentRow: Sendable {
  public enum Cause: String, Sendable { case manual, monitor }

  public struct Impact: Hashable, Sendable {
    public let service: ServiceID
    public let publicID: PublicID<ServiceTag>
    public let name: String
    public let from: ServiceStatus
    public let to: ServiceStatus
  }

  public struct Update: Sendable {
    public let publicID: PublicID<IncidentUpdateTag>
    public let status: IncidentStatus
    public let message: String
    public let author: String
    public let createdAt: Instant
  }

  public let id: IncidentID
  public let publicID: PublicID<IncidentTag>
  public let organization: OrganizationID
  public let title: String
  public let description: String
  public let status: IncidentStatus
  public let cause: Cause
  public let startedAt: Instant
  public let acknowledgedAt: Instant?
  /// The name of the person or key; nil where it was not written down yet.
  public let acknowledgedBy: String?
  public let resolvedAt: Instant?
  public let postmortem: String?
  public let createdAt: Instant
  public let updatedAt: Instant
  public let impacts: [Impact]
  /// Oldest first.
  public let updates: [Update]
  public let monitors: [PublicID<MonitorTag>]
  /// The incident that this one is part of: of a monitor that this one's needs.
  public let causedBy: RelatedIncident?
  /// Incidents that are part of this one, newest first.
  public let causing: [RelatedIncident]

  public var isOpen: Bool { status != .resolved }
}

/// A new incident; who opened it and its first words come with it.
public struct IncidentDraft: Sendable {
  public var title: String
  public var description: String
  public var status = IncidentStatus.investigating
  public var cause = IncidentRow.Cause.manual
  public var startedAt: Instant
  public var message: String
  public var author: String
  public var monitor: MonitorID?
  public var causedBy: IncidentID?

  public init(
    title: String, description: String, status: IncidentStatus = .investigating, cause: IncidentRow.Cause = .manual,
    startedAt: Instant, message: String, author: String, monitor: MonitorID? = nil,
    causedBy: IncidentID? = nil
  ) {
    self.title = title
    self.description = description
    self.status = status
    self.cause = cause
    self.startedAt = startedAt
    self.message = message
    self.author = author
    self.monitor = monitor
    self.causedBy = causedBy
  }
}
