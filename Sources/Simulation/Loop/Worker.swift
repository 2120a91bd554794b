import Domain

/// A worker as the loop sees it: what it knows, what it holds, how it stands.
struct Worker {
  let region: Int
  let number: Int
  /// Raised by each crash: what an earlier one had begun is gone.
  var life = 0
  var isAlive = true
  var pausedUntil: Instant?
  var isCutOff = false
  var isLossy = false
  /// It found the control plane away: works by the plan it knows and spools.
  var isOffline = false
  var isPolling = false
  /// Jobs under lease in its hands.
  var held: Set<JobID> = []
  var buffer: [Delivered] = []
  var isSending = false
  /// Messages that were not answered yet, and how often each was sent.
  var waiting: [Int64: (reports: [Delivered], tries: Int)] = [:]
  /// On disk: a crash does not take it.
  var spool: [Delivered] = []
  var isReconnecting = false
  /// What its estimate of the control plane's time is off by.
  var skewMs: Int64
}

/// One run under way in a worker's hands, or in those of the embedded one.
struct Running {
  var worker: Int
  var life: Int
  var job: JobID
  var generation: Generation?
  var due: Instant
  var budgetMs: Int64
  var attempt: Int
  var budgetEnd: Instant?
  var startedAt = Instant(ms: 0)
  var outcome: Truth.Outcome?
  /// The engine's own mark, for runs of the embedded worker.
  var token: UInt64?
}

/// What the loop waits for.
enum Moment {
  /// `isForced`: also when another turn comes first.
  case turn(isForced: Bool)
  case poll(Int, life: Int)
  case leases(Int, life: Int, [Lease])
  case begin(Int64)
  case end(Int64)
  case send(Int, life: Int)
  case arrive(Int, message: Int64, [Delivered])
  case answered(Int, life: Int, message: Int64)
  case timeOut(Int, life: Int, message: Int64)
  case offline(Int, life: Int)
  case ownSlot(Int, life: Int)
  case reconnect(Int, life: Int)
  case fault(Int)
  case faultEnd(Int)
  case outbox
  case audit
}

/// A moment's place in the order of things: by time, then by when it was thought of.
struct Planned: Comparable {
  let at: Instant
  let order: Int64
  let moment: Moment
  static func < (a: Planned, b: Planned) -> Bool { (a.at, a.order) < (b.at, b.order) }
  static func == (a: Planned, b: Planned) -> Bool { (a.at, a.order) == (b.at, b.order) }
}
