import Domain
import Engine
import HTTPServer
import JSON
import Store
import Synchronization
import TestSupport
import Testing

@testable import Web

/// An installation with its handler, answering in this process: no socket, a hand-moved clock, cheap password hashes.
final class WebWorld: Sendable {
  let base: TestStore
  let access: Access
  let handler: WebHandler
  static let password = "a martlet never lands"

  init(signUp: Access.SignUp = .open, settings: WebContext.Settings = .init(), sendsMail: Bool = false) throws {
    base = try TestStore()
    var configuration = Access.Configuration()
    configuration.signUp = signUp
    configuration.passwordCost = .init(passes: 1, memoryBytes: 8192)
    let outbox = Outbox()
    let post: @Sendable (Access.Mail) async throws -> Void = { mail in outbox.mails.withLock { $0.append(mail) } }
    access = Access(store: base.store, configuration: configuration, sendMail: sendsMail ? post : nil)
    self.outbox = outbox
    let reports = Reports()
    self.reports = reports
    let tries = Tries()
    let outcome = ChannelTest()
    self.outcome = outcome
    self.tries = tries
    let hub = LiveHub(store: base.store, epoch: "epoch")
    let fleet = KnownFleet(at: base.clock.now)
    self.fleet = fleet
    self.hub = hub
    var context = WebContext(
      store: base.store, access: access, settings: settings, checkNow: { _ in ["run_1"] },
      tryOnce: { settings, _ in try tries.answer(settings) },
      testChannel: { _, _, _ in outcome.value.withLock { $0 } }, fleetNow: { await fleet.now() },
      report: { reference, error in reports.all.withLock { $0.append("\(reference): \(error)") } })
    context.fleet = FleetAccess(
      gate: WorkerGate(store: base.store, clusterToken: { nil }),
      engine: Engine(
        store: base.store, probe: { _, _ in throw NoProbe() }, onChange: { _, _ in }, report: { _, _ in }))
    context.live = LiveHandlers(hub: hub, baseURL: nil)
    let pages = PageRouter(context)
    var extensions = WebExtensions()
    extensions.page = { await pages.answer($0) }
    extensions.cached = { pages.cached($0) }
    handler = WebHandler(context, extensions: extensions)
  }

  deinit { hub.stop() }

  private let hub: LiveHub
  final class Outbox: Sendable { let mails = Mutex<[Access.Mail]>([]) }
  final class Reports: Sendable { let all = Mutex<[String]>([]) }
  /// What one try sees: nil is busy.
  final class Tries: Sendable {
    let seen = Mutex<TryOnce.Seen?>(nil)
    let asked = Mutex<[MonitorSettings]>([])

    func answer(_ settings: MonitorSettings) throws -> TryOnce.Seen {
      asked.withLock { $0.append(settings) }
      guard let seen = seen.withLock({ $0 }) else { throw TryOnce.Busy(afterS: 7) }
      return seen
    }
  }
  /// Who is heard of, as the engine would tell.
  final class KnownFleet: Sendable {
    let sight: Mutex<FleetSight>
    /// Happens while a page is being read, each time.
    let meanwhile = Mutex<(@Sendable () async -> Void)?>(nil)

    func now() async -> FleetSight {
      await meanwhile.withLock { $0 }?()
      return sight.withLock { $0 }
    }

    /// The control plane's own process does the checks of region `local`.
    init(at now: Instant) {
      var fleet = Fleet(begun: now)
      _ = fleet.handle(.seen(.embedded, RegionID(1), waitMs: 0, WorkerReport()), regions: [RegionID(1)], now: now)
      sight = Mutex(fleet.sight(at: now))
    }
  }
  struct NoProbe: Error {}
  let fleet: KnownFleet
  /// What a channel's test comes to.
  let outcome: ChannelTest
  let outbox: Outbox
  let reports: Reports
  let tries: Tries

  /// Who sends a request, and how that is told.
  enum Sender: Sendable {
    case nobody
    case session(String)
    case key(String)

    var headers: [Header] {
      switch self {
      case .nobody: []
      case .session(let token): [Header("cookie", "martlet=\(token)"), Header("origin", "http://m.test")]
      case .key(let key): [Header("authorization", "Bearer \(key)")]
      }
    }
  }

  struct Reply {
    let status: Int
    let headers: [Header]
    let bytes: [UInt8]

    var json: JSON { (try? JSON(parsing: bytes)) ?? .null }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    /// The token that a Set-Cookie brings.
    var session: String? {
      header("set-cookie").flatMap { cookie in
        cookie.split(separator: ";").first.flatMap { $0.split(separator: "=").last.map(String.init) }
      }
    }
  }

  func send(
    _ method: String, _ target: String, _ body: JSON? = nil, as sender: Sender = .nobody, raw: [UInt8]? = nil,
    headers: [Header] = [], peer: String = "192.0.2.1"
  ) async -> Reply {
    let all = [Header("host", "m.test"), Header("content-type", "application/json")] + sender.headers + headers
    let response = await handler.respond(
      to: Request(method: method, target: target, headers: all, body: raw ?? body?.bytes ?? [], peer: peer))
    guard case .bytes(let bytes) = response.body else { return Reply(status: response.status, headers: [], bytes: []) }
    return Reply(status: response.status, headers: response.headers, bytes: bytes)
  }

  func send(_ operation: APIOperation, _ arguments: [String] = [], _ body: JSON? = nil, as sender: Sender = .nobody)
    async -> Reply
  {
    await send(operation.endpoint.method.rawValue, operation.path(arguments), body, as: sender)
  }

  /// Posts a form as a browser does.
  func post(_ target: String, _ fields: [(String, String)] = [], as sender: Sender = .nobody) async -> Reply {
    let body = fields.map { "\(PercentCoding.encode($0.0))=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    return await send("POST", target, as: sender, raw: Array(body.utf8))
  }

  /// Signs somebody up with an organization of their own: the first through the setup link.
  func signUp(_ email: String, organization: String) async throws -> Sender {
    var body: [JSON.Member] = [
      .init("email", .string(email)), .init("password", .string(Self.password)), .init("name", "Somebody"),
      .init("organization", .string(organization)),
    ]
    if let token = try await access.prepareSetup() { body.append(.init("setup_token", .string(token))) }
    let reply = await send(.signUp, [], .object(body))
    #expect(reply.status == 201, "\(reply.text)")
    return .session(try #require(reply.session))
  }

  /// Adds a member by an invitation.
  func join(_ email: String, role: Role, of owner: Sender) async throws -> Sender {
    let invited = await send(
      .createInvitation, [], ["email": .string(email), "role": .string(role.rawValue)], as: owner)
    let link = try #require(invited.json["link"]?.string, "\(invited.text)")
    let token = String(try #require(link.split(separator: "=").last))
    let joined = await send(
      .acceptInvitation, [], ["token": .string(token), "name": "Member", "password": .string(Self.password)])
    #expect(joined.status == 200, "\(joined.text)")
    return .session(try #require(joined.session))
  }

  func makeKey(_ scope: APIKeyScope, by owner: Sender) async throws -> Sender {
    let made = await send(.createAPIKey, [], ["name": "Key", "scope": .string(scope.rawValue)], as: owner)
    return .key(try #require(made.json["key"]?.string, "\(made.text)"))
  }
}

final class ChannelTest: Sendable { let value = Mutex(Outbox.TestOutcome(isDelivered: true, reason: "")) }
