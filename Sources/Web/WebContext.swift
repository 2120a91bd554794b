import Domain
import Engine
import HTTPServer
import Store

/// The way to the workers: who they are, and what they are given and bring.
public struct FleetAccess: Sendable {
  public let gate: WorkerGate
  public let engine: Engine

  public init(gate: WorkerGate, engine: Engine) {
    self.gate = gate
    self.engine = engine
  }
}

/// What the handlers of requests work with.
public struct WebContext: Sendable {
  public struct Settings: Sendable {
    /// The address people use, `https://status.example.org`; nil takes the request's Host.
    public var baseURL: String?
    public var trustedProxies: [AddressRange] = []
    public var version = "0.0.0"

    public init() {}
  }

  public let store: Store
  public let access: Access
  public let settings: Settings
  /// Runs a monitor now in each of its regions and answers the ids of the runs.
  public let checkNow: @Sendable (MonitorID) async throws -> [String]
  /// Runs settings once without storing anything; throws `TryOnce.Busy`.
  public let tryOnce: @Sendable (MonitorSettings, TenantScope) async throws -> TryOnce.Seen
  /// Sends a test message by a channel now; nil when there is no such channel.
  public let testChannel:
    @Sendable (PublicID<ChannelTag>, TenantScope, _ person: String) async throws -> Outbox.TestOutcome?
  /// Who is heard of now, and what was concluded of regions.
  public let fleetNow: @Sendable () async -> FleetSight
  /// Parts of the process by name and whether each works.
  public let health: @Sendable () async -> [(name: String, isWorking: Bool)]
  /// Workers elsewhere; nil where this process takes none.
  public var fleet: FleetAccess?
  /// Whether a token is the operator's for metrics.
  public var metricsToken: @Sendable (String) async -> Bool = { _ in false }
  /// Live changes; nil where this process serves none.
  public var live: LiveHandlers?
  let strangers: Strangers
  /// Hears of trouble of ours, with the reference that the answer shows.
  public let report: @Sendable (_ reference: String, _ error: any Error) -> Void

  public var world: World { store.world }

  public init(
    store: Store, access: Access, settings: Settings = Settings(),
    checkNow: @escaping @Sendable (MonitorID) async throws -> [String],
    tryOnce: @escaping @Sendable (MonitorSettings, TenantScope) async throws -> TryOnce.Seen,
    testChannel: @escaping @Sendable (PublicID<ChannelTag>, TenantScope, String) async throws -> Outbox.TestOutcome?,
    fleetNow: @escaping @Sendable () async -> FleetSight,
    health: @escaping @Sendable () async -> [(name: String, isWorking: Bool)] = { [] },
    report: @escaping @Sendable (_ reference: String, _ error: any Error) -> Void
  ) {
    self.store = store
    strangers = Strangers(world: store.world)
    self.access = access
    self.settings = settings
    self.checkNow = checkNow
    self.tryOnce = tryOnce
    self.testChannel = testChannel
    self.fleetNow = fleetNow
    self.health = health
    self.report = report
  }
}
