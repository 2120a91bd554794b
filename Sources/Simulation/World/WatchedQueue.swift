import Domain
import Synchronization

/// The real queue, with an eye on it: which regions have something to do, when something in it falls due, and which
/// leases another one took the place of.
final class WatchedQueue: JobQueue {
  private struct Deadline: Comparable {
    let at: Instant
    let job: JobID
    static func < (a: Deadline, b: Deadline) -> Bool { a.at < b.at }
  }

  private struct State {
    var ready: Set<RegionID> = []
    var open: [JobID: Instant] = [:]
    var deadlines = Heap<Deadline>()
    var newest: [JobID: LeaseRef] = [:]
    var superseded: [LeaseRef: Instant] = [:]
    var closed: [ClosedJob] = []

    mutating func await(_ job: JobID, _ at: Instant) {
      open[job] = at
      deadlines.push(Deadline(at: at, job: job))
    }

    mutating func end(_ job: JobID) {
      open[job] = nil
      newest[job] = nil
    }
  }

  private let inner: any JobQueue
  private let state = Mutex(State())

  init(_ inner: any JobQueue) { self.inner = inner }

  /// Regions that may have jobs to claim since this was asked last, in order.
  func takeReady() -> [RegionID] {
    state.withLock { state in
      defer { state.ready = [] }
      return state.ready.sorted()
    }
  }

  /// Jobs that ended without a result since this was asked last.
  func takeClosed() -> [ClosedJob] {
    state.withLock { state in
      defer { state.closed = [] }
      return state.closed
    }
  }

  var nextDeadline: Instant? {
    state.withLock { state in
      while let first = state.deadlines.first, state.open[first.job] != first.at { _ = state.deadlines.pop() }
      return state.deadlines.first?.at
    }
  }

  func isSuperseded(_ ref: LeaseRef) -> Bool { state.withLock { $0.superseded[ref] != nil } }

  func emit(_ jobs: [Job], now: Instant) async throws {
    try await inner.emit(jobs, now: now)
    state.withLock { state in
      for job in jobs where state.open[job.id] == nil {
        state.await(job.id, job.closesAt)
        state.ready.insert(job.id.region)
      }
    }
  }

  func claim(region: RegionID, worker: WorkerID, max: Int, now: Instant) async throws -> [Lease] {
    leased(try await inner.claim(region: region, worker: worker, max: max, now: now), now: now)
  }

  func lend(region: RegionID, worker: WorkerID, max: Int, now: Instant) async throws -> [Lease] {
    leased(try await inner.lend(region: region, worker: worker, max: max, now: now), now: now)
  }

  private func leased(_ leases: [Lease], now: Instant) -> [Lease] {
    state.withLock { state in
      for lease in leases {
        state.await(lease.job.id, lease.until)
        if let old = state.newest.updateValue(lease.ref, forKey: lease.job.id) { state.superseded[old] = now }
      }
    }
    return leases
  }

  func renew(_ refs: [LeaseRef], now: Instant) async throws -> [LeaseRef] {
    try await inner.renew(refs, now: now)
  }

  func standing(of refs: [LeaseRef]) async throws -> [LeaseStanding] { try await inner.standing(of: refs) }

  func complete(_ ids: [JobID], now: Instant) async throws {
    try await inner.complete(ids, now: now)
    state.withLock { state in for id in ids { state.end(id) } }
  }

  func ready(in region: RegionID) async throws -> Int { try await inner.ready(in: region) }

  func lendable(in region: RegionID) async throws -> Int { try await inner.lendable(in: region) }

  func handBack(worker: WorkerID, isLost: Bool, now: Instant) async throws {
    try await inner.handBack(worker: worker, isLost: isLost, now: now)
    state.withLock { state in state.ready.formUnion(state.open.keys.map(\.region)) }
  }

  func refuse(_ ref: LeaseRef, others: Set<WorkerID>, now: Instant) async throws -> Bool {
    let isReady = try await inner.refuse(ref, others: others, now: now)
    if isReady { state.withLock { _ = $0.ready.insert(ref.job.region) } }
    return isReady
  }

  func withdraw(_ monitor: MonitorID, from: Instant) async throws {
    try await inner.withdraw(monitor, from: from)
    state.withLock { state in
      for id in state.open.keys where id.monitor == monitor && id.slot.map({ $0 >= from }) ?? false { state.end(id) }
    }
  }

  func advance(now: Instant) async throws -> [ClosedJob] {
    let closed = try await inner.advance(now: now)
    state.withLock { state in
      while let next = state.deadlines.first, next.at <= now {
        _ = state.deadlines.pop()
        guard state.open[next.job] == next.at else { continue }
        // Its lease is over and somebody else may have it, or it waits for its slot's end: to be looked at again.
        state.ready.insert(next.job.region)
        state.await(next.job, now + 20_000)
      }
      for job in closed { state.end(job.job.id) }
      if state.superseded.count > 10_000 {
        state.superseded = state.superseded.filter { now - $0.value < Instant.dayMs }
      }
      state.closed += closed
    }
    return closed
  }

  func statistics() async throws -> QueueStatistics { try await inner.statistics() }
}
