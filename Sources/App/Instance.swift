import CLinux
import Curl
import Domain
import Engine
import HTTPServer
import JSON
import Notify
import Probe
import Sodium
import Store
import Web

/// What an instance is started with.
struct InstanceSettings: Sendable {
  var host = "127.0.0.1"
  var port = 8080
  var baseURL: String?
  var trustedProxies: [AddressRange] = []
  var signUp = Access.SignUp.invite
  var mailServer: MailServer?
  var mailFrom = "martlet@localhost"
  /// A PEM bundle to trust instead of the system's.
  var caFile: String?
  /// `address:port,…` instead of /etc/resolv.conf.
  var dnsServers: String?
  var rootServers: String?
  /// Holds the secret that lets workers into any region.
  var clusterTokenFile: String?
  /// Holds the secret that shows the metrics to other machines.
  var metricsTokenFile: String?
}

/// All parts of `serve`, wired. Owns them from start to stop.
final class Instance: Sendable {
  let store: Store
  let access: Access
  let engine: Engine
  let url: String
  private let outbox: Outbox
  private let closer: HourCloser
  private let hub: LiveHub
  private let client: OutboundClient
  private let server: HTTPServer

  init(_ settings: InstanceSettings, folder: DataFolder, log: Log) async throws {
    let world = World.system
    store = try Store(path: folder.database, world: world, sealer: Sealer(key: folder.key)) { error in
      log.event("disk_failed", [("error", .string("\(error)"))])
      Console.note("The disk under \(folder.path) failed; martlet stops rather than guess what was stored.")
      leave(ExitCode.ioError)
    }
    let report: @Sendable (String, String) -> Void = { event, detail in log.event(event, [("detail", .string(detail))])
    }

    hub = try await LiveHub(store: store) { event, error in report(event, "\(error)") }
    let hub = hub

    var transfers = TransferClient.Configuration()
    transfers.caFile = settings.caFile ?? transfers.caFile
    transfers.resolver.servers = settings.dnsServers
    // The first message may wait for them; the probe, whose first check may not, says at once when they cannot be used.
    transfers.loadsAuthoritiesFirst = false
    client = try OutboundClient(configuration: transfers)
    var probe = ProbeEngine.Configuration()
    probe.caFile = settings.caFile ?? probe.caFile
    probe.dnsServers = settings.dnsServers
    probe.rootServers = settings.rootServers
    engine = Engine(
      store: store,
      probe: { [probe] world, sink in try ProbeEngine(configuration: probe, world: world, sink: sink) },
      onChange: { change, db in try IncidentFlow.apply(change, in: db, world: world) },
      onSample: { sample in hub.sample(monitor: sample.monitor, scope: sample.scope) { JSON(sample) } },
      onRegionChange: { change, db in try RegionFlow.apply(change, in: db, world: world) },
      onSlotAlarm: { change, db in try SlotFlow.apply(change, in: db, world: world) },
      report: report)

    let base = Self.baseURL(settings)
    let client = client
    let carrier: @Sendable (Bool) -> Carrier = { privateTargets in
      let policy = AddressPolicy(allowsPrivate: privateTargets)
      return Carrier(
        client: client, vet: { policy.allows(high: $0.high, low: $0.low) }, mailServer: settings.mailServer,
        mailFrom: settings.mailFrom, baseURL: base)
    }
    outbox = Outbox(store: store, carrier: carrier, report: report)
    closer = HourCloser(store: store) { report("hour_closing_failed", "\($0)") }

    var accessSettings = Access.Configuration()
    accessSettings.signUp = settings.signUp
    let mailer = settings.mailServer.map { Mailer(client: client, server: $0, from: settings.mailFrom, baseURL: base) }
    var sendMail: (@Sendable (Access.Mail) async throws -> Void)?
    if let mailer { sendMail = { try await mailer.send($0, at: world.now()) } }
    access = Access(
      store: store, configuration: accessSettings,
      sendMail: sendMail,
      report: { event, error in log.event(event, [("error", .string("\(error)"))]) })

    var webSettings = WebContext.Settings()
    webSettings.baseURL = settings.baseURL
    webSettings.trustedProxies = settings.trustedProxies
    webSettings.version = Martlet.version
    let engine = engine
    let outbox = outbox
    let trying = TryOnce(store: store, configuration: probe)
    var context = WebContext(
      store: store, access: access, settings: webSettings, checkNow: { await engine.checkNow($0) },
      tryOnce: { try await trying.run($0, scope: $1) },
      testChannel: { try await outbox.test($0, scope: $1, person: $2) },
      fleetNow: { await engine.currentFleet },
      health: { [("engine", await !engine.statistics.storeFailing)] },
      report: { reference, error in
        log.event("request_failed", [("reference", .string(reference)), ("error", .string("\(error)"))])
      })
    let clusterToken = settings.clusterTokenFile.map { SecretFile($0, log: log) }
    let metricsToken = settings.metricsTokenFile.map { SecretFile($0, log: log) }
    let gate = WorkerGate(store: store) { await clusterToken?.current }
    context.metricsToken = { given in
      await metricsToken?.current.map { Sodium.equal(Array($0.utf8), Array(given.utf8)) } ?? false
    }
    context.fleet = FleetAccess(gate: gate, engine: engine)
    context.live = LiveHandlers(hub: hub, baseURL: settings.baseURL)
    let descriptors = Int(clinux_nofile_limit())
    var serving = HTTPServer.Configuration(
      host: settings.host, port: settings.port, connectionsMax: max(64, descriptors - 2048),
      connectionsPerAddressMax: max(64, descriptors / 2))
    serving.waitersMax = Limits.workersWaitingMax
    server = try HTTPServer(
      serving, handler: WebHandler(context, extensions: Self.extensions(context, hub)))
    hub.attach(server)
    url = "http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(server.port)"
    try await engine.start()
    await outbox.start()
    await closer.start()
  }

  /// Requests under way finish, leases go back, what is reported is stored.
  func stop() async {
    // Workers that wait for jobs would hold the drain up.
    await engine.sendWorkersAway()
    await server.drain(seconds: 10)
    await engine.stop()
    await outbox.stop()
    await closer.stop()
    hub.stop()
    client.stop()
    store.close()
  }

  private static func extensions(_ context: WebContext, _ hub: LiveHub) -> WebExtensions {
    let pages = PageRouter(context)
    let live = LiveRouter(context, hub: hub)
    var extensions = WebExtensions()
    extensions.cached = { pages.cached($0) }
    extensions.page = { await pages.answer($0) }
    extensions.live = { await live.answer($0) }
    return extensions
  }

  private static func baseURL(_ settings: InstanceSettings) -> String {
    guard let given = settings.baseURL else { return "http://\(settings.host):\(settings.port)" }
    return given.hasSuffix("/") ? String(given.dropLast()) : given
  }
}
