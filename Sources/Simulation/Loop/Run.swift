import Domain
import Engine
import SQLite
@_spi(Minting) import Store
import Synchronization
import Wire
import Worker

/// What a run is wired with; tests put a planted fault in the place of one part and see a checker find it.
struct Wiring: Sendable {
  var queue: @Sendable (_ epoch: Int64) -> any JobQueue = { MemoryQueue(epoch: $0) }
  var onChange: @Sendable (MonitorChange, Connection, World) throws -> Void = {
    try IncidentFlow.apply($0, in: $1, world: $2)
  }
  /// Whether workers deliver what they spooled.
  var deliversSpool = true
  /// What of a worker's actions is done; `isAway`: it goes by its own plan.
  var performs: @Sendable (WorkerCore.Action, _ isAway: Bool) -> Bool = { _, _ in true }
}

/// One seeded loop in virtual time: the real engine, queue, verdicts, incidents and outbox on a real store, and around
/// them workers, a network and targets of which the truth is known.
///
/// It jumps from one moment to the next and awaits all that follows before it goes on, so the seed fixes the order.
actor Run {
  let scenario: Scenario
  let truth: Truth
  let faults: Faults
  let edits: Edits
  let wiring: Wiring
  /// Of this run alone.
  let folder: String
  let clock: VirtualClock
  let scope = TenantScope(minting: OrganizationID(1))
  var random: Seeded
  var log: EventLog

  var store: Store
  var engine: Engine?
  var queue: WatchedQueue
  var prober: HeldProber?
  var life: Int64 = 0
  var turnAt: Instant?
  var lastTurn = Scenario.start
  let trouble = Trouble()
  var outboxAt: Instant?
  var channelIsDown = false

  var workers: [SimulatedWorker] = []
  /// What workers read once of a monitor's bytes.
  var assignments: [[UInt8]: Assignment] = [:]
  /// Workers that the control plane does not know any more.
  var revoked: Set<WorkerID> = []
  var nextWorker: Int64 = 1000
  var renewals = 0
  var running: [Int64: Running] = [:]
  var tokens: [UInt64: Int64] = [:]
  var nextSerial: Int64 = 1
  var nextMessage: Int64 = 1
  /// Of each monitor as they are now, and as they were.
  var settings: [MonitorSettings] = []
  var timelines: [Timeline] = []
  var publicIDs: [PublicID<MonitorTag>?] = []
  var monitorOfURL: [String: Int] = [:]

  var history = History()
  var audit = AuditState()
  private var agenda = Heap<Planned>()
  private var order: Int64 = 0

  init(_ scenario: Scenario, folder: String, wiring: Wiring = Wiring(), keep: EventLog.Keep = .nothing) throws {
    self.scenario = scenario
    self.wiring = wiring
    self.folder = folder
    faults = Faults(scenario)
    edits = Edits(scenario)
    truth = Truth(scenario, brokenPaths: faults.brokenPaths)
    clock = VirtualClock(at: Scenario.start, seed: mixed(scenario.seed, 1))
    random = Seeded(mixed(scenario.seed, 2))
    log = EventLog(keep: keep)
    queue = WatchedQueue(wiring.queue(0))
    store = try Self.open(folder, clock)
  }

  /// Runs from the first moment to the last and answers what came of it.
  func go() async throws -> RunOutcome {
    try await prepare()
    try await beginControl()
    for (n, fault) in faults.all.enumerated() {
      plan(.fault(n), at: fault.span.from)
      plan(.faultEnd(n), at: fault.span.to)
      // A turn a moment before a crash, as every quarter of a second has one in real life.
      if fault.kind == .controlCrash { plan(.turn(isForced: true), at: fault.span.from - random.between(1...5000)) }
    }
    for (n, edit) in edits.all.enumerated() { plan(.edit(n), at: edit.at) }
    plan(.audit, at: Scenario.start + Audit.everyMs)
    while let next = agenda.first, next.at < scenario.end {
      _ = agenda.pop()
      clock.move(to: max(next.at, now))
      try await meet(next)
    }
    clock.move(to: scenario.end)
    try await finish()
    let outcome = RunOutcome(
      scenario: scenario, violations: audit.violations + judge(), figures: figures(), log: log)
    if let engine { await engine.abandon() }
    store.close()
    return outcome
  }

  var now: Instant { clock.now }

  func plan(_ moment: Moment, at: Instant) {
    order += 1
    agenda.push(Planned(at: max(at, now), order: order, moment: moment))
  }

  func note(
    _ kind: Event.Kind, monitor: MonitorID? = nil, region: Int = -1, worker: Int = -1, _ a: Int64 = 0, _ b: Int64 = 0
  ) {
    log.add(
      Event(
        at: now, kind: kind, monitor: monitor.map { Int($0.raw) - 1 } ?? -1, region: region, worker: worker, a: a, b: b)
    )
  }

  private func meet(_ next: Planned) async throws {
    switch next.moment {
    case .turn(let isForced): if isForced || turnAt == next.at { try await turn(isForced: isForced) }
    case .begin(let serial): if mayGoOn(serial, next) { begin(serial) }
    case .end(let serial): if mayGoOn(serial, next) { try await end(serial) }
    case .tick(let w, let life, let number): if isThere(w, life, next) { await tick(w, number) }
    case .answered(let w, let life, let id, let answer):
      if isThere(w, life, next) { try await answered(w, id, answer) }
    case .gaveUp(let w, let life, let id): if isThere(w, life, next) { await gaveUp(w, id) }
    case .spoolRead(let w, let life, let most): if isThere(w, life, next) { await readSpool(w, most) }
    case .drained(let w, let life): if isThere(w, life, next) { await drained(w) }
    case .arrive(let w, let life, let key, let id, let request): try await arrive(w, life, key, id, request)
    case .waited(let w, let id): try await waited(w, id)
    case .silent(let w, let heard): if workers[w].heard == heard { try await turn(isForced: true) }
    case .fault(let n): try await beginFault(faults.all[n])
    case .faultEnd(let n): try await endFault(faults.all[n])
    case .outbox: try await sendMessages()
    case .audit: try await auditNow()
    case .edit(let n): try await edit(n)
    }
  }

  /// Whether the worker still is who it was. One that stands still meets the moment when it goes on.
  private func isThere(_ w: Int, _ life: Int, _ next: Planned) -> Bool {
    guard workers[w].isAlive, workers[w].life == life else { return false }
    if let until = workers[w].pausedUntil, now < until {
      plan(next.moment, at: until)
      return false
    }
    return true
  }

  private func mayGoOn(_ serial: Int64, _ next: Planned) -> Bool {
    guard let one = running[serial] else { return false }
    guard workers[one.worker].isAlive, workers[one.worker].life == one.life else {
      running[serial] = nil
      return false
    }
    return isThere(one.worker, one.life, next)
  }
}

/// What the control plane's parts say, from whatever thread, until the loop listens.
final class Trouble: Sendable {
  private struct State {
    var events: [String] = []
    var messagesDue = false
    var changes: [MonitorChange] = []
  }
  private let state = Mutex(State())

  func add(_ text: String) { state.withLock { if $0.events.count < 1000 { $0.events.append(text) } } }
  func add(_ change: MonitorChange) { state.withLock { $0.changes.append(change) } }
  func takeChanges() -> [MonitorChange] {
    state.withLock { state in
      defer { state.changes = [] }
      return state.changes
    }
  }
  func messagesAreDue() { state.withLock { $0.messagesDue = true } }
  func takeMessagesDue() -> Bool {
    state.withLock { state in
      defer { state.messagesDue = false }
      return state.messagesDue
    }
  }
  var events: [String] { state.withLock { $0.events } }
}
