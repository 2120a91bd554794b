import Domain
import JSON

/// What workers and the control plane say to each other: `POST /api/v1/worker/…`, JSON both ways. Members that a reader
/// does not know are passed over, so that an old worker and a new control plane understand each other.
public enum WorkerMessage {
  /// A text that is not what it should be.
  public struct Malformed: Error, Hashable, Sendable {
    /// JSON pointer to the member at fault.
    public let pointer: String
    public let detail: String

    public init(_ pointer: String, _ detail: String) {
      self.pointer = pointer
      self.detail = detail
    }
  }
}

/// `enroll/`: a cluster or region token becomes a worker with a token of its own.
public struct Enrolment: Hashable, Sendable {
  public var token: String
  public var region: String
  public var hostname: String
  public var version: String

  public init(token: String, region: String, hostname: String, version: String) {
    self.token = token
    self.region = region
    self.hostname = hostname
    self.version = version
  }

  public var json: JSON {
    [
      "token": .string(token), "region": .string(region), "hostname": .string(hostname), "version": .string(version),
      "capabilities": ["http"],
    ]
  }

  public init(_ json: JSON) throws(WorkerMessage.Malformed) {
    token = try json.neededText("token", 1...400)
    region = try json.neededText("region", 1...63)
    hostname = try json.optionalText("hostname", 255)
    version = try json.optionalText("version", 64)
  }
}

public struct Enrolled: Hashable, Sendable {
  public var worker: String
  public var token: String
  public var serverTime: Instant

  public init(worker: String, token: String, serverTime: Instant) {
    self.worker = worker
    self.token = token
    self.serverTime = serverTime
  }

  public var json: JSON {
    [
      "worker_id": .string(worker), "api_token": .string(token), "server_time": .string(serverTime.rfc3339),
    ]
  }

  public init(_ json: JSON) throws(WorkerMessage.Malformed) {
    worker = try json.neededText("worker_id", 1...100)
    token = try json.neededText("api_token", 1...400)
    serverTime = try json.neededInstant("server_time")
  }
}

/// `jobs/`: what a worker asks for. Every member may be left out.
public struct JobsRequest: Hashable, Sendable {
  public var maxJobs = 100
  public var waitMs: Int64 = 0
  /// The newest assignment it knows; nil asks for no plan, 0 for all of it.
  public var planVersion: Int64?
  public var report: WorkerReport?

  public init() {}

  public var json: JSON {
    [
      "max_jobs": JSON(maxJobs), "wait_ms": .int(waitMs), "plan_version": JSON(planVersion),
      "report": report?.json ?? .null,
    ]
  }

  public init(_ json: JSON) throws(WorkerMessage.Malformed) {
    guard json.members != nil else { throw .init("", "must be an object") }
    maxJobs = Int(clamping: try json.optionalInt("max_jobs") ?? 100).clamped(1, Limits.jobsPerPollMax)
    waitMs = min(max(try json.optionalInt("wait_ms") ?? 0, 0), Limits.jobsWaitMsMax)
    planVersion = try json.optionalInt("plan_version")
    report = json["report"].flatMap(WorkerReport.init)
  }
}

/// One job in an answer to `jobs/`.
public struct OfferedJob: Hashable, Sendable {
  public var job: Job
  public var generation: Generation
  public var leaseUntil: Instant
  public var assignment: Assignment

  public init(job: Job, generation: Generation, leaseUntil: Instant, assignment: Assignment) {
    self.job = job
    self.generation = generation
    self.leaseUntil = leaseUntil
    self.assignment = assignment
  }
}

/// That a monitor is not done here, and why: a pointer into its assignment and what is wrong there.
public struct Refusal: Hashable, Sendable {
  public var monitor: MonitorID?
  /// As people know the monitor.
  public var name: String
  public var reason: String

  public init(monitor: MonitorID?, name: String, reason: String) {
    self.monitor = monitor
    self.name = name
    self.reason = reason
  }
}

/// A job in an answer to `jobs/` that cannot be done here.
public struct RefusedJob: Hashable, Sendable {
  /// Its id as it was written, which need not be one that this version can read.
  public var text: String
  public var generation: Generation?
  public var refusal: Refusal

  public init(text: String, generation: Generation?, refusal: Refusal) {
    self.text = text
    self.generation = generation
    self.refusal = refusal
  }

  /// Why its slot will have no result: of the workers that there are, none does it.
  public static let missed = MissedReason.workerOffline

  /// As a result that hands it back.
  public var json: JSON {
    [
      "job_id": .string(text), "generation": generation.map { .int($0.raw) } ?? .null, "late_ms": 0,
      "missed": .string(Self.missed.name),
    ]
  }
}

/// What changed in the plan of a worker's region since the version that it named.
public struct PlanDelta: Hashable, Sendable {
  /// What a version can be: the number of a run of the control plane, times 2^32, and a count.
  public static let versions: Range<Int64> = 0..<1 << 62

  /// What is not named in this or a later delta is gone.
  public var isWhole = false
  public var version: Int64 = 0
  public var assignments: [Assignment] = []
  /// Monitors whose assignment says what this version cannot do.
  public var refused: [Refusal] = []
  public var removed: [MonitorID] = []
  /// More of it follows with the next poll.
  public var hasMore = false

  public init() {}
}

/// The answer to `jobs/`.
public struct JobsAnswer: Hashable, Sendable {
  public var jobs: [OfferedJob] = []
  public var refused: [RefusedJob] = []
  public var plan: PlanDelta?
  /// The place of this worker among the healthy ones of its region, and how many they are: who does what when nobody can
  /// be asked.
  public var share = Share(index: 0, of: 1)
  public var serverTime: Instant

  public struct Share: Hashable, Sendable {
    public var index: Int
    public var of: Int
    public init(index: Int, of: Int) {
      self.index = index
      self.of = of
    }
  }

  public init(serverTime: Instant) { self.serverTime = serverTime }
}

/// `results/`: the answer, after the commit.
public struct DeliveryAnswer: Hashable, Sendable {
  public struct Rejection: Hashable, Sendable {
    public var job: String
    public var code: String
    public init(job: String, code: String) {
      self.job = job
      self.code = code
    }
  }
  public var accepted = 0
  public var duplicates = 0
  public var stale = 0
  public var rejected: [Rejection] = []

  public init() {}

  public var json: JSON {
    [
      "accepted": JSON(accepted), "duplicates": JSON(duplicates), "stale": JSON(stale),
      "rejected": .array(rejected.map { ["job_id": .string($0.job), "code": .string($0.code)] }),
    ]
  }

  public init(_ json: JSON) throws(WorkerMessage.Malformed) {
    accepted = Int(clamping: try json.optionalInt("accepted") ?? 0)
    duplicates = Int(clamping: try json.optionalInt("duplicates") ?? 0)
    stale = Int(clamping: try json.optionalInt("stale") ?? 0)
    rejected = (json["rejected"]?.array ?? []).map {
      Rejection(job: $0["job_id"]?.string ?? "", code: $0["code"]?.string ?? "")
    }
  }
}
