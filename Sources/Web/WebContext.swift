import Domain
import Engine
import HTTPServer
import Store

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
  /// The workers that serve a region now.
  public let workers: @Sendable (RegionID) async -> [WorkerSight]
  /// Parts of the process by name and whether each works.
  public let health: @Sendable () async -> [(name: String, isWorking: Bool)]
  /// Live changes; nil where this process serves none.
  public var live: LiveHandlers?
  /// Sends a test message and says what became of it; nil where this process sends nothing.
  public var testChannel: (@Sendable (ChannelRow, _ person: String) async -> ChannelTest)?
  /// Hears of trouble of ours, with the reference that the answer shows.
  public let report: @Sendable (_ reference: String, _ error: any Error) -> Void

  public var world: World { store.world }

  public init(
    store: Store, access: Access, settings: Settings = Settings(),
    checkNow: @escaping @Sendable (MonitorID) async throws -> [String],
    workers: @escaping @Sendable (RegionID) async -> [WorkerSight],
    health: @escaping @Sendable () async -> [(name: String, isWorking: Bool)] = { [] },
    report: @escaping @Sendable (_ reference: String, _ error: any Error) -> Void
  ) {
    self.store = store
    self.access = access
    self.settings = settings
    self.checkNow = checkNow
    self.workers = workers
    self.health = health
    self.report = report
  }
}
