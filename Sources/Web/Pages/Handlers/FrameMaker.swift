import Domain
import HTML
import HTTPServer
import Store

/// What stands around every page of a signed-in person.
enum FrameMaker {
  /// What was just done, said once on the page that follows; only these words can be asked for.
  private static let done: [String: String] = [
    "saved": "Saved.", "deleted": "Deleted.", "paused": "Paused: nothing is checked until it is resumed.",
    "resumed": "Resumed: the first check is on its way.", "checking": "A check is on its way.",
    "posted": "Posted.", "acknowledged": "Acknowledged.", "sent": "It is sent again.", "ended": "Ended.",
    "revoked": "Revoked.", "too-late": "It was resolved meanwhile: nothing is left to acknowledge.",
    "password": "The password is changed; every other session is ended.",
  ]

  /// `monitors` is how many there are, when the page has counted them already.
  static func frame(_ request: PageRequest, monitors: Int? = nil) async throws -> AppFrame {
    let known = try request.person
    guard let person = known.session else { throw Problem.forbidden }
    return try await request.store.read { db in
      let monitors = try monitors ?? MonitorQueries.count(scope: known.scope, in: db)
      let incidents = try IncidentQueries.openCount(scope: known.scope, in: db)
      let services = try ServiceQueries.count(scope: known.scope, in: db)
      let pages = try StatusPageQueries.list(scope: known.scope, in: db)
      let regions = try RegionQueries.list(scope: known.scope, in: db)
      let feed = try FeedQueries.existing(scope: known.scope, in: db)
      let seq = try feed.map { try FeedQueries.tail(feed: $0, limit: 1, in: db).seq } ?? 0
      let organizations = try OrganizationQueries.memberships(of: person.account, in: db)
      return AppFrame(
        organization: person.organizationName, organizationID: person.organizationID.text,
        otherOrganizations: organizations.map(\.organization).filter { $0.id != person.organizationID }.map {
          ($0.id.text, $0.name)
        },
        person: person.name, canWrite: known.authority.mayWrite,
        counts: .init(
          monitors: monitors, openIncidents: incidents, services: services,
          statusPages: pages.count, regionsHealthy: regions.count, regions: regions.count),
        wellbeing: "Checking from \(Format.count(regions.count, "region")).",
        toast: request.query["done"].flatMap { done[$0] }.map { AppFrame.Toast(message: $0, undo: nil) },
        live: .organization(person.organizationID.text, seq: seq, epoch: try FeedQueries.epoch(in: db)))
    }
  }
}
