import Domain
import Engine
import HTTPServer
import JSON
import Store
import Synchronization

/// The live feed: tells every open socket and event stream what was committed, in order and once.
///
/// One task does it all in turn. A new connection is sent what it missed and joins its topic in the same turn, so no
/// event falls between replay and broadcast, and none comes twice. Start it before the server takes requests.
public final class LiveHub: Sendable {
  enum Command: Sendable {
    case changed(feed: Int64)
    case opened(LiveGuest, ConnectionID)
    case closed(ConnectionID)
    case pageChanged(StatusPageID)
    /// Sessions, members or keys changed, or it is time to look again.
    case revalidate
    case load(feed: Int64, CheckedContinuation<FeedWindow?, Never>)
    case sample(scope: TenantScope, monitor: MonitorID, message: [UInt8])
    case prune
  }

  public let tickets: LiveTickets
  public let epoch: String
  let store: Store
  private let transport = Mutex<(any LiveTransport)?>(nil)
  private let commands: AsyncStream<Command>.Continuation
  private let tasks = Mutex<[Task<Void, Never>]>([])
  /// Feeds with a `.changed` on its way: a burst of commits is read once.
  private let waiting = Mutex<Set<Int64>>([])
  /// Organizations that somebody listens to: samples of others cost nothing.
  let listened = Mutex<Set<OrganizationID>>([])
  private let report: @Sendable (_ event: String, _ error: any Error) -> Void

  /// Reads the epoch and begins. `report` hears of trouble with the database; what could not be read is tried again.
  public convenience init(
    store: Store, report: @escaping @Sendable (_ event: String, _ error: any Error) -> Void = { _, _ in }
  ) async throws {
    self.init(store: store, epoch: try await store.read { try FeedQueries.epoch(in: $0) }, report: report)
  }

  init(
    store: Store, epoch: String, report: @escaping @Sendable (_ event: String, _ error: any Error) -> Void = { _, _ in }
  ) {
    self.store = store
    self.report = report
    self.epoch = epoch
    tickets = LiveTickets(world: store.world)
    let (stream, continuation) = AsyncStream<Command>.makeStream()
    commands = continuation
    store.subscribe { [weak self] events in self?.committed(events) }
    let turn = LiveTurn(hub: self)
    tasks.withLock {
      $0.append(Task { for await command in stream { await turn.handle(command) } })
      $0.append(Self.ticking(every: .seconds(30), .revalidate, continuation))
      $0.append(Self.ticking(every: .seconds(600), .prune, continuation))
    }
  }

  /// The server is made after its handler: it is handed in once it stands.
  public func attach(_ server: any LiveTransport) { transport.withLock { $0 = server } }

  /// Nothing is sent after this; open connections are the server's to drain.
  public func stop() {
    commands.finish()
    for task in tasks.withLock({ $0 }) { task.cancel() }
  }

  /// A check's sample for charts: without a `seq`, at most one a second and monitor, only while somebody listens.
  /// `data` is made only then.
  public func sample(monitor: MonitorID, scope: TenantScope, data: () -> JSON) {
    guard listened.withLock({ $0.contains(scope.organization) }) else { return }
    let message = JSON.object([.init("type", .string(FeedEventType.monitor.rawValue)), .init("data", data())]).bytes
    commands.yield(.sample(scope: scope, monitor: monitor, message: message))
  }

  /// The newest events of a feed, from memory after the first time; nil while the database does not answer.
  func window(feed: Int64) async -> FeedWindow? {
    await withCheckedContinuation { continuation in
      if case .terminated = commands.yield(.load(feed: feed, continuation)) { continuation.resume(returning: nil) }
    }
  }

  func post(_ command: Command) { commands.yield(command) }

  func postChanged(_ feed: Int64) {
    if waiting.withLock({ $0.insert(feed).inserted }) { commands.yield(.changed(feed: feed)) }
  }

  /// From here on a further commit asks for a further reading.
  func began(_ feed: Int64) { waiting.withLock { _ = $0.remove(feed) } }

  var server: (any LiveTransport)? { transport.withLock { $0 } }

  func failed(_ event: String, _ error: any Error) { report(event, error) }

  /// On the writer's thread, in the order of commits.
  private func committed(_ events: [StoreEvent]) {
    for event in events {
      switch event {
      case .feedChanged(let feed): postChanged(feed)
      case .pageChanged(let page): commands.yield(.pageChanged(page))
      case .sessionsEnded, .membersChanged: commands.yield(.revalidate)
      default: break
      }
    }
  }

  private static func ticking(
    every pause: Duration, _ command: Command, _ commands: AsyncStream<Command>.Continuation
  ) -> Task<Void, Never> {
    Task {
      while (try? await Task.sleep(for: pause)) != nil { commands.yield(command) }
    }
  }
}

extension JSON {
  /// What a live sample tells: the monitor's own data come with its numbered updates.
  public init(_ sample: LiveSample) {
    self = [
      "id": .string(sample.publicID.text), "result": .string(sample.status.name), "region": .string(sample.region),
      "at": .string(sample.startedAt.rfc3339), "total_us": sample.totalUs.map { .int(Int64($0)) } ?? .null,
    ]
  }
}
