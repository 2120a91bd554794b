import Domain
import Notify
import SQLite
import Store

/// What one change of a monitor does to its incident and to those of monitors that need it.
struct IncidentStep {
  let change: MonitorChange
  let scope: TenantScope
  let db: Connection
  let world: World
  let dependencies: Dependencies
  var announcer: Announcer

  init(_ change: MonitorChange, scope: TenantScope, db: Connection, world: World) {
    self.change = change
    self.scope = scope
    self.db = db
    self.world = world
    dependencies = Dependencies(scope: scope, db: db, world: world)
    announcer = Announcer(scope: scope, db: db, world: world)
  }

  private var messages: IncidentMessages { IncidentMessages(scope: scope, db: db, world: world) }
  private var flappingBegan: Bool { change.flapping && !change.wasFlapping }
  private var flappingEnded: Bool { !change.flapping && change.wasFlapping }

  /// Down, or still so while something else about it changed.
  mutating func isDown() throws {
    guard let incident = try IncidentQueries.open(of: change.monitor, scope: scope, in: db) else { return try open() }
    if flappingBegan { try sayFlapping(incident) }
    guard flappingEnded else { return }
    let reason = IncidentWords.staysDown(changes: change.flaps, since: change.flappingSince)
    try say("\(IncidentWords.stillDown(subjects(incident), since: change.since)) \(reason)", in: incident)
    try messages.tell(
      .stillDown, .init(change), incident: incident, reason: reason, facts: IncidentMessages.facts(change),
      isFollowUp: true)
  }

  private mutating func open() throws {
    // An incident opens with entry into down and with nothing else: a person may have resolved it since.
    guard change.from != .down else { return }
    let services = try ServiceQueries.watching(change.monitor, scope: scope, in: db, now: world.now())
    let subjects = services.isEmpty ? [change.name] : services.map(\.name)
    let explanation = try dependencies.explanation(of: change.monitor, since: change.since)
    var cause: IncidentID?
    if case .causedBy(let incident) = explanation { cause = incident }
    let made = try IncidentQueries.create(
      IncidentDraft(
        title: IncidentWords.title(subjects), description: "", cause: .monitor, startedAt: change.since,
        message: IncidentWords.opened(subjects, change), author: "Martlet", monitor: change.monitor, causedBy: cause),
      impacts: services.map { ($0.id, $0.status, .major) }, scope: scope, in: db, world: world)
    let states = ServiceStates(scope: scope, db: db, world: world)
    for service in services where try states.worsen(service, to: .major) { try announcer.service(service.id) }
    let others = try dependencies.wentDown(change.monitor, since: change.since, incident: made.id, &announcer)
    try announcer.incident(made.id)
    if let cause { try announcer.incident(cause) }
    guard let incident = try IncidentQueries.find(made.id, scope: scope, in: db) else { return }
    if flappingBegan { try say(flappingWords(incident), in: incident) }
    guard cause == nil else { return }
    var facts = IncidentMessages.facts(change)
    if !others.isEmpty { facts.append(.init("Also down", IncidentWords.list(others))) }
    var heldUntil: Instant?
    if case .open(let until) = explanation {
      heldUntil = until
      // It may have gone down without having been seen to fail before.
      try dependencies.askParents(of: change.monitor, since: change.since)
    }
    try messages.tell(
      change.flapping ? .flapping : .down, .init(change), incident: incident,
      reason: change.failure?.message ?? "", facts: facts, heldUntil: heldUntil)
  }

  /// Up or degraded: whatever outage there was is over.
  mutating func isWell() throws {
    let incident = try IncidentQueries.open(of: change.monitor, scope: scope, in: db)
    if change.flapping, let incident {
      if flappingBegan { try sayFlapping(incident) }
      return
    }
    if let incident {
      try recover(incident)
    } else if change.from == .down || change.from == .unknown || flappingEnded,
      let incident = try IncidentQueries.newest(of: change.monitor, scope: scope, in: db), incident.cause == .monitor,
      // One that ended with a pause is over: nobody is told of it long after.
      incident.updates.contains(where: { $0.status == .resolved && $0.author != "Martlet" })
    {
      // A person resolved it before; the message that the monitor is up is still owed.
      try tellRecovery(of: incident, until: max(change.since, incident.startedAt))
    }
    try dependencies.ended(change.monitor, &announcer)
    try dependencies.turnedOutFine(change.monitor, &announcer)
  }

  private mutating func recover(_ incident: IncidentRow) throws {
    let until = max(change.since, incident.startedAt)
    var words = IncidentWords.recovered(subjects(incident), since: incident.startedAt, until: until)
    var reason = ""
    if flappingEnded {
      reason = IncidentWords.calm(changes: change.flaps, since: change.flappingSince, for: change.at - until)
      words += " " + reason
    }
    try resolve(incident, message: words, at: until)
    try tellRecovery(of: incident, until: until, reason: reason)
  }

  private func tellRecovery(of incident: IncidentRow, until: Instant, reason: String = "") throws {
    // It came back before its own message was due: the other's message said it all.
    if incident.causedBy != nil { try NotificationQueries.drop(incident.id, in: db) }
    try messages.tell(
      .resolved, .init(change), incident: incident, until: until, reason: reason,
      facts: flappingEnded ? [.init("Changes", String(change.flaps))] : [])
  }

  /// Nobody looks any more: the incident ends, but nobody is told that it were up.
  mutating func leave() throws {
    if let incident = try IncidentQueries.open(of: change.monitor, scope: scope, in: db) {
      try resolve(
        incident,
        message: IncidentWords.noLongerChecked(subjects(incident), since: incident.startedAt, until: change.at),
        at: change.at)
      if incident.causedBy != nil { try NotificationQueries.drop(incident.id, in: db) }
    }
    try dependencies.ended(change.monitor, &announcer)
    try dependencies.turnedOutFine(change.monitor, &announcer)
  }

  // MARK: Flapping

  private mutating func sayFlapping(_ incident: IncidentRow) throws {
    let words = flappingWords(incident)
    try say(words, in: incident)
    try messages.tell(.flapping, .init(change), incident: incident, reason: words, isFollowUp: true)
  }

  private func flappingWords(_ incident: IncidentRow) -> String {
    IncidentWords.flapping(subjects(incident), changes: change.flaps, since: change.flappingSince, until: change.at)
  }

  /// An update that leaves the status as it is.
  private mutating func say(_ words: String, in incident: IncidentRow) throws {
    _ = try IncidentQueries.advance(
      incident, to: incident.status, message: words, author: "Martlet", at: change.at, scope: scope, in: db,
      world: world)
    try announcer.incident(incident.id)
  }

  private mutating func resolve(_ incident: IncidentRow, message: String, at: Instant) throws {
    let moved = try IncidentQueries.advance(
      incident, to: .resolved, message: message, author: "Martlet", at: at, scope: scope, in: db, world: world)
    guard moved else { return }
    let states = ServiceStates(scope: scope, db: db, world: world)
    for impact in incident.impacts where try states.afterEnd(of: incident.id, impact.service) {
      try announcer.service(impact.service)
    }
    try announcer.incident(incident.id)
  }

  private func subjects(_ incident: IncidentRow) -> [String] {
    incident.impacts.isEmpty ? [change.name] : incident.impacts.map(\.name)
  }
}
