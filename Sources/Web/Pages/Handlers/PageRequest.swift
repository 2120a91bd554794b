import Domain
import Engine
import HTTPServer
import SQLite
import Store

/// A form as sent: names may come several times.
struct FormFields: Sendable {
  private var values: [(name: String, value: String)] = []

  /// Throws 400 for what is not a urlencoded form.
  init(_ request: Request) throws(Problem) {
    guard let text = String(validating: request.body, as: UTF8.self) else {
      throw Problem(400, "malformed_form", "The form is not UTF-8.")
    }
    for pair in text.split(separator: "&") {
      let name = pair.prefix { $0 != "=" }
      guard let name = PercentCoding.decode(name, plusIsSpace: true),
        let value = PercentCoding.decode(pair.dropFirst(pair.prefix { $0 != "=" }.count + 1), plusIsSpace: true),
        !value.utf8.contains(0), values.count < Limits.formFieldsMax
      else { throw Problem(400, "malformed_form", "The form is malformed.") }
      // Browsers send line ends as CRLF.
      values.append((name, value.replacingCRLF))
    }
  }

  /// The last value of a name, without white space around it; empty when it is absent.
  func text(_ name: String) -> String { raw(name).trimmed }

  /// As typed, for passwords and bodies.
  func raw(_ name: String) -> String { values.last { $0.name == name }?.value ?? "" }
  func all(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }
  func isOn(_ name: String) -> Bool { values.contains { $0.name == name } }
}

extension String {
  var replacingCRLF: String {
    utf8.contains(0x0D) ? String(decoding: utf8.filter { $0 != 0x0D }, as: UTF8.self) : self
  }

  var trimmed: String {
    var part = self[...]
    while part.first?.isWhitespace == true { part.removeFirst() }
    while part.last?.isWhitespace == true { part.removeLast() }
    return String(part)
  }
}

/// A request for a page, its sender known where the route asks for one.
struct PageRequest: Sendable {
  let visit: Visit
  let context: WebContext
  /// The variable segments of the path, in order.
  let arguments: [String]
  let query: RequestQuery
  let known: APIRequest?
  let publicPages: PublicPageCache
  /// Where the organization's stream stood before anything of the page was read: whatever changes from then on, the page
  /// that is open is told. Nil on routes for everybody.
  let live: LiveFeed?

  func form() throws(Problem) -> FormFields { try FormFields(visit.request) }

  /// On routes of signed-in people only.
  var person: APIRequest {
    get throws(Problem) {
      guard let known else { throw Problem.unauthenticated }
      return known
    }
  }

  func id<Tag>(_ type: PublicID<Tag>.Type = PublicID<Tag>.self, at index: Int = 0) throws(Problem) -> PublicID<Tag> {
    guard arguments.indices.contains(index), let id = PublicID<Tag>(arguments[index]) else { throw .notFound }
    return id
  }

  var now: Instant { context.world.now() }
  var store: Store { context.store }
}

extension LiveFeed {
  /// As it stands now; nil for a sender without a session.
  static func now(of known: APIRequest, _ store: Store) async throws -> LiveFeed? {
    guard let person = known.session else { return nil }
    return try await store.read { try organization(person.organizationID, scope: known.scope, in: $0) }
  }

  static func organization(
    _ id: PublicID<OrganizationTag>, scope: TenantScope, in db: Connection
  ) throws -> LiveFeed {
    let feed = try FeedQueries.existing(scope: scope, in: db)
    return .organization(id.text, seq: try FeedQueries.seq(feed, in: db), epoch: try FeedQueries.epoch(in: db))
  }
}
