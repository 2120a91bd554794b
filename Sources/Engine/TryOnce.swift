import Domain
import Probe
import Store
import Synchronization

/// Runs settings once from this process before anything is saved, for the person at the form.
public final class TryOnce: Sendable {
  public struct Seen: Sendable {
    public let status: CheckStatus
    public let observation: Observation

    public init(status: CheckStatus, observation: Observation) {
      self.status = status
      self.observation = observation
    }
  }

  /// Too many tries by one organization, or by all at once.
  public struct Busy: Error, Hashable, Sendable {
    public let afterS: Int
    public init(afterS: Int) { self.afterS = afterS }
  }

  /// A request is answered within thirty seconds, so a try does not wait as long as a monitor may.
  public static let timeoutMsMax = 20_000
  private static let atOnceMax = 4

  private let store: Store
  private let configuration: ProbeEngine.Configuration
  /// Ten at once, then one in six seconds, for each organization.
  private let limiter = Mutex(AttemptLimiter(.init(burst: 10, refillMs: 6000)))
  private let underWay = Mutex(0)

  public init(store: Store, configuration: ProbeEngine.Configuration = .init()) {
    self.store = store
    self.configuration = configuration
  }

  /// One attempt, under the organization's rule for private addresses; nothing is stored. Throws `Busy`, and `TargetError`
  /// for settings that `MonitorRules` refuses.
  public func run(_ settings: MonitorSettings, scope: TenantScope) async throws -> Seen {
    let now = store.world.now()
    if let afterS = limiter.withLock({ $0.take(String(scope.organization.raw), now: now) }) {
      throw Busy(afterS: afterS)
    }
    let hasPlace = underWay.withLock { count in
      guard count < Self.atOnceMax else { return false }
      count += 1
      return true
    }
    guard hasPlace else { throw Busy(afterS: 5) }
    defer { underWay.withLock { $0 -= 1 } }
    var settings = settings
    settings.timeoutMs = min(settings.timeoutMs, Self.timeoutMsMax)
    let target = try ProbeTarget(settings)
    let allowsPrivate = try await store.read { try OrganizationQueries.allowsPrivateTargets(scope: scope, in: $0) }
    let report = try await ProbeOnce.check(
      target, allowsPrivate: allowsPrivate, world: store.world, configuration: configuration)
    return Seen(status: report.status, observation: report.observation)
  }
}
