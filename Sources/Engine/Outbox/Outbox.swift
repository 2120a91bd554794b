import Domain
import JSON
import Notify
import SQLite
import Store

/// Sends what waits in the outbox: claim with a lease, send, then mark. A crash in between sends again under the same id.
public actor Outbox {
  let store: Store
  let carrier: @Sendable (_ privateTargets: Bool) -> Carrier
  private let report: @Sendable (_ event: String, _ detail: String) -> Void
  private let batch = 32
  private var loop: Task<Void, Never>?
  private var sleep: Task<Void, Never>?
  private var isWanted = false

  public init(
    store: Store, carrier: @escaping @Sendable (_ privateTargets: Bool) -> Carrier,
    report: @escaping @Sendable (_ event: String, _ detail: String) -> Void
  ) {
    self.store = store
    self.carrier = carrier
    self.report = report
  }

  public func start() {
    guard loop == nil else { return }
    store.subscribe { [weak self] events in
      guard events.contains(.notificationsDue), let self else { return }
      Task { await self.wake() }
    }
    loop = Task { await run() }
  }

  /// Lets deliveries under way finish, claims nothing more.
  public func stop() async {
    loop?.cancel()
    sleep?.cancel()
    await loop?.value
  }

  private func wake() {
    isWanted = true
    sleep?.cancel()
  }

  private func run() async {
    while !Task.isCancelled {
      isWanted = false
      do {
        let claimed = try await Self.round(limit: batch, store: store, report: report) { await self.attempt($0) }
        if claimed < batch { await pause(try await nextPauseMs()) }
      } catch {
        report("outbox_failed", "\(error)")
        await pause(5000)
      }
    }
  }

  private func nextPauseMs() async throws -> Int64 {
    let due = try await store.read { try NotificationQueries.nextDue(in: $0) }
    guard let due else { return 3_600_000 }
    return min(max(due - store.world.now(), 200), 3_600_000)
  }

  private func pause(_ ms: Int64) async {
    guard !isWanted, !Task.isCancelled else { return }
    let sleep = Task { _ = try? await Task.sleep(for: .milliseconds(ms)) }
    self.sleep = sleep
    await sleep.value
  }

  /// Takes up to `limit` messages, sends them side by side and marks what came of each; answers how many there were.
  /// The simulation sends by its own way, one at a time.
  package static func round(
    limit: Int, store: Store, report: @escaping @Sendable (_ event: String, _ detail: String) -> Void,
    send: @escaping @Sendable (ClaimedNotification) async -> Delivery
  ) async throws -> Int {
    let world = store.world
    let claimed = try await store.write { try NotificationQueries.claim(limit: limit, now: world.now(), in: $0) }
    await withTaskGroup(of: Void.self) { group in
      for one in claimed { group.addTask { await mark(one, send(one), in: store, report: report) } }
    }
    return claimed.count
  }

  private static func mark(
    _ claimed: ClaimedNotification, _ outcome: Delivery, in store: Store,
    report: @Sendable (_ event: String, _ detail: String) -> Void
  ) async {
    let world = store.world
    do { try await store.write { try settle(claimed, outcome, in: $0, world: world) } } catch {
      // The lease ends and the message goes again under its id.
      report("outbox_mark_failed", "\(claimed.publicID): \(error)")
    }
  }

  private nonisolated func attempt(_ claimed: ClaimedNotification) async -> Delivery {
    guard claimed.channel.enabled else { return .never(reason: "The channel is switched off.") }
    do {
      guard let notice = try Notice(json: JSON(parsing: claimed.payload)),
        let kind = ChannelKind(rawValue: claimed.channel.kind)
      else { return .never(reason: "The message cannot be read by this version.") }
      let channel = try kind.channel(settings: claimed.channel.settings(store.sealer))
      return await channel.deliver(
        notice, id: claimed.publicID.text, at: store.world.now(), by: carrier(claimed.privateTargets))
    } catch {
      return .never(reason: "The channel's settings cannot be read: \(error)")
    }
  }

  static func settle(_ claimed: ClaimedNotification, _ outcome: Delivery, in db: Connection, world: World) throws {
    switch outcome {
    case .sent:
      try NotificationQueries.markSent(claimed, in: db, world: world)
    case .never(let reason):
      try NotificationQueries.markDead(claimed, error: reason, in: db, world: world)
    case .gone(let reason):
      try NotificationQueries.markDead(claimed, error: reason, in: db, world: world)
      try ChannelQueries.switchOff(claimed.channel.id, reason: reason, in: db, world: world)
    case .later(let reason, let askedS):
      let jitter = Double(world.random(1)[0]) / 255
      switch DeliveryPolicy.after(failures: claimed.attempts + 1, now: world.now(), askedS: askedS, jitter: jitter) {
      case .again(let at): try NotificationQueries.markAgain(claimed, at: at, error: reason, in: db)
      case .giveUp: try NotificationQueries.markDead(claimed, error: reason, in: db, world: world)
      }
    }
  }
}
