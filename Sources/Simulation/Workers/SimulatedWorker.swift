import Domain
import Engine
import Wire
import Worker

/// A worker as the loop drives it: its real decisions, with a clock, a disk and a network of the simulation around them.
/// Owned by the run.
final class SimulatedWorker {
  let region: Int
  let number: Int
  /// Who it is to the control plane.
  var key: WorkerID
  var clock: WorkerClock
  /// Raised by each end of its process: what an earlier one had begun is gone.
  var life = 0
  var isAlive = true
  var pausedUntil: Instant?
  var isCutOff = false
  var isLossy = false

  var core: WorkerCore
  var journal: Journal?
  /// A crash does not take it.
  var disk: Disk
  /// Requests that have no answer yet.
  var asking: [Int64: Asked] = [:]
  /// Runs under way, by the core's mark.
  var runs: [UInt64: Int64] = [:]
  /// Its request for jobs, as it waits at the control plane.
  var parked: Parked?
  /// Nothing can happen to it but from outside: its requests for jobs are not played one by one until then.
  var isCalm = false
  /// The plan changed: its next request is to be played.
  var mustAsk = false
  var wasAway = false
  /// It begins again as soon as it has ended.
  var restarts = false
  /// The newest moment at which its core was told that time passed, and which of those planned counts.
  var tickAt: Instant?
  var ticks = 0
  /// Each time that the control plane hears of it.
  var heard = 0

  struct Asked {
    var request: Request
    /// Where the request did not wait at the control plane.
    var askedNs: UInt64?
    /// When it stops waiting for the answer.
    var until: Instant
  }

  struct Parked {
    var id: Int64
    var life: Int
    var key: WorkerID
    var asked: JobsRequest
    var at: Instant
    var until: Instant { at + asked.waitMs }
  }

  init(region: Int, number: Int, key: WorkerID, clock: WorkerClock, disk: Disk) {
    self.region = region
    self.number = number
    self.key = key
    self.clock = clock
    self.disk = disk
    core = WorkerCore(configuration: .init(), worker: .embedded, spooled: 0, seed: 1)
  }
}

/// A machine's own clocks: the monotonic one began some time ago and runs a little fast or slow, the other is off.
struct WorkerClock {
  var began: Instant
  var driftPPM: Int64
  var wallSkewMs: Int64
  /// Where in each 50 ms it looks at the time.
  var tickPhaseMs: Int64

  func monotonicNs(_ now: Instant) -> UInt64 { UInt64(max(now - began, 0) * (1_000_000 + driftPPM)) }

  /// The first whole millisecond at which the monotonic clock shows so much.
  func instant(_ ns: UInt64) -> Instant {
    let rate = UInt64(1_000_000 + driftPPM)
    return began + Int64(clamping: ns / rate + (ns % rate == 0 ? 0 : 1))
  }

  func wall(_ now: Instant) -> Instant { now + wallSkewMs }

  /// The first tick at or after a moment.
  func tick(atOrAfter at: Instant) -> Instant {
    let behind = at.ms - tickPhaseMs
    return Instant(ms: tickPhaseMs + (behind + 49) / 50 * 50)
  }
}

/// What a worker asks of the control plane.
indirect enum Request {
  case poll(JobsRequest)
  case deliver(batch: Int, [Delivered])
  case renew([LeaseRef])
  /// `isFirst`: a process begins, and what one before it held goes to others.
  case leave(isFirst: Bool)

  var timeoutMs: Int64 {
    switch self {
    case .poll(let asked): asked.waitMs + 5000
    case .deliver: 30_000
    case .renew: 10_000
    case .leave(let isFirst): isFirst ? 10_000 : 5000
    }
  }
}

/// What comes back.
indirect enum Answer {
  /// `isWritten`: as bytes, which the worker has to read.
  case offered(Engine.Offered, isWritten: Bool)
  case nothing(JobsAnswer)
  case delivered(DeliveryAnswer)
  case renewed(lost: [LeaseRef])
  case left
  case failed(WorkerCore.Trouble)
}

/// One run under way in a worker's hands, or in those of the embedded one.
struct Running {
  var worker: Int
  var life: Int
  var job: JobID
  var settings: MonitorSettings
  var due: Instant
  var budgetMs: Int64
  var firstAttempt: Int
  var attempt: Int
  var budgetEnd: Instant?
  var startedAt = Instant(ms: 0)
  var outcome: Truth.Outcome?
  /// The mark of whoever wants it done.
  var token: UInt64
}
