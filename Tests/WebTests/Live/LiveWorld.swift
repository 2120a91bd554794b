import Domain
import HTTPServer
import JSON
import Synchronization
import TestSupport
import Testing

@testable @_spi(Minting) import Store
@testable import Web

/// A server's topics and queues without a network: what each connection was sent, in order.
final class RecordingTransport: LiveTransport {
  struct Connection {
    var topic: UInt64 = 0
    var sent: [String] = []
    var code: UInt16?
  }
  private let state = Mutex<[ConnectionID: Connection]>([:])

  func open(_ id: ConnectionID) { state.withLock { $0[id] = Connection() } }
  func send(_ text: [UInt8], to connection: ConnectionID) {
    state.withLock { $0[connection]?.sent.append(String(decoding: text, as: UTF8.self)) }
  }
  func join(_ connection: ConnectionID, topic: UInt64) { state.withLock { $0[connection]?.topic = topic } }
  func broadcast(topic: UInt64, frame: [UInt8], event: [UInt8], latest: UInt64?) {
    state.withLock { all in
      for (id, one) in all where one.topic == topic && one.code == nil {
        all[id]?.sent.append(String(decoding: frame, as: UTF8.self))
      }
    }
  }
  func close(_ connection: ConnectionID, code: UInt16) {
    state.withLock { if $0[connection]?.code == nil { $0[connection]?.code = code } }
  }
  func log(_ connection: ConnectionID) -> Connection { state.withLock { $0[connection] ?? Connection() } }
}

/// An organization with a public page, a session and a hub over a recording transport.
final class LiveWorld: Sendable {
  let test: TestStore
  let hub: LiveHub
  let handlers: LiveHandlers
  let strangers: Strangers
  let transport = RecordingTransport()
  let scope = TenantScope(minting: OrganizationID(1))
  static let organization = "org_00000000000000000000000001"
  private let connections = Atomic<UInt64>(0)

  init() async throws {
    test = try TestStore()
    try await test.store.write { db in
      for n in 1...2 as ClosedRange<Int64> {
        try db.run(
          "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'o', $2, 0, 0)",
          [.int(n), .text("org_0000000000000000000000000\(n)")])
        try db.run(
          """
          INSERT INTO status_page (id, public_id, organization_id, slug, name, description, is_public, revision,
            created_ms, updated_ms) VALUES ($1, $2, $1, $2, 'p', '', 1, 1, 0, 0)
          """, [.int(n), .text("page-\(n)")])
      }
      try db.run(
        """
        INSERT INTO account (id, public_id, email, name, password_hash, created_ms, updated_ms)
        VALUES (1, 'usr_1', 'a@example.com', 'a', '', 0, 0)
        """)
      try db.run("INSERT INTO member (organization_id, account_id, role, created_ms) VALUES (1, 1, 'owner', 0)")
      try db.run(
        """
        INSERT INTO session (id, public_id, token_hash, account_id, organization_id, user_agent, address, created_ms,
          seen_ms, expires_ms) VALUES (1, 'ses_1', $1, 1, 1, '', '', 0, 0, $2)
        """, [.blob([1]), .int(9_000_000_000_000)])
    }
    hub = try await LiveHub(store: test.store)
    hub.attach(transport)
    handlers = LiveHandlers(hub: hub, baseURL: nil)
    strangers = Strangers(world: test.store.world)
  }

  deinit { hub.stop() }

  var session: LiveHolder { LiveHolder(scope: scope, listener: .session(SessionID(1))) }

  /// Carries `response` out as a server would.
  func connect(_ response: Response) throws -> (ConnectionID, WebSocketCallbacks) {
    let id = ConnectionID(raw: connections.add(1, ordering: .relaxed).newValue)
    guard case .webSocket(_, let callbacks) = response.body else { throw NoSocket(status: response.status) }
    transport.open(id)
    callbacks.opened(id)
    return (id, callbacks)
  }

  func publicSocket(_ slug: String, _ query: String = "") async throws -> (ConnectionID, WebSocketCallbacks) {
    try connect(try await handlers.publicSocket(try asked("/ws/status/public/\(slug)/\(query)", [slug]), strangers))
  }

  func organizationSocket(
    _ query: String, organization: String = LiveWorld.organization, signedIn: LiveHolder? = nil
  ) async throws -> ConnectionID {
    let request = try asked("/ws/status/org/\(organization)/\(query)", [organization])
    return try connect(
      try await handlers.organizationSocket(request) { signedIn.map { ($0, LiveWorld.organization) } }
    ).0
  }

  func asked(_ target: String, _ arguments: [String], headers: [Header] = [Header("upgrade", "websocket")]) throws
    -> PublicRequest
  {
    PublicRequest(
      request: Request(method: "GET", target: target, headers: headers, body: [], peer: "127.0.0.1"),
      arguments: arguments, query: try RequestQuery(target: target), clientAddress: "127.0.0.1")
  }

  func append(page: Int64 = 1) async throws {
    let world = test.store.world
    let scope = TenantScope(minting: OrganizationID(page))
    _ = try await test.store.write { db in
      try FeedQueries.append(
        .service, ["id": "svc_1"], page: StatusPageID(page), scope: scope, in: db, world: world)
    }
  }

  struct NoSocket: Error { let status: Int }
}

/// Waits for what another task does; fails after a minute, as two cores may be busy with other tests for long.
func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(60)
  while try await !condition() {
    guard ContinuousClock.now < end else {
      Issue.record("never happened: \(what)")
      throw CancellationError()
    }
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// The numbers of the events in a log, without `hello` and `reset`.
func numbers(_ log: [String]) throws -> [Int64] {
  try log.map { try JSON(parsing: $0) }.filter { $0["data"] != nil }.compactMap { $0["seq"]?.int }
}
