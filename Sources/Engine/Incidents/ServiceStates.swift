import Domain
import SQLite
import Store

/// Puts services where incidents, monitors and people say they belong.
struct ServiceStates {
  let scope: TenantScope
  let db: Connection
  let world: World

  /// After an incident ended or went: answers whether the service moved.
  func afterEnd(of incident: IncidentID, _ id: ServiceID) throws -> Bool {
    guard let service = try ServiceQueries.find(id, scope: scope, in: db, now: world.now()) else { return false }
    let newest = try IncidentQueries.newestOpenState(of: id, except: incident, scope: scope, in: db)
    return try settle(service, newest)
  }

  /// As its incidents and monitors say, whatever a person set before.
  func release(_ service: ServiceRow) throws -> Bool {
    let newest = try IncidentQueries.newestOpenState(of: service.id, except: nil, scope: scope, in: db)
    let to = newest ?? said(service, current: .operational) ?? .operational
    return try move(service, to: to, byHand: false)
  }

  /// After one of its monitors moved, or its list of monitors did.
  func afterMonitor(_ service: ServiceRow) throws -> Bool {
    let newest = try IncidentQueries.newestOpenState(of: service.id, except: nil, scope: scope, in: db)
    let to = IncidentRules.afterMonitor(
      current: service.status, hasOpenIncident: newest != nil, isSetByHand: service.isSetByHand,
      monitors: said(service, current: service.status))
    return try move(service, to: to, byHand: service.isSetByHand && to == service.status)
  }

  func set(_ service: ServiceRow, to status: ServiceStatus) throws -> Bool {
    try move(service, to: status, byHand: true)
  }

  /// An incident moves it; true when it did.
  func worsen(_ service: ServiceRow, to status: ServiceStatus) throws -> Bool {
    guard IncidentRules.mayMove(from: service.status, to: status) else { return false }
    return try move(service, to: status, byHand: false)
  }

  private func settle(_ service: ServiceRow, _ newest: ServiceStatus?) throws -> Bool {
    // What held while the incident was open is not held any more: an unconfirmed or unseen monitor says operational here.
    let to = IncidentRules.afterEnd(
      current: service.status, newestOpen: newest, monitors: said(service, current: .operational))
    return try move(service, to: to, byHand: to == .maintenance && service.isSetByHand)
  }

  private func said(_ service: ServiceRow, current: ServiceStatus) -> ServiceStatus? {
    ServiceRule.state(service.monitors.map(\.status), current: current)
  }

  private func move(_ service: ServiceRow, to status: ServiceStatus, byHand: Bool) throws -> Bool {
    guard status != service.status || byHand != service.isSetByHand else { return false }
    let moved = try ServiceQueries.move(service, to: status, byHand: byHand, scope: scope, in: db, now: world.now())
    return moved && status != service.status
  }
}
