import Domain
import Engine
import HTTPServer
import JSON
import SQLite
import Store
import TestSupport
import Testing

@testable import Web

/// Every operation × everybody. A new operation has its row because the table is the enum itself.
@Suite("Who may use what")
struct CrossingTests {
  /// Two organizations; the first with everybody in it and one of each thing.
  private struct Town {
    let world: WebWorld
    let owner, admin, member, readKey, writeKey, stranger: WebWorld.Sender
    /// Ids of the first organization's things by the path's first segment.
    let ids: [String: String]

    var everybody: [(name: String, sender: WebWorld.Sender, authority: Authority?)] {
      [
        ("nobody", .nobody, nil), ("read key", readKey, .readKey), ("member", member, .role(.member)),
        ("write key", writeKey, .writeKey), ("admin", admin, .role(.admin)), ("owner", owner, .role(.owner)),
      ]
    }
  }

  private func town() async throws -> Town {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let admin = try await world.join("bob@example.org", role: .admin, of: owner)
    let member = try await world.join("cid@example.org", role: .member, of: owner)
    let readKey = try await world.makeKey(.read, by: owner)
    let writeKey = try await world.makeKey(.write, by: owner)
    let stranger = try await world.signUp("eve@example.org", organization: "E")
    let invited = await world.send(.createInvitation, [], ["email": "dan@example.org"], as: owner)
    let members = await world.send(.listMembers, as: owner).json["results"]?.array ?? []
    let keys = await world.send(.listAPIKeys, as: owner).json["results"]?.array ?? []
    let sessions = await world.send(.listSessions, as: owner).json["results"]?.array ?? []
    var ids = try await world.base.store.write { try Self.fill($0) }
    let channel = await world.send(
      .createChannel, [], ["type": "webhook", "name": "C", "settings": ["url": "https://hook.test/"]], as: owner)
    ids["channels"] = try #require(channel.json["id"]?.string, "\(channel.text)")
    ids["invitations"] = try #require(invited.json["id"]?.string)
    ids["members"] = try #require(members.last?["id"]?.string)
    ids["api-keys"] = try #require(keys.last?["id"]?.string)
    ids["sessions"] = try #require(sessions.first?["id"]?.string)
    return Town(
      world: world, owner: owner, admin: admin, member: member, readKey: readKey, writeKey: writeKey,
      stranger: stranger, ids: ids)
  }

  /// One of each thing of the first organization, straight into its table.
  private static func fill(_ db: Connection) throws -> [String: String] {
    func id(_ prefix: String) -> String { prefix + "_" + String(repeating: "7", count: 26) }
    try db.run(
      """
      INSERT INTO monitor (public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
        status_since_ms, created_ms, updated_ms)
      VALUES ($1, 1, 'http', 'M', 'http://127.0.0.1/', 1, 60, '{}', 0, 0, 0, 0)
      """, [.text(id("mon"))])
    try db.run(
      """
      INSERT INTO service (public_id, organization_id, name, description, status, status_since_ms, is_active, position,
        created_ms, updated_ms) VALUES ($1, 1, 'S', '', 'operational', 0, 1, 0, 0, 0)
      """, [.text(id("svc"))])
    try db.run(
      """
      INSERT INTO incident (public_id, organization_id, title, description, status, cause, started_ms, created_ms,
        updated_ms) VALUES ($1, 1, 'I', '', 'investigating', 'manual', 0, 0, 0)
      """, [.text(id("inc"))])
    try db.run(
      """
      INSERT INTO notification (public_id, organization_id, kind, dedup_key, payload, state, next_ms, created_ms)
      VALUES ($1, 1, 'test', 'k', '{}', 'dead', 0, 0)
      """, [.text(id("ntf"))])
    try db.run(
      """
      INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES (70, $1, 'private', 1, 0)
      """, [.text(id("reg"))])
    try db.run(
      """
      INSERT INTO worker (public_id, region_id, key_id, secret_hash, hostname, version, address, enrolled_ms, seen_ms)
      VALUES ($1, 70, 'k', x'00', 'h', '0', '', 0, 0)
      """, [.text(id("wrk"))])
    let page = try db.first("SELECT public_id FROM status_page WHERE organization_id = 1", []) { $0.text(0) }
    return [
      "monitors": id("mon"), "services": id("svc"), "incidents": id("inc"),
      "notifications": id("ntf"), "status-pages": try #require(page), "regions": id("reg"), "workers": id("wrk"),
    ]
  }

