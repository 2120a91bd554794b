import Domain
import Notify
import SQLite
import Store

/// What channels are told of an incident of a monitor, once each.
struct IncidentMessages {
  let scope: TenantScope
  let db: Connection
  let world: World

  /// What a message is about.
  struct Subject {
    let publicID: PublicID<MonitorTag>
    let name: String
    let url: String

    init(_ change: MonitorChange) {
      publicID = change.publicID
      name = change.name
      url = change.url
    }

    init(_ monitor: RelatedMonitor) {
      publicID = monitor.publicID
      name = monitor.settings.name
      url = monitor.settings.url
    }
  }

  /// Each is told once of an incident; `stillDown` is a `down` after flapping.
  enum Saying: String {
    case down, flapping, stillDown, resolved

    var kind: Notice.Kind {
      switch self {
      case .down, .stillDown: .down
      case .flapping: .flapping
      case .resolved: .resolved
      }
    }

    func key(_ incident: PublicID<IncidentTag>) -> String {
      self == .stillDown ? "\(incident.text)/still_down" : "\(incident.text)/\(kind.rawValue)"
    }
  }

  /// `resolved` goes only where the beginning went; so does, with `isFollowUp`, whatever is said of an incident that is
  /// part of another one. What follows a message that is held waits with it.
  func tell(
    _ saying: Saying, _ subject: Subject, incident: IncidentRow, until: Instant? = nil, reason: String = "",
    facts: [Notice.Fact] = [], isFollowUp: Bool = false, heldUntil: Instant? = nil
  ) throws {
    let notice = Notice(
      kind: saying.kind, organization: try OrganizationQueries.find(scope: scope, in: db)?.name ?? "", at: world.now(),
      name: subject.name, monitorID: subject.publicID.text, address: subject.url, incidentID: incident.publicID.text,
      since: incident.startedAt, until: until, reason: reason, facts: facts)
    let isForThoseWhoHeard = saying == .resolved || isFollowUp && incident.causedBy != nil
    let beginnings: [Saying] = isForThoseWhoHeard ? [.down, .flapping, .stillDown] : []
    try NotificationQueries.enqueue(
      kind: saying.kind.rawValue, incident: incident.id, dedup: saying.key(incident.publicID),
      payload: notice.json.text,
      organization: scope.organization, after: beginnings.map { $0.key(incident.publicID) },
      heldUntil: heldUntil ?? NotificationQueries.heldUntil(incident.id, in: db),
      in: db,
      world: world)
  }

  /// Where it was seen and how it failed.
  static func facts(_ change: MonitorChange) -> [Notice.Fact] {
    var facts: [Notice.Fact] = []
    if let region = change.region { facts.append(.init("Region", region)) }
    if let failure = change.failure { facts.append(.init("Phase", failure.phase.name)) }
    if let status = change.httpStatus { facts.append(.init("HTTP status", String(status))) }
    return facts
  }
}
