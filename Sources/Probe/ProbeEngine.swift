import CLinux
import Curl
import Domain
import Synchronization

/// Runs probes on one OS thread: hand it runs, it calls the sink with reports.
public final class ProbeEngine: Sendable {
  public struct Configuration: Sendable {
    /// PEM bundle of the trusted authorities.
    public var caFile = "/etc/ssl/certs/ca-certificates.crt"
    /// `address:port,…` of the DNS servers; nil takes /etc/resolv.conf.
    public var dnsServers: String?
    public var hostsPath = "/etc/hosts"
    /// `address:port,…` of servers that answer for the root of the DNS themselves, which prove a way out when checks fail;
    /// nil asks none.
    public var rootServers: String?
    /// Attempts under way at once; what is due beyond waits its turn and shows as late.
    public var inFlightMax = 4096
    public var batchReports = 256
    public var batchMs: UInt64 = 100
    public var userAgent = "Martlet"
    /// Whether the way to an address leads through the network that the DNS is reached by.
    var isFar: @Sendable (String) -> Bool = { address in
      IPAddress(address).map { AddressPolicy.scope(high: $0.high, low: $0.low) == .public } ?? false
    }
    public init() {}
  }

  public struct Statistics: Sendable {
    public var inFlight = 0
    /// Accepted and not yet due, or waiting for a place.
    public var waiting = 0
    /// Attempts started since the engine was made.
    public var started = 0
    /// Of these, those that began more than 10 ms after they were due.
    public var startedLate = 0
    public var loopLagP99Us = 0
    /// Share of the last ten seconds that the thread was not asleep.
    public var busyShare = 0.0
    /// Whether the DNS servers answered when last in doubt; nil where nothing is proved.
    public var resolverWorks: Bool?
    public init() {}
  }

  private let thread: LoopThread<ProbeCore>
  private let published: Published

  /// `sink` is called on the engine's thread with batches: `batchReports` of them or what `batchMs` brought; a failing
  /// attempt and a run marked urgent at once. It must not block, and must not call `stop`.
  public init(
    configuration: Configuration = .init(), world: World, sink: @escaping @Sendable ([ProbeReport]) -> Void
  ) throws(ProbeEngineError) {
    let published = Published()
    self.published = published
    do {
      thread = try LoopThread(name: "probe") { loop in
        try ProbeCore(loop: loop, configuration: configuration, world: world, published: published, sink: sink)
      }
    } catch {
      throw ProbeEngineError(description: "\(error)")
    }
  }

  public func submit(_ runs: [ProbeRun]) { thread.post { core in core.submit(runs) } }

  /// Runs with these tokens end without further reports.
  public func cancel(_ tokens: [UInt64]) { thread.post { core in core.cancel(tokens) } }

  public var statistics: Statistics { published.value.withLock { $0 } }

  /// Ends the thread; what is under way ends without reports, what is reported is handed to the sink first.
  public func stop() {
    thread.post { core in core.stop() }
    thread.stop()
  }
}

/// Who runs probes: the engine's thread, or what a test puts in its place.
public protocol Prober: Sendable {
  func submit(_ runs: [ProbeRun])
  func cancel(_ tokens: [UInt64])
  func stop()
  var statistics: ProbeEngine.Statistics { get }
}

extension ProbeEngine: Prober {}

/// What the engine's thread tells the others about itself.
final class Published: Sendable {
  let value = Mutex(ProbeEngine.Statistics())
}
