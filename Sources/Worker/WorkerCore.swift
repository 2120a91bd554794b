import Domain
import Probe
import Wire

/// What a worker does next, as a pure value: events in, actions out. It holds the plan, the leases, the results that wait
/// and its view of the control plane; sockets, probes and the disk are its owner's.
public struct WorkerCore: Sendable {
  public struct Configuration: Sendable {
    /// Jobs in hand at most; above that nothing more is asked for.
    public var heldMax = 20_000
    public var batchMax = 256
    public var batchMs: Int64 = 100
    /// How long a request for jobs waits at the control plane.
    public var pollWaitMs: Int64 = 4000
    /// Without an answer for so long, the worker goes on by itself.
    public var awayAfterMs: Int64 = 7000
    /// Results in memory at most, and their bytes, which evidence makes many; the rest goes to the spool. As much again
    /// may be in doubt, and on its way to the disk.
    public var pendingMax = 4000
    public var pendingBytesMax = 16 << 20
    /// URLs that always answer, looked at to know whether the network here works.
    public var canaries: [String] = []
    public init() {}
  }

  public enum Event: Sendable {
    case begin
    /// `askedNs` where the request did not wait at the control plane.
    case polled(JobsAnswer, askedNs: UInt64?)
    case pollFailed(Trouble)
    case reported([ProbeReport])
    case delivered(batch: Int, DeliveryAnswer)
    case deliveryFailed(batch: Int, Trouble)
    case spoolRead([Delivered], mark: Int)
    case renewed([LeaseRef], lost: [LeaseRef])
    case renewFailed([LeaseRef])
    case timePassed
    /// The process is asked to end.
    case leave
  }

  public enum Trouble: Hashable, Sendable {
    /// No answer, or one that asks to try again later.
    case away
    /// The token is not known any more.
    case revoked
    /// The control plane will never take this.
    case refused
  }

  public enum Action: Sendable {
    case poll(JobsRequest)
    case start([ProbeRun])
    case cancel([UInt64])
    case deliver(batch: Int, [Delivered])
    case renew([LeaseRef])
    case spool([Delivered])
    /// Read so many results from the spool, from its start.
    case readSpool(Int)
    /// What was read up to the mark is delivered.
    case emptySpool(mark: Int)
    case say(String)
    /// Nothing is left to do; leases may be handed back. A reason is trouble.
    case end(String?)
  }

  struct Held: Sendable {
    var job: Job
    /// Nil for what this worker gave itself.
    var generation: Generation?
    var leaseUntil: Instant
    var target: ProbeTarget
    var isRenewing = false
  }

  struct Batch: Sendable {
    var results: [Delivered]
    /// Set when it came from the spool.
    var mark: Int?
  }

  public let configuration: Configuration
  public let worker: WorkerID
  public private(set) var clock = ServerClock()
  var region: RegionID?
  var plan: [MonitorID: Assignment] = [:]
  var targets: [MonitorID: (version: Int64, target: ProbeTarget)] = [:]
  var planVersion: Int64 = 0
  /// Monitors that this version cannot look at as it is meant, and why.
  var refused: [MonitorID: String] = [:]
  /// While a whole plan comes in pieces: what it named so far.
  var wholePlan: Set<MonitorID>?
  var share = JobsAnswer.Share(index: 0, of: 1)
  var held: [UInt64: Held] = [:]
  var nextToken: UInt64 = 1
  var pending: [Delivered] = []
  var pendingBytes = 0
  var pendingSinceNs: UInt64 = 0
  var batches: [Int: Batch] = [:]
  var nextBatch = 1
  /// Results per delivery: fewer after one was refused, until it goes well again.
  var batchSize: Int
  var isPolling = false
  var pollAgainNs: UInt64 = 0
  var pollBegunNs: UInt64 = 0
  var deliverAgainNs: UInt64 = 0
  var renewAgainNs: UInt64 = 0
  var failures = 0
  var lastContactNs: UInt64 = 0
  var lastSuccessNs: UInt64 = 0
  /// Slots before this were given out by the control plane, or by this worker to itself.
  var ownSlotsFrom = Instant(ms: 0)
  public internal(set) var isAway = false
  var isReadingSpool = false
  /// Results known to lie in the spool; the owner says how many there were at the start.
  public internal(set) var spooled: Int
  package internal(set) var isLeaving = false
  var hasEnded = false
  var canary = Canary()
  /// Failures that wait to be told from trouble of the network here.
  var doubted: [Delivered] = []
  var doubtedBytes = 0
  /// When the oldest doubt arose, and the newest failing attempt began: what was heard since then proves something.
  var doubtedSinceNs: UInt64 = 0
  var doubtedAttemptNs: UInt64 = 0
  var isAsking = false
  var report = WorkerReport()
  private var random: UInt64