  /// An id of the same shape that nothing has.
  private func absent(_ id: String) -> String { id.prefix(4) + String(repeating: "0", count: 26) }

  private func hasID(_ operation: APIOperation) -> Bool { operation.endpoint.template.contains("{id}") }

  /// A body that is well formed, so that what is refused is the sender.
  private func body(_ operation: APIOperation) -> JSON? {
    switch operation {
    case .updateMember: ["role": "member"]
    default: operation.endpoint.method == .get || operation.endpoint.method == .delete ? nil : [:]
    }
  }

  @Test("each operation lets in exactly those whom its policy names", arguments: APIOperation.allCases)
  func policies(_ operation: APIOperation) async throws {
    let town = try await town()
    let first = String(operation.endpoint.template.prefix { $0 != "/" })
    let arguments =
      hasID(operation)
      ? [absent(try #require(town.ids[first], "the town has no \(first)"))]
      : operation.endpoint.template.contains("{slug}") ? ["a"] : []
    for (name, sender, authority) in town.everybody {
      let reply = await town.world.send(operation, arguments, body(operation), as: sender)
      let isIn = operation.endpoint.policy == .everyone || authority?.allows(operation.endpoint.policy) == true
      let refused = ["unauthenticated", "forbidden"].contains(reply.json["code"]?.string)
      #expect(refused == !isIn, "\(name): \(reply.status) \(reply.text)")
      if !isIn { #expect(reply.status == (authority == nil ? 401 : 403), "\(name)") }
      if isIn, hasID(operation) { #expect(reply.status == 404, "\(name): an absent id \(reply.text)") }
      #expect(reply.status < 500, "\(name): \(reply.text)")
      #expect(reply.header("cache-control") != nil)
    }
    #expect(town.world.reports.all.withLock { $0 } == [])
  }

  @Test("another organization's id answers byte for byte like an absent one", arguments: APIOperation.allCases)
  func crossing(_ operation: APIOperation) async throws {
    guard hasID(operation) else { return }
    let town = try await town()
    let first = String(operation.endpoint.template.prefix { $0 != "/" })
    let id = try #require(town.ids[first])
    let theirs = await town.world.send(operation, [id], body(operation), as: town.stranger)
    let nothing = await town.world.send(operation, [absent(id)], body(operation), as: town.stranger)
    let misshapen = await town.world.send(operation, ["x"], body(operation), as: town.stranger)
    for reply in [theirs, misshapen] {
      #expect(reply.status == 404)
      #expect(reply.bytes == nothing.bytes)
      #expect(reply.headers == nothing.headers)
    }
    let own = await town.world.send(operation, [id], body(operation), as: town.owner)
    if APIOperation.answered.contains(operation) {
      #expect(own.status != 404, "the id is no id of the owner's: \(own.text)")
    }
  }

  @Test("who may do what, in words: the policies themselves")
  func words() {
    for operation in APIOperation.allCases {
      let endpoint = operation.endpoint
      let isPublic = ["auth/", "public/", "health", "openapi.json", "invitations/accept"].contains {
        endpoint.template.hasPrefix($0)
      }
      if endpoint.policy == .everyone { #expect(isPublic, "\(operation)") }
      if ["api-keys", "members", "audit-log"].contains(where: endpoint.template.hasPrefix) {
        #expect(endpoint.policy == .admin, "\(operation)")
      }
      if endpoint.method != .get, endpoint.policy == .read { #expect(operation == .createRealtimeTicket) }
    }
  }
}

extension APIOperation {
  /// Operations whose handlers find what they name.
  fileprivate static var answered: [APIOperation] {
    allCases.filter { operation in
      ["api-keys", "members", "invitations", "sessions", "monitors", "channels", "notifications", "regions", "workers"]
        .contains {
          operation.endpoint.template.hasPrefix($0)
        }
    }
  }
}
