/// Names a job by what it fills, so that emitting the same slot twice yields the same job.
public struct JobID: Hashable, Sendable {
  public let monitor: MonitorID
  public let region: RegionID
  public let trigger: Trigger
  /// The slot's due time in ms for scheduled jobs, random bits for the others.
  public let mark: Int64

  public init(monitor: MonitorID, region: RegionID, trigger: Trigger, mark: Int64) {
    self.monitor = monitor
    self.region = region
    self.trigger = trigger
    self.mark = mark
  }

  /// Names the run in public, whoever does it and however often it is leased; history keeps no bytes for it.
  public var runKey: RunKey { RunKey(job: self) }
  /// The slot that this job fills; nil for runs that were asked for.
  public var slot: Instant? { trigger == .schedule ? Instant(ms: mark) : nil }
}

/// `job_` and the four numbers of an id, as workers carry it.
extension JobID {
  public var text: String { "job_\(trigger.rawValue).\(region.raw).\(monitor.raw).\(mark)" }

  public init?(_ text: String) {
    guard text.hasPrefix("job_"), text.utf8.count <= 80 else { return nil }
    let parts = text.dropFirst(4).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, let trigger = Int16(parts[0]).flatMap(Trigger.init), let region = Int64(parts[1]),
      let monitor = Int64(parts[2]), let mark = Int64(parts[3]), mark >= 0
    else { return nil }
    self.init(monitor: MonitorID(monitor), region: RegionID(region), trigger: trigger, mark: mark)
  }
}

/// One run to be done by a worker of its region, at its due time.
public struct Job: Hashable, Sendable {
  public let id: JobID
  public let due: Instant
  public let budgetMs: Int32
  /// Attempts that already failed in the slot before and count for this one.
  public let firstAttempt: UInt8
  /// Whether a worker of no region may do it while its own has none.
  public let allowsStandIn: Bool

  public init(id: JobID, due: Instant, budgetMs: Int32, firstAttempt: UInt8 = 0, allowsStandIn: Bool = false) {
    self.id = id
    self.allowsStandIn = allowsStandIn
    self.due = due
    self.budgetMs = budgetMs
    self.firstAttempt = firstAttempt
  }

  /// Length of a lease on this job.
  public var leaseMs: Int64 { Int64(budgetMs) + Limits.leaseGraceMs }
  /// From here on a slot without a result is missed.
  public var closesAt: Instant { due + (Int64(budgetMs) + leaseMs + Limits.slotCloseGraceMs) }
}

/// Grows with each lease of an installation, across restarts: what an older one brings is not taken for the newer one's.
public struct Generation: Hashable, Comparable, Sendable {
  public let raw: Int64

  public init(raw: Int64) { self.raw = raw }
  public init(epoch: Int64, number: UInt32) { raw = epoch << 32 | Int64(number) }

  public var epoch: Int64 { raw >> 32 }
  public static func < (a: Generation, b: Generation) -> Bool { a.raw < b.raw }
}

/// A job in the hands of one worker until a moment.
public struct Lease: Hashable, Sendable {
  public let job: Job
  public let generation: Generation
  public let worker: WorkerID
  public let until: Instant

  public init(job: Job, generation: Generation, worker: WorkerID, until: Instant) {
    self.job = job
    self.generation = generation
    self.worker = worker
    self.until = until
  }

  public var ref: LeaseRef { LeaseRef(job: job.id, generation: generation, worker: worker) }
}

public struct LeaseRef: Hashable, Sendable {
  public let job: JobID
  public let generation: Generation
  /// Who says that it holds it.
  public let worker: WorkerID

  public init(job: JobID, generation: Generation, worker: WorkerID) {
    self.job = job
    self.generation = generation
    self.worker = worker
  }
}

/// How a lease stands when its holder reports.
public enum LeaseStanding: Sendable { case current, superseded, unknown }

/// A job that ended without a result, and why.
public struct ClosedJob: Hashable, Sendable {
  public let job: Job
  public let reason: MissedReason

  public init(job: Job, reason: MissedReason) {
    self.job = job
    self.reason = reason
  }
}

/// What a queue counts.
public struct QueueStatistics: Hashable, Sendable {
  public var ready = 0
  public var leased = 0
  public var oldestDue: Instant?
  /// When the first of the slots among them is over: with its time, or with the lease that somebody holds on it then.
  public var oldestCloses: Instant?
  public init() {}
}

/// Hands jobs to workers under leases. One contract suite holds for every backend (memory, Redis, PostgreSQL).
public protocol JobQueue: Sendable {
  /// Adds jobs; one whose id is known already changes nothing.
  func emit(_ jobs: [Job], now: Instant) async throws
  /// Leases up to `max` jobs of a region, the earliest due first.
  func claim(region: RegionID, worker: WorkerID, max: Int, now: Instant) async throws -> [Lease]
  /// As `claim`, but only jobs that allow a stand-in.
  func lend(region: RegionID, worker: WorkerID, max: Int, now: Instant) async throws -> [Lease]
  /// Extends leases from `now` on; answers those that are lost.
  func renew(_ refs: [LeaseRef], now: Instant) async throws -> [LeaseRef]
  /// Whether each lease still is the newest of its job, in the hands of the worker that names it.
  func standing(of refs: [LeaseRef]) async throws -> [LeaseStanding]
  /// How many jobs of a region wait for a worker; about, where an exact number would cost more.
  func ready(in region: RegionID) async throws -> Int
  /// How many of these allow a stand-in, about.
  func lendable(in region: RegionID) async throws -> Int
  /// Ends jobs whose result is stored.
  func complete(_ ids: [JobID], now: Instant) async throws
  /// Makes a worker's jobs ready again: of one that leaves without counting a lost lease, of one that is lost with it.
  func handBack(worker: WorkerID, isLost: Bool, now: Instant) async throws
  /// Takes a lease back from a worker that cannot do its job, which is never given to it again: it is ready for the
  /// `others`. False, and nothing changed, where none of them is left that did not refuse it too, where the job was leased
  /// as often as it may be, or where the lease is not in force.
  func refuse(_ ref: LeaseRef, others: Set<WorkerID>, now: Instant) async throws -> Bool
  /// Forgets the scheduled jobs of a monitor that are due at `from` or later: its plan changed.
  func withdraw(_ monitor: MonitorID, from: Instant) async throws
  /// Takes back expired leases and answers jobs that ended without a result.
  func advance(now: Instant) async throws -> [ClosedJob]
  func statistics() async throws -> QueueStatistics
}