  public init(configuration: Configuration, worker: WorkerID, spooled: Int, seed: UInt64) {
    self.configuration = configuration
    batchSize = configuration.batchMax
    self.worker = worker
    self.spooled = spooled
    random = seed | 1
  }

  /// What the worker tells of itself; the owner adds what its probe and its disk know.
  public mutating func observe(_ change: (inout WorkerReport) -> Void) { change(&report) }

  /// So many results lie in the spool: the disk's word, which counts what was dropped and what could not be read.
  public mutating func holds(_ records: Int) {
    spooled = records
    report.spooled = records
  }

  public mutating func handle(_ event: Event, nowNs: UInt64) -> [Action] {
    guard !hasEnded else { return [] }
    var actions: [Action] = []
    switch event {
    case .begin:
      lastContactNs = nowNs
      poll(nowNs: nowNs, into: &actions)
    case .polled(let answer, let askedNs): polled(answer, askedNs: askedNs, nowNs: nowNs, into: &actions)
    case .pollFailed(let trouble):
      isPolling = false
      failed(trouble, nowNs: nowNs, into: &actions)
    case .reported(let reports): take(reports, nowNs: nowNs, into: &actions)
    case .delivered(let batch, let answer): delivered(batch, answer, nowNs: nowNs, into: &actions)
    case .deliveryFailed(let batch, let trouble): deliveryFailed(batch, trouble, nowNs: nowNs, into: &actions)
    case .spoolRead(let results, let mark): spoolRead(results, mark: mark, into: &actions)
    case .renewed(let refs, let lost): renewed(refs, lost: lost, nowNs: nowNs, into: &actions)
    case .renewFailed(let refs): renewFailed(refs)
    case .timePassed: break
    case .leave: leave(nowNs: nowNs, into: &actions)
    }
    if !hasEnded { goOn(nowNs: nowNs, into: &actions) }
    return actions
  }

  /// What is due whatever happened.
  private mutating func goOn(nowNs: UInt64, into actions: inout [Action]) {
    if !isAway, clock.isSet, nowNs - min(lastContactNs, nowNs) >= UInt64(configuration.awayAfterMs) * 1_000_000 {
      isAway = true
      actions.append(.say("the control plane is away; going on with \(plan.count) monitors"))
    }
    if isAway { giveOwnJobs(nowNs: nowNs, into: &actions) }
    lookAtCanaries(nowNs: nowNs, into: &actions)
    settleDoubts(nowNs: nowNs, into: &actions)
    poll(nowNs: nowNs, into: &actions)
    renewLeases(nowNs: nowNs, into: &actions)
    deliver(nowNs: nowNs, into: &actions)
    if isLeaving, held.isEmpty, pending.isEmpty, doubted.isEmpty, batches.isEmpty {
      hasEnded = true
      actions.append(.end(nil))
    }
  }

  // MARK: The control plane

