import Domain
import SQLite
import Store

/// Packs each hour once it is over, sums up days, deletes what is too old: in small transactions with pauses between
/// them, so that results keep flowing in. What it does not get done it finds again the next time.
public actor HourCloser {
  private let store: Store
  private let graceMs: Int64
  private let batch: Int
  private let retention: Retention
  private let pause: @Sendable () async -> Void
  private let failed: @Sendable (any Error) -> Void
  private var loop: Task<Void, Never>?
  private var prunedDay: Int64?
  private static let rowsAtOnce = 5000

  /// `graceMs` is how long after its end an hour waits for its last results. `pause` lets others write between two
  /// transactions. `failed` is told why a round did not finish; the next round begins where it stopped.
  public init(
    store: Store, graceMs: Int64 = 5 * Instant.minuteMs, batch: Int = 50, retention: Retention = Retention(),
    pause: @escaping @Sendable () async -> Void = { _ = try? await Task.sleep(for: .milliseconds(20)) },
    failed: @escaping @Sendable (any Error) -> Void
  ) {
    self.store = store
    self.graceMs = graceMs
    self.batch = batch
    self.retention = retention
    self.pause = pause
    self.failed = failed
  }

  /// Looks every 30 s whether an hour is ready.
  public func start() {
    guard loop == nil else { return }
    loop = Task {
      while !Task.isCancelled {
        do { try await round() } catch is CancellationError {} catch { failed(error) }
        _ = try? await Task.sleep(for: .seconds(30))
      }
    }
  }

  /// Returns when the transaction under way is done.
  public func stop() async {
    loop?.cancel()
    await loop?.value
    loop = nil
  }

  /// Packs all that is ready; answers whether there was anything.
  @discardableResult
  public func round() async throws -> Bool {
    let now = store.world.now()
    let graceMs = graceMs
    let (closed, key, pending, plan) = try await store.read { db in
      let closed = try HourCloseQueries.closed(now: now, in: db)
      // Nothing is scanned unless an hour is ready.
      var plan = ClosePlan(closed: closed, late: [], now: now, graceMs: graceMs)
      guard let hour = plan.hour else { return (closed, Int64(0), [Int64: [MonitorID]](), plan) }
      let key = try HourCloseQueries.newestKey(in: db)
      let pending = try HourCloseQueries.pending(before: hour + 1, in: db)
      plan = ClosePlan(closed: closed, late: pending.keys, now: now, graceMs: graceMs)
      return (closed, key, pending, plan)
    }
    guard let hour = plan.hour else { return false }
    for (each, monitors) in pending.sorted(by: { $0.key < $1.key }) {
      try await batches(monitors) { try HourCloseQueries.close(hour: each, of: $0, in: $1) }
    }
    try await store.write { try HourCloseQueries.mark(Closed(hour: hour, day: closed.day), in: $0) }
    try await emptyLog(through: key, hour: hour)
    for day in plan.days {
      try await allMonitors { try HourCloseQueries.close(day: day, of: $0, in: $1) }
      let done = max(day, closed.day)
      try await store.write { try HourCloseQueries.mark(Closed(hour: hour, day: done), in: $0) }
    }
    try await prune(now)
    return true
  }

  private func emptyLog(through key: Int64, hour: Int64) async throws {
    var next: Int64? = 0
    while let start = next {
      next = try await store.write {
        try HourCloseQueries.deletePacked(from: start, through: key, hour: hour, in: $0)
      }
      try await rest()
    }
  }

  /// Once a day.
  private func prune(_ now: Instant) async throws {
    guard prunedDay != now.day else { return }
    let retention = retention
    try await allMonitors { try RetentionQueries.prune($0, retention, now: now, in: $1) }
    try await store.write { try EvidenceLog.prune(now: now, in: $0) }
    // Notes outlive the results that use them, never the other way round.
    try await some { try ResultLog.pruneNotes(before: now.day - retention.resultDays, limit: $0, in: $1) }
    // As long as anything that the votes of an incident are drawn from.
    let drawn = Instant(ms: (now.day - retention.hourDays) * Instant.dayMs)
    try await some { try RegionQueries.pruneUnwell(before: drawn, limit: $0, in: $1) }
    for (state, days) in [(NotificationQueries.Over.sent, retention.sentDays), (.dead, retention.deadDays)] {
      try await some {
        try NotificationQueries.prune(state, before: now - days * Instant.dayMs, limit: $0, in: $1)
      }
    }
    prunedDay = now.day
  }

  /// Deletes by so many rows at once, with pauses, until fewer go.
  private func some(_ delete: @escaping @Sendable (_ limit: Int, Connection) throws -> Int) async throws {
    var gone = Self.rowsAtOnce
    while gone == Self.rowsAtOnce {
      gone = try await store.write { try delete(Self.rowsAtOnce, $0) }
      try await rest()
    }
  }

  private typealias Step = @Sendable (MonitorID, Connection) throws -> Void

  private func batches(_ monitors: [MonitorID], _ step: @escaping Step) async throws {
    var rest = monitors[...]
    while !rest.isEmpty {
      let some = rest.prefix(batch)
      rest = rest.dropFirst(batch)
      try await store.write { db in for monitor in some { try step(monitor, db) } }
      try await self.rest()
    }
  }

  /// Every monitor there ever was, in key order.
  private func allMonitors(_ step: @escaping Step) async throws {
    var last = MonitorID(0)
    let batch = batch
    while true {
      let after = last
      let some = try await store.read { try HourCloseQueries.monitors(after: after, limit: batch, in: $0) }
      guard let end = some.last else { return }
      try await batches(some, step)
      last = end
    }
  }

  private func rest() async throws {
    try Task.checkCancellation()
    await pause()
  }
}
