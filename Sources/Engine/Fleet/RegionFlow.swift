import Domain
import JSON
import Notify
import SQLite
@_spi(Minting) import Store

/// From a region's change to what its users see and hear: one transaction holds it all, or none of it.
///
/// Each organization that the region works for hears once of each kind of trouble, and once of its end. Nobody hears of a
/// region that has nothing to do.
public enum RegionFlow {
  public static func apply(_ change: RegionChange, in db: Connection, world: World) throws {
    guard let region = try RegionQueries.owner(of: change.region, in: db) else { return }
    let since = try RegionQueries.enter(change.to, of: change.region, at: change.at, in: db)
    let users = try RegionQueries.users(of: change.region, in: db)
    for organization in Set(users).union(region.organization.map { [$0] } ?? []).sorted() {
      let scope = TenantScope(minting: organization)
      let data: JSON = [
        "id": .string(region.id.text), "name": .string(change.name), "state": .string(change.to.rawValue),
      ]
      try FeedQueries.append(.region, data, scope: scope, in: db, world: world)
    }
    for organization in users {
      try tell(change, region.id, since: since, organization: organization, in: db, world: world)
    }
  }

  private static let troubles: [RegionState] = [.offline, .suspect, .overloaded]

  private static func tell(
    _ change: RegionChange, _ id: PublicID<RegionTag>, since: Instant, organization: OrganizationID, in db: Connection,
    world: World
  ) throws {
    let scope = TenantScope(minting: organization)
    let use = try RegionQueries.use(of: change.region, isVacant: change.to == .offline, scope: scope, in: db)
    let isOver = change.to == .healthy
    let kind = kind(change.to)
    let notice = Notice(
      kind: kind, organization: try OrganizationQueries.find(scope: scope, in: db)?.name ?? "", at: change.at,
      name: change.name, since: since, until: isOver ? change.at : nil,
      reason: isOver ? "" : RegionWords.consequence(use),
      facts: [.init("Monitors there", String(use.monitors))])
    func key(_ state: RegionState) -> String { "\(id.text)/\(organization.raw)/\(since.ms)/\(state.rawValue)" }
    try NotificationQueries.enqueue(
      kind: kind.rawValue, incident: nil, dedup: key(change.to), payload: notice.json.text, organization: organization,
      after: isOver ? troubles.map(key) : [], in: db, world: world)
  }

  private static func kind(_ state: RegionState) -> Notice.Kind {
    switch state {
    case .healthy: .regionHealthy
    case .offline: .regionOffline
    case .suspect: .regionSuspect
    case .overloaded: .regionOverloaded
    }
  }
}

/// What people read of a region without a voice.
public enum RegionWords {
  /// What follows for the monitors that it looks at.
  public static func consequence(_ use: RegionQueries.Use) -> String {
    let rest = use.monitors - use.lent
    guard use.lent > 0 else { return consequence(monitors: rest, alone: use.alone) }
    guard rest > 0 else {
      return use.lent == 1
        ? "A stand-in looks in its place at the monitor it looks at."
        : "A stand-in looks in its place at the \(use.lent) monitors it looks at."
    }
    return consequence(monitors: rest, alone: use.alone) + " A stand-in looks in its place at \(use.lent) more."
  }

  /// `alone` of them nobody else looks at.
  public static func consequence(monitors: Int, alone: Int) -> String {
    let others = monitors - alone
    let rest = alone == 1 ? "one that only it watches is unknown" : "\(alone) that only it watches are unknown"
    if alone == 0 {
      return monitors == 1
        ? "The monitor it looks at goes on with its other regions."
        : "The \(monitors) monitors it looks at go on with their other regions."
    }
    if others == 0 {
      return alone == 1
        ? "The monitor it looks at has no other region and is unknown."
        : "The \(alone) monitors it looks at have no other region and are unknown."
    }
    let go = others == 1 ? "One monitor goes on with its other regions" : "\(others) monitors go on with other regions"
    return "\(go); \(rest)."
  }
}
