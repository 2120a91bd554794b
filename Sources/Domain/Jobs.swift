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

/// One run to be done by a worker of its region, at its due time.
public struct Job: Hashable, Sendable {
  public let id: JobID
  public let due: Instant
  public let budgetMs: Int32
  /// Attempts that already failed in the slot before and count for this one.
  public let firstAttempt: UInt8

  public init(id: JobID, due: Instant, budgetMs: Int32, firstAttempt: UInt8 = 0) {
    self.id = id
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
  public let until: Instant

  public init(job: Job, generation: Generation, until: Instant) {
    self.job = job
    self.generation = generation
    self.until = until
  }

  public var ref: LeaseRef { LeaseRef(job: job.id, generation: generation) }
}

public struct LeaseRef: Hashable, Sendable {
  public let job: JobID
  public let generation: Generation

  public init(job: JobID, generation: Generation) {
    self.job = job
    self.generation = generation
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
  public init() {}
}

/// Hands jobs to workers under leases. One contract suite holds for every backend (memory, Redis, PostgreSQL).
public protocol JobQueue: Sendable {
  /// Adds jobs; one whose id is known already changes nothing.
  func emit(_ jobs: [Job], now: Instant) async throws
  /// Leases up to `max` jobs of a region, the earliest due first.
  func claim(region: RegionID, worker: WorkerID, max: Int, now: Instant) async throws -> [Lease]
  /// Extends leases from `now` on; answers those that are lost.
  func renew(_ refs: [LeaseRef], now: Instant) async throws -> [LeaseRef]
  /// Whether each lease still is the newest of its job.
  func standing(of refs: [LeaseRef]) async throws -> [LeaseStanding]
  /// Ends jobs whose result is stored.
  func complete(_ ids: [JobID], now: Instant) async throws
  /// Makes a leaving worker's jobs ready again without counting a lost lease.
  func handBack(worker: WorkerID, now: Instant) async throws
  /// Forgets the scheduled jobs of a monitor that are due at `from` or later: its plan changed.
  func withdraw(_ monitor: MonitorID, from: Instant) async throws
  /// Takes back expired leases and answers jobs that ended without a result.
  func advance(now: Instant) async throws -> [ClosedJob]
  func statistics() async throws -> QueueStatistics
}
