extension WorkerID {
  /// The worker inside the control plane's own process; no row has this key.
  public static let embedded = WorkerID(0)
}

/// What a worker says about one attempt of a run.
public struct RunReport: Sendable {
  public var job: JobID
  /// nil when it comes from a spool, after its lease is over.
  public var generation: Generation?
  public var worker: WorkerID
  public var runKey: RunKey
  public var attempt: Int
  public var isFinal: Bool
  public var lateMs: Int32
  public var status: CheckStatus
  public var observation: Observation
  /// It was looked at from another place than the slot's region, which has no worker.
  public var isStandIn = false
  /// Not even the DNS servers answered whoever looked: nothing is said about the target.
  public var isOwnTrouble = false

  public init(
    job: JobID, generation: Generation?, worker: WorkerID = .embedded, runKey: RunKey, attempt: Int, isFinal: Bool,
    lateMs: Int32, status: CheckStatus, observation: Observation
  ) {
    self.job = job
    self.generation = generation
    self.worker = worker
    self.runKey = runKey
    self.attempt = attempt
    self.isFinal = isFinal
    self.lateMs = lateMs
    self.status = status
    self.observation = observation
  }
}

extension RunReport {
  /// The lease that it names; nil from a spool.
  public var lease: LeaseRef? { generation.map { LeaseRef(job: job, generation: $0, worker: worker) } }
}

extension Job {
  /// The job of a report that is not stored, to close it by.
  public init(closing report: RunReport) {
    self.init(id: report.job, due: report.job.slot ?? report.observation.startedAt, budgetMs: 0)
  }
}

/// What became of a report.
public enum ReportAnswer: Hashable, Sendable {
  case accepted
  /// The slot has its result already, or this attempt was seen before.
  case duplicate
  /// A newer lease exists: kept as evidence at most.
  case stale
  /// No such monitor or region any more.
  case rejected
  /// Our own trouble: not stored, send again later.
  case busy
}
