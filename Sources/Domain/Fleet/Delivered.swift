/// What a worker delivers about a job: what one attempt saw, or that nobody will see it and why.
public struct Delivered: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// `attempt` counts from 0.
    case attempt(Int, isFinal: Bool, CheckStatus, Observation)
    case missed(MissedReason)
  }

  public var job: JobID
  /// Nil from the spool, after its lease is over.
  public var generation: Generation?
  /// How long after the due time the attempt began.
  public var lateMs: Int32
  public var content: Content

  public init(job: JobID, generation: Generation?, lateMs: Int32, content: Content) {
    self.job = job
    self.generation = generation
    self.lateMs = lateMs
    self.content = content
  }

  /// Nothing more comes of this run.
  public var isFinal: Bool {
    switch content {
    case .attempt(_, let isFinal, _, _): isFinal
    case .missed: true
    }
  }
}

/// What a worker says of itself with each poll. Numbers only: what follows from them is the control plane's to decide.
public struct WorkerReport: Hashable, Sendable {
  public var inFlight = 0
  /// Attempts begun since its start, and those of them that began more than 10 ms late.
  public var started = 0
  public var startedLate = 0
  public var latenessP99Ms = 0
  public var loopLagP99Us = 0
  /// Share of its time that the probe's thread was not asleep, in thousandths.
  public var busyPermille = 0
  public var spoolBytes = 0
  public var spooled = 0
  /// Results that it had to drop since its start; their slots are reported as missed but for those that are forgotten.
  public var dropped = 0
  public var forgotten = 0
  /// Records cut from the end of what a process before it left, because they were not whole.
  public var torn = 0
  /// Monitors that it does not look at because this version of it cannot do what they ask for.
  public var refused = 0
  /// Jobs that it handed back for such a reason since its start.
  public var refusedJobs = 0
  /// Results since the start that the control plane did not take and never will.
  public var rejected = 0
  /// Its wall clock less the server's, in ms.
  public var skewMs = 0
  /// Whether the places that always answer did; nil before the first look.
  public var canaryWorks: Bool?
  /// Whether those places were chosen by its operator, rather than being the control plane itself.
  public var hasOwnCanaries = false
  /// Whether its DNS servers answered when a check last came to nothing; nil where that proves nothing.
  public var resolverWorks: Bool?
  /// Monitors that were being looked at when this worker's process before this one crashed; told once.
  public var suspects: [MonitorID] = []
  /// Names that crash, so that it counts once however often it is told.
  public var crash = 0

  public init() {}
}

/// A monitor as workers carry it: what is to be asked, and when.
public struct Assignment: Hashable, Sendable {
  public var monitor: MonitorID
  /// Grows with each change, within one run of the control plane and from one to the next.
  public var version: Int64
  public var settings: MonitorSettings
  public var allowsPrivate: Bool
  /// Slots in the worker's region, for when nobody can be asked.
  public var plan: [PlanRow]

  public init(
    monitor: MonitorID, version: Int64, settings: MonitorSettings, allowsPrivate: Bool, plan: [PlanRow]
  ) {
    self.monitor = monitor
    self.version = version
    self.settings = settings
    self.allowsPrivate = allowsPrivate
    self.plan = plan
  }
}
