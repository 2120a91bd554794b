import Domain
import Probe
import SQLite
import Store

/// Watches every monitor of the installation: emits jobs, runs those of region `local`, takes results in, concludes.
///
/// One actor owns all of it; the probe's thread starts each job at its due time, so a turn of the actor may be late by
/// seconds without any check being late.
public actor Engine {
  public typealias OnChange = @Sendable (MonitorChange, Connection) throws -> Void
  public typealias OnSlotAlarm = @Sendable (SlotAlarm.Change, Connection) throws -> Void
  public typealias OnRegionChange = @Sendable (RegionChange, Connection) throws -> Void
  /// Hears of stored results after their commit, within the engine's turn: it hands over and returns.
  public typealias OnSample = @Sendable (LiveSample) -> Void
  /// Makes what runs the probes; its reports go to the sink, in order.
  public typealias MakeProber = @Sendable (World, @escaping @Sendable ([ProbeReport]) -> Void) throws -> any Prober
  /// Makes the queue of one life of the engine; the epoch was raised and stored before.
  public typealias MakeQueue = @Sendable (_ epoch: Int64) -> any JobQueue

  public struct Statistics: Sendable {
    public var monitors = 0
    public var results = 0
    public var late = 0
    public var missed: [MissedReason: Int] = [:]
    public var inFlight = 0
    /// Results that wait for the store.
    public var buffered = 0
    /// Jobs emitted and not leased, and leased.
    public var queued = 0
    public var leased = 0
    /// The due time of the oldest slot that has neither result nor reason yet.
    public var oldestOpenSlot: Instant?
    /// How late runs start, over the last four thousand.
    public var latenessP50Ms = 0
    public var latenessP99Ms = 0
    public var loopLagP99Us = 0
    public var probeBusyShare = 0.0
    public var storeFailing = false
    /// Stretches of unknown time that were recomputed from late results.
    public var replays = 0
    public init() {}
  }

  let store: Store
  let world: World
  let onChange: OnChange
  let onSample: OnSample
  let onRegionChange: OnRegionChange
  let onSlotAlarm: OnSlotAlarm
  let report: @Sendable (_ event: String, _ detail: String) -> Void
  private let makeProber: MakeProber
  private let makeQueue: MakeQueue

  var clock: SlotClock
  var queue: any JobQueue
  var watched: [MonitorID: Watched] = [:]
  var regionNames: [RegionID: String] = [:]
  /// Regions of one organization: what its workers reach is its own network.
  var privateRegions: Set<RegionID> = []
  var local: RegionID?
  /// Where workers of no region belong to; nil while there was never one.
  var standIn: RegionID?
  var due = Heap<Due>()
  /// Slots before this are in the queue.
  var emittedUntil = Instant(ms: 0)
  var wakes = Heap<Wake>()
  var leases: [UInt64: Lease] = [:]
  var nextToken: UInt64 = 1
  var reports: [Incoming] = []
  var closed: [ClosedJob] = []
  /// Reports of the turn that is being stored.
  var storing: [Incoming] = []
  /// Whether slots stay without an outcome, when that was last looked at, and what is to be told of it.
  var slotAlarm = SlotAlarm()
  var slotsWatchedAt = Instant(ms: 0)
  var slotAlarms: [SlotAlarm.Change] = []
  var changed: Set<MonitorID> = []
  var statisticsNow = Statistics()
  var isFlushing = false
  var probe: (any Prober)?
  /// No flush before this while the store refuses; the pause doubles up to five seconds.
  var flushAgainAt = Instant(ms: 0)
  var flushPauseMs: Int64 = 0
  var lateness = RecentValues(capacity: 4096)
  /// What the embedded worker says of its lateness, and since when.
  var latenessP99Ms = 0
  var latenessAt = Instant(ms: 0)
  var fleet = Fleet(begun: Instant(ms: 0))
  /// Regions that gained or lost their voice, not yet told to the verdicts.
  var regionChanges: [RegionChange] = []
  /// Crashes of workers over a monitor that has brought no result since, and those that are spared for it.
  var crashes: [QuarantineKey: Int] = [:]
  var quarantined: Set<QuarantineKey> = []
  /// Monitors to be looked at now in a region, to tell its trouble from a target's.
  var witnesses: [(site: String, region: RegionID)] = []
  /// Workers that wait for jobs.
  var waiting: [RegionID: [Waiter]] = [:]
  /// Of the newest change of any plan; a process begins above all of the one before.
  var planVersion: Int64 = 0
  /// Monitors that were deleted lately.
  var gone: [(version: Int64, monitor: MonitorID, regions: Set<RegionID>)] = []
  /// Everything is loaded: what workers bring can be told from what is not known.
  var hasBegun = false
  var givenUp: [GivenUp] = []
  /// The newest request for jobs of each worker.
  var asks: [WorkerID: Int] = [:]
  /// The crash that each worker told of last, so that one counts once.
  var crashesTold: [WorkerID: Int] = [:]
  var isStopping = false
  var hasStopped = false
  /// When unknown time may next be recomputed from late results; nil while none is to be.
  var replayAt: Instant?
  var replaying: LateReplay?
  var isReplaying = false
  /// When regions were in doubt, while replays are under way.
  var doubts: [RegionHour: [Range<Instant>]] = [:]
  /// Those of which monitors were asked for again.
  var doubtsAsked: [RegionHour: [Range<Instant>]] = [:]
  /// Counts what was stored late, so that what was read before it is not taken for what holds after it.
  var lateStored = 0
  /// What was removed up to here is not known any more.
  var goneBefore: Int64 = 0
  private var spanID: Int64 = 0
  private var spanExtendedAt = Instant(ms: 0)
  private var loop: Task<Void, Never>?
  private var intake: Task<Void, Never>?
  var waitingForMail: [CheckedContinuation<Void, Never>] = []
  let mailbox = Mailbox()
  /// The next slot of one plan row.
  struct Due: Comparable {
    let at: Instant
    let monitor: MonitorID
    let region: RegionID
    let plan: Int64
    static func < (a: Due, b: Due) -> Bool { a.at < b.at }
  }

  struct Wake: Comparable {
    let at: Instant
    let monitor: MonitorID
    static func < (a: Wake, b: Wake) -> Bool { a.at < b.at }
  }

  public init(
    store: Store, probe: @escaping MakeProber, onChange: @escaping OnChange,
    onSample: @escaping OnSample = { _ in }, onRegionChange: @escaping OnRegionChange = { _, _ in },
    onSlotAlarm: @escaping OnSlotAlarm = { _, _ in },
    queue: @escaping MakeQueue = { MemoryQueue(epoch: $0) },
    report: @escaping @Sendable (_ event: String, _ detail: String) -> Void
  ) {
    self.store = store
    world = store.world
    self.onChange = onChange
    self.onSample = onSample
    self.onRegionChange = onRegionChange
    self.onSlotAlarm = onSlotAlarm
    self.report = report
    makeProber = probe
    clock = SlotClock(wall: store.world.now(), monotonicNs: store.world.monotonicNs(), floor: Instant(ms: 0))
    makeQueue = queue
    self.queue = queue(0)
  }

  /// Loads what is watched and begins. Slots that passed while nothing ran stay `missed(not_running)`.
  public func start() async throws {
    try await begin()
    loop = Task { await self.run() }
  }

  /// As `start`, but leaves the turns to the caller: for the simulation, whose time is its own.
  /// `listens`: hears of edits by itself, in its own time.
  package func begin(listens: Bool = true) async throws {
    let sealer = store.sealer
    let begun = try await store.write { try EngineQueries.begin(in: $0) }
    clock = SlotClock(wall: world.now(), monotonicNs: world.monotonicNs(), floor: begun.floor)
    queue = makeQueue(begun.epoch)
    planVersion = begun.epoch << 32
    goneBefore = planVersion
    let now = now()
    fleet = Fleet(begun: now, known: try await store.read { try RegionQueries.unwell(in: $0) })
    spanID = try await store.write { try EngineQueries.openSpan(at: now, in: $0) }
    spanExtendedAt = now
    // What is edited from here on waits until everything is loaded and stored.
    isFlushing = true
    if listens { listen() }
    let all = try await store.read { try EngineQueries.all(in: $0, sealer: sealer) }
    try await loadRegions()
    local = try await store.read { try EngineQueries.localRegion(in: $0) }
    quarantined = try await store.read { try QuarantineQueries.all(in: $0) }
    slotAlarm = SlotAlarm(since: try await store.read { try EngineQueries.slotsOverdueSince(in: $0) })
    for stored in all {
      planVersion += 1
      let one = Watched(stored)
      one.version = planVersion
      watched[one.id] = one
    }
    try await restoreVotes(lastEnd: begun.lastEnd)
    let mailbox = mailbox
    probe = try makeProber(world) { mailbox.put($0) }
    intake = Task {
      for await _ in mailbox.arrivals { await self.takeMail() }
      if !Task.isCancelled { await self.takeMail() }
    }
    var ledger = Ledger()
    // By id, so that the same world begins the same way each time.
    for one in watched.values.sorted(by: { $0.id < $1.id }) {
      // First, while votes still stand as they did: what lapsed meanwhile is unknown from when nothing ran, not from when
      // the vote would have lapsed.
      if let lastEnd = begun.lastEnd { feed(.notRunning(from: lastEnd, to: now), to: one, at: now, into: &ledger) }
      // Also for what was edited or paused in the last moment before a crash.
      configure(one, at: now, into: &ledger)
      forgiveRegions(one, at: now, into: &ledger)
      // What was asked of it went with the queue.
      if let region = one.verdict.unborneOut { ledger.lookAgain.append((one.id, region)) }
      schedule(one, from: now)
      if one.verdict.shown.status == .pending, Int64(one.settings.intervalS) * 1000 > Self.soonMs {
        await ask(one, .created, regions: one.regions, at: now)
      }
    }
    if let lastEnd = begun.lastEnd { try await missWhatWasUnderWay(before: lastEnd, into: &ledger) }
    try await persist(ledger)
    // What was asked for and not done goes on.
    replayAt = try await store.read { try ReplayQueries.nextDue(in: $0) }
    isFlushing = false
    hasBegun = true
    await askWhatFollows(from: ledger, at: now)
  }

  func loadRegions() async throws {
    (regionNames, privateRegions) = try await store.read {
      (try EngineQueries.regionNames(in: $0), try EngineQueries.privateRegions(in: $0))
    }
    standIn = regionNames.first { $0.value == StandIn.name }?.key
  }

  private func listen() {
    store.subscribe { [weak self] events in
      let ids = events.compactMap { event in if case .monitorChanged(let id) = event { id } else { nil as MonitorID? } }
      let looks = events.compactMap { event in if case .lookWanted(let id) = event { id } else { nil as MonitorID? } }
      guard !ids.isEmpty || !looks.isEmpty, let self else { return }
      Task {
        if !ids.isEmpty { await self.monitorsChanged(ids) }
        if !looks.isEmpty { await self.lookWanted(looks) }
      }
    }
  }

  /// Begins nothing more, gives what is under way `drainMs` to finish, hands leases back, stores what is reported and
  /// ends the span. A slot whose run did not finish is `missed(not_running)`.
  public func stop(drainMs: Int64 = Limits.drainMs) async {
    loop?.cancel()
    await loop?.value
    sendWorkersAway()
    hasStopped = true
    let end = now()
    await drain(ms: drainMs, from: end)
    probe?.stop()
    mailbox.finish()
    await intake?.value
    closed += leases.values.map { ClosedJob(job: $0.job, reason: .notRunning) }
    leases = [:]
    flushAgainAt = Instant(ms: 0)
    await flush()
    do {
      try await queue.handBack(worker: .embedded, isLost: false, now: end)
      let id = spanID
      try await store.write { try EngineQueries.extendSpan(id, to: end, in: $0) }
    } catch { report("engine_stop_failed", "\(error)") }
  }

  /// Ends without storing anything more, as a crash does; for tests and the simulation.
  package func abandon() async {
    loop?.cancel()
    await loop?.value
    probe?.stop()
    intake?.cancel()
    mailbox.finish()
    // What it is about is still done in the time in which it was begun.
    await intake?.value
  }

  /// Returns when every report handed in so far is taken; for tests and the simulation.
  package func drained() async {
    await withCheckedContinuation { continuation in
      waitingForMail.append(continuation)
      mailbox.ring()
    }
  }

  /// What was never looked at and is due within this time waits for its slot, so that a start is no burst.
  private static let soonMs: Int64 = 5 * Instant.minuteMs

  /// Runs a monitor now in each of its regions, whatever its plan says. Answers the runs' public ids.
  public func checkNow(_ monitor: MonitorID) async -> [String] {
    guard let one = watched[monitor], one.settings.enabled else { return [] }
    let runs = await ask(one, .manual, regions: one.regions, at: now())
    await dispatch()
    return runs
  }

  public func currentStatistics() async -> Statistics {
    var out = statistics
    do {
      let seen = try await queue.statistics()
      out.queued = seen.ready
      out.leased = seen.leased
      out.oldestOpenSlot = ([seen.oldestDue] + reports.map(\.report.job.slot)).compactMap { $0 }.min()
    } catch { report("queue_failed", "\(error)") }
    return out
  }

  /// What is known without asking the queue.
  public var statistics: Statistics {
    var out = statisticsNow
    out.latenessP50Ms = lateness.quantile(0.5)
    out.latenessP99Ms = lateness.quantile(0.99)
    out.monitors = watched.count
    out.buffered = reports.count
    if let probe {
      let seen = probe.statistics
      out.inFlight = seen.inFlight
      out.late = seen.startedLate
      out.loopLagP99Us = seen.loopLagP99Us
      out.probeBusyShare = seen.busyShare
    }
    return out
  }

  /// When a turn would next find something to do, as far as the queue's deadlines do not come first.
  package var nextTurnAt: Instant? {
    let emit = due.first.map { $0.at - Limits.jobsAheadMs }
    let store = statisticsNow.storeFailing ? flushAgainAt : nil
    return [emit, wakes.first?.at, store, replayAt].compactMap { $0 }.min()
  }

  public func now() -> Instant { clock.now(monotonicNs: world.monotonicNs()) }

  private func run() async {
    while !Task.isCancelled {
      await turn()
      _ = try? await Task.sleep(for: .milliseconds(250))
    }
  }

  /// One turn: what became due, what closed, whose verdict time alone may change, and what is to be stored.
  /// The record of when it ran is extended when it is `spanEveryMs` old.
  package func turn(spanEveryMs: Int64 = 5000) async {
    clock.observe(wall: world.now(), monotonicNs: world.monotonicNs())
    let now = now()
    await emitDue(until: now + Limits.jobsAheadMs, now: now)
    await watchFleet(now: now)
    await wakeWhoeverHasWork()
    // While a transaction hangs, reports wait behind it: nothing is given up before they could be taken.
    if !isFlushing {
      do {
        try await giveUpOverdue(now: now)
        closed += try await queue.advance(now: now).map(reasoned)
      } catch { report("queue_failed", "\(error)") }
    }
    await dispatch()
    await watchSlots(now: now)
    await flush()
    await replayLate(now: now)
    if now - spanExtendedAt >= spanEveryMs {
      spanExtendedAt = now
      let id = spanID
      do { try await store.write { try EngineQueries.extendSpan(id, to: now, in: $0) } } catch {
        report("span_failed", "\(error)")
      }
    }
  }
}
