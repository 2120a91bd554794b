import Domain
import Engine
import HTML
import HTTPServer
import SQLite
import Store

/// What stands around every page of a signed-in person.
enum FrameMaker {
  /// What was just done, said once on the page that follows; only these words can be asked for.
  private static let done: [String: String] = [
    "saved": "Saved.",
    "saved-unwatched":
      "Saved. One of its regions has no healthy worker: nothing is checked from there until one is started, see Regions.",
    "deleted": "Deleted.", "paused": "Paused: nothing is checked until it is resumed.",
    "resumed": "Resumed: the first check is on its way.", "checking": "A check is on its way.",
    "posted": "Posted.", "acknowledged": "Acknowledged.", "sent": "It is sent again.", "ended": "Ended.",
    "revoked": "Revoked.",
    "revoked-worker": "Revoked: it stops within half a minute.",
    "too-late": "It was resolved meanwhile: nothing is left to acknowledge.",
    "password": "The password is changed; every other session is ended.",
  ]

  /// `monitors` is how many there are, when the page has counted them already.
  static func frame(_ request: PageRequest, monitors: Int? = nil) async throws -> AppFrame {
    let known = try request.person
    guard let person = known.session, let live = request.live else { throw Problem.forbidden }
    let fleet = await request.context.fleetNow()
    let version = request.context.settings.version
    return try await request.store.read { db in
      let monitors = try monitors ?? MonitorQueries.count(scope: known.scope, in: db)
      let incidents = try IncidentQueries.openCount(scope: known.scope, in: db)
      let services = try ServiceQueries.count(scope: known.scope, in: db)
      let pages = try StatusPageQueries.list(scope: known.scope, in: db)
      let regions = try FleetBoard.regions(fleet, version: version, scope: known.scope, in: db)
        .filter { !$0.isStandIn }
      let unwell = regions.filter { !$0.isHealthy }
      let organizations = try OrganizationQueries.memberships(of: person.account, in: db)
      return AppFrame(
        organization: person.organizationName, organizationID: person.organizationID.text,
        otherOrganizations: organizations.map(\.organization).filter { $0.id != person.organizationID }.map {
          ($0.id.text, $0.name)
        },
        person: person.name, canWrite: known.authority.mayWrite,
        counts: .init(
          monitors: monitors, openIncidents: incidents, services: services,
          statusPages: pages.count, regionsHealthy: regions.count - unwell.count, regions: regions.count),
        wellbeing: wellbeing(regions, unwell),
        banners: try slotBanner(fleet, scope: known.scope, in: db) + banners(unwell, scope: known.scope, in: db),
        toast: request.query["done"].flatMap { done[$0] }.map { AppFrame.Toast(message: $0, undo: nil) },
        live: live)
    }
  }

  private static func wellbeing(_ all: [RegionSight], _ unwell: [RegionSight]) -> String {
    switch unwell.count {
    case 0: "Checking from \(Format.count(all.count, "region"))."
    case 1: "Region \(unwell[0].row.name) is \(unwell[0].state.rawValue). The rest of Martlet is well."
    default: "\(unwell.count) of \(all.count) regions are not healthy."
    }
  }

  /// Due times without an outcome, for the operator.
  private static func slotBanner(
    _ fleet: FleetSight, scope: TenantScope, in db: Connection
  ) throws -> [AppFrame.Banner] {
    guard let since = fleet.slotsOverdueSince, try OrganizationQueries.operates(in: db) == scope.organization else {
      return []
    }
    return [
      AppFrame.Banner(state: .degraded, title: SlotWords.title, text: SlotWords.banner(since: since.ms))
    ]
  }

  /// Regions that are to look at something of the organization's, and have no voice.
  private static func banners(
    _ unwell: [RegionSight], scope: TenantScope, in db: Connection
  ) throws -> [AppFrame.Banner] {
    var used: [AppFrame.Banner] = []
    for region in unwell {
      let use = try RegionQueries.use(
        of: region.row.key, isVacant: region.state == .offline, scope: scope, in: db)
      guard use.monitors > 0 else { continue }
      let since = region.row.unwellSince.map { " since \(Format.day($0.ms)), \(Format.clock($0.ms)) UTC" } ?? ""
      let why =
        switch region.state {
        case .healthy: ""
        case .offline:
          region.workers.isEmpty ? "It has no worker." : "No worker of it has been heard of\(since)."
        case .suspect: "Its own network or resolver seems to fail\(since)."
        case .overloaded: "Its workers cannot keep up\(since)."
        }
      used.append(
        AppFrame.Banner(
          state: region.state.mark, title: "Region \(region.row.name) is \(region.state.rawValue)",
          text: "\(why) \(RegionWords.consequence(use))",
          link: ("See regions", Paths.regions)))
    }
    guard used.count > bannersMax else { return used }
    let rest = used.count - bannersMax + 1
    return used.prefix(bannersMax - 1) + [
      AppFrame.Banner(
        state: .unknown, title: "\(rest) more regions are not healthy", text: "Monitors there wait for other regions.",
        link: ("See regions", Paths.regions))
    ]
  }

  private static let bannersMax = 3
}

extension SlotWords {
  static let title = "Some checks are not accounted for"

  static func banner(since: Int64) -> String {
    "Due times stay without a result and without a reason since \(Format.day(since)), \(Format.clock(since)) UTC. \(consequence)"
  }
}