  private mutating func poll(nowNs: UInt64, into actions: inout [Action]) {
    guard !isPolling, !isLeaving, nowNs >= pollAgainNs, held.count < configuration.heldMax else { return }
    isPolling = true
    var asked = JobsRequest()
    asked.maxJobs = min(Limits.jobsPerPollMax, configuration.heldMax - held.count)
    // The first answer comes at once, and one in a while: from its round trip the clock is set.
    asked.waitMs = clock.isSet && !isAway && !clock.wantsTrip(nowNs) ? configuration.pollWaitMs : 0
    pollBegunNs = nowNs
    asked.planVersion = planVersion
    report.inFlight = held.count
    report.spooled = spooled
    report.canaryWorks = canary.works
    report.hasOwnCanaries = !configuration.canaries.isEmpty
    asked.report = report
    actions.append(.poll(asked))
  }

  private mutating func polled(
    _ answer: JobsAnswer, askedNs: UInt64?, nowNs: UInt64, into actions: inout [Action]
  ) {
    isPolling = false
    clock.observe(answer.serverTime, askedNs: askedNs, begunNs: pollBegunNs, answeredNs: nowNs)
    if isAway { actions.append(.say("the control plane is back; \(spooled) results wait on disk")) }
    isAway = false
    failures = 0
    pollAgainNs = nowNs
    lastContactNs = nowNs
    share = answer.share
    ownSlotsFrom = answer.serverTime + Limits.jobsAheadMs
    if let plan = answer.plan { takePlan(plan, nowNs: nowNs, into: &actions) }
    for one in answer.refused { refuse(one, nowNs: nowNs, into: &actions) }
    // What it will not do goes to others with the leases that it hands back.
    if !isLeaving { start(answer.jobs, nowNs: nowNs, into: &actions) }
  }

  mutating func failed(_ trouble: Trouble, nowNs: UInt64, into actions: inout [Action]) {
    if trouble == .revoked {
      hasEnded = true
      actions.append(.cancel(Array(held.keys)))
      // The spool is there for whoever this worker is enrolled as next: a token is no reason to lose what was seen.
      actions += lastWords
      actions.append(.end("the control plane does not know this worker any more; enroll it again with a new token"))
      return
    }
    failures += 1
    // 0.25 s, doubling up to 15 s, each between half and all of it.
    let most = min(250 << UInt64(min(failures - 1, 6)), 15_000)
    pollAgainNs = nowNs + (UInt64(most) / 2 + nextRandom() % UInt64(most / 2)) * 1_000_000
  }

  mutating func contacted(nowNs: UInt64) { lastContactNs = nowNs }

  mutating func nextRandom() -> UInt64 {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return random
  }

  // MARK: The end

  private mutating func leave(nowNs: UInt64, into actions: inout [Action]) {
    guard !isLeaving else { return }
    isLeaving = true
    let now = clock.now(nowNs)
    let later = held.filter { $0.value.job.due > now }.map(\.key)
    for token in later { held[token] = nil }
    actions.append(.cancel(later))
  }

  /// The owner waits no longer: what is known goes to the spool.
  public mutating func giveUp() -> [Action] {
    guard !hasEnded else { return [] }
    hasEnded = true
    return lastWords + [.end(nil)]
  }

  /// What is not known to be delivered goes to the spool.
  private var lastWords: [Action] {
    let unsure = doubted.compactMap(\.withheld)
    let rest =
      batches.filter { $0.value.mark == nil }.sorted { $0.key < $1.key }.flatMap(\.value.results) + pending + unsure
    return rest.isEmpty ? [] : [.spool(rest.map(\.orphaned))]
  }
}

extension Delivered {
  /// A failure that may be the network's own: its slot is missed, an attempt in between is nothing.
  var withheld: Delivered? {
    guard isFinal, job.slot != nil else { return nil }
    var copy = self
    copy.content = .missed(.regionSuspect)
    return copy
  }

  /// As it stands in the spool: without the lease that is over by then.
  var orphaned: Delivered {
    var copy = self
    copy.generation = nil
    return copy
  }
}
