import Domain
import SQLite
@_spi(Minting) import Store

/// From a monitor's change to what people see and hear: one transaction holds it all, or none of it.
///
/// Entry into down opens one incident, recovery resolves it; degraded opens none. While a monitor is flapping its incident
/// stays open and quiet. Saying the same change twice is harmless.
public enum IncidentFlow {
  /// `change` is what the verdict says; the monitor's row has its new status already.
  public static func apply(_ change: MonitorChange, in db: Connection, world: World) throws {
    let scope = TenantScope(minting: change.organization)
    // It may have been deleted while this change was on its way: nobody would ever close what it opens.
    let stands = try db.first("SELECT 1 FROM monitor WHERE id = $1 AND deleted_ms IS NULL", [.int(change.monitor.raw)])
    {
      _ in true
    }
    guard stands != nil else { return }
    var step = IncidentStep(change, scope: scope, db: db, world: world)
    if !change.isSeenAgain { try step.announcer.monitor(change) }
    switch change.to {
    case .down: try step.isDown()
    case .up, .degraded: try step.isWell()
    case .paused: try step.leave()
    case .unconfirmed: try step.dependencies.askParents(of: change.monitor, since: change.since)
    case .pending, .unknown, .maintenance: break
    }
    if !change.isSeenAgain { try followMonitor(change, scope: scope, in: db, world: world, &step.announcer) }
    try step.announcer.finish()
  }

  /// Deletes a monitor for a person; its open incident ends, without a message that it were up, and its services follow the
  /// monitors that are left. False when there is no such monitor.
  public static func deleteMonitor(
    _ id: PublicID<MonitorTag>, scope: TenantScope, by principal: Principal, in db: Connection, world: World,
    sealer: Sealer
  ) throws -> Bool {
    guard let monitor = try MonitorQueries.find(id, scope: scope, in: db, sealer: sealer) else { return false }
    let now = world.now()
    let services = try ServiceQueries.watching(monitor.id, scope: scope, in: db, now: now)
    var step = IncidentStep(
      MonitorChange(
        monitor: monitor.id, publicID: id, organization: monitor.organization, name: monitor.settings.name,
        url: monitor.settings.url, from: monitor.status, to: .paused, since: now, at: now),
      scope: scope, db: db, world: world)
    // While others are still known to need it: what it explained is their own trouble from here on.
    try step.leave()
    guard try MonitorQueries.delete(id, scope: scope, by: principal, in: db, world: world, sealer: sealer) else {
      return false
    }
    var announcer = step.announcer
    try announcer.gone(.monitor, id: id.text, pages: [])
    let states = ServiceStates(scope: scope, db: db, world: world)
    for before in services {
      guard let service = try ServiceQueries.find(before.id, scope: scope, in: db, now: now) else { continue }
      let moved = try states.afterMonitor(service)
      if moved || service.observed != before.observed { try announcer.service(service.id) }
    }
    try announcer.finish()
    return true
  }

  // MARK: Private

  private static func followMonitor(
    _ change: MonitorChange, scope: TenantScope, in db: Connection, world: World, _ announcer: inout Announcer
  ) throws {
    guard change.to != .unconfirmed else { return }
    let now = world.now()
    let states = ServiceStates(scope: scope, db: db, world: world)
    let seen = try ServiceQueries.engineSeen(in: db)
    for service in try ServiceQueries.watching(change.monitor, scope: scope, in: db, now: now) {
      let before = service.monitors.map { $0.id == change.monitor ? change.from : $0.status }
      let observedBefore = ServiceRule.observed(before, engineSeen: seen, now: now)
      let moved = try states.afterMonitor(service)
      if moved || observedBefore != service.observed { try announcer.service(service.id) }
    }
  }
}
