import Domain
import Engine
import JSON
import Notify
import Probe
import SQLite
@_spi(Minting) import Store
import Synchronization

/// The control plane: its lives on one file, its turns, and what follows from them.
extension Run {
  static func open(_ folder: String, _ clock: VirtualClock) throws -> Store {
    try Store(
      path: folder + "/martlet.db", readers: 1, hasThreads: false, world: clock.world,
      sealer: Sealer(key: [UInt8](repeating: 7, count: 32)))
  }

  /// The installation: one organization, its regions, its monitors, one channel.
  func prepare() async throws {
    settings = (0..<edits.monitors).map(scenario.settings)
    timelines = settings.indices.map { $0 < self.scenario.monitors ? Timeline(settings[$0]) : Timeline() }
    for (n, one) in settings.enumerated() { monitorOfURL[one.url] = n }
    let principal = Principal(minting: .system, publicID: nil, name: "simulation", address: nil)
    let (store, scope, scenario) = (store, scope, scenario)
    let first = settings.prefix(scenario.monitors)
    let world = clock.world
    let made = try await store.write { db in
      try db.run(
        """
        INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (1, 'org_1', 'S', 's', 0, 0)
        """)
      for region in 1..<max(scenario.regions, 1) {
        try db.run(
          "INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES ($1, $2, $3, NULL, 0)",
          [.int(Int64(region) + 1), .text("reg_\(region)"), .text(scenario.regionName(region))])
      }
      let draft = ChannelDraft(
        kind: ChannelKind.slack.rawValue, name: "c", settings: ["url": "https://s.test/"], summary: "s", enabled: true)
      _ = try ChannelQueries.create(draft, scope: scope, by: principal, in: db, world: world, sealer: store.sealer)
      return try first.map { one in
        try MonitorQueries.create(one, scope: scope, by: principal, in: db, world: world, sealer: store.sealer)
      }
    }
    publicIDs = made + settings.dropFirst(made.count).map { _ in nil }
    employ()
  }

  /// Begins a life of the control plane on the file as it is.
  func beginControl() async throws {
    life += 1
    note(.began, life)
    let trouble = trouble
    store.subscribe { if $0.contains(.notificationsDue) { trouble.messagesAreDue() } }
    let wiring = wiring
    let world = clock.world
    let queueBox = Box<WatchedQueue>()
    let proberBox = Box<HeldProber>()
    let engine = Engine(
      store: store,
      probe: { _, _ in
        let made = HeldProber()
        proberBox.put(made)
        return made
      },
      onChange: { change, db in
        try wiring.onChange(change, db, world)
        trouble.add(change)
      },
      queue: { epoch in
        let made = WatchedQueue(wiring.queue(epoch))
        queueBox.put(made)
        return made
      }, report: { event, detail in trouble.add("\(event): \(detail)") })
    try await engine.begin(listens: false)
    guard let made = queueBox.value, let held = proberBox.value else { return }
    self.engine = engine
    queue = made
    prober = held
    outboxAt = nil
    planOutbox(at: now + 100)
    planTurn(at: now)
    try await follow()
  }

  /// As `kill -9` does: nothing is handed back, nothing more is stored.
  func endControl() async {
    guard let engine else { return }
    for w in workers.indices { await rouse(w) }
    await engine.abandon()
    store.close()
    self.engine = nil
    dropParked()
    prober = nil
    turnAt = nil
    workers[0].life += 1
    tokens = [:]
  }

  /// As it does when it is asked to: nothing more is begun, leases are handed back, what is known is stored.
  func stopControl() async {
    guard let engine else { return }
    for w in workers.indices { await rouse(w) }
    dropParked()
    await engine.stop(drainMs: 0)
    await endControl()
  }

  func planTurn(at: Instant) {
    let at = max(at, now, lastTurn + 250)
    if let turnAt, turnAt <= at, turnAt >= now { return }
    turnAt = at
    plan(.turn(isForced: false), at: at)
  }

  /// A forced one records that the engine ran until now, as the last before a crash does; the others do so now and then,
  /// which saves a commit each.
  func turn(isForced: Bool) async throws {
    guard let engine else { return }
    turnAt = nil
    lastTurn = now
    await engine.turn(spanEveryMs: isForced ? 0 : Instant.minuteMs)
    try await follow()
  }

  /// What the engine wants done after it was spoken to: probes to run, jobs to fetch, messages to send, its next turn.
  func follow() async throws {
    guard let engine, let prober else { return }
    let handed = prober.take()
    for token in handed.cancelled {
      if let serial = tokens.removeValue(forKey: token) { running[serial] = nil }
    }
    for run in handed.runs { accept(run) }
    for closed in queue.takeClosed() {
      note(
        .missed, monitor: closed.job.id.monitor, region: Int(closed.job.id.region.raw) - 1,
        closed.job.id.slot?.ms ?? 0, Int64(closed.reason.rawValue))
    }
    let ready = queue.takeReady()
    for region in ready { try await answerParked(in: region) }
    if trouble.takeMessagesDue() { planOutbox(at: now + 50) }
    var next = [await engine.nextTurnAt, queue.nextDeadline].compactMap { $0 }.min() ?? now + 30_000
    // Slots that fall due together are emitted together.
    next = next + random.below(2500)
    // The embedded worker takes its jobs in the next turn, a quarter of a second away at most.
    if ready.contains(RegionID(1)) { next = min(next, now + random.between(1...250)) }
    for change in trouble.takeChanges() { note(.changed, monitor: change.monitor, change.to.code, change.since.ms) }
    planTurn(at: min(next, now + 10 * Instant.minuteMs))
  }

  private func accept(_ run: ProbeRun) {
    guard let job = job(of: run) else { return }
    nextSerial += 1
    running[nextSerial] = Running(
      worker: 0, life: workers[0].life, job: job, settings: run.target.settings,
      due: Instant(ms: Int64(run.dueNs / 1_000_000)), budgetMs: run.budgetMs, firstAttempt: run.firstAttempt,
      attempt: run.firstAttempt, token: run.token)
    tokens[run.token] = nextSerial
    plan(.begin(nextSerial), at: max(now, Instant(ms: Int64(run.dueNs / 1_000_000))))
  }

  /// A probe run does not say which monitor it is for, but its target does.
  private func job(of run: ProbeRun) -> JobID? {
    guard let monitor = monitorOfURL[run.target.settings.url] else { return nil }
    let due = Int64(run.dueNs / 1_000_000)
    return JobID(
      monitor: MonitorID(Int64(monitor) + 1), region: RegionID(1), trigger: run.urgent ? .manual : .schedule, mark: due)
  }

  // MARK: Messages to people

  func planOutbox(at: Instant) {
    if let outboxAt, outboxAt <= at, outboxAt >= now { return }
    outboxAt = max(at, now)
    plan(.outbox, at: at)
  }

  /// Sends one message after the other, by a channel that may be down.
  func sendMessages() async throws {
    guard engine != nil, outboxAt.map({ $0 <= now }) ?? false else { return }
    outboxAt = nil
    let carried = Carried(isDown: channelIsDown)
    let trouble = trouble
    while try await Outbox.round(
      limit: 1, store: store, report: { trouble.add("\($0): \($1)") }, send: { carried.take($0) }) > 0
    {}
    for one in carried.messages {
      let kind = try Notice(json: JSON(parsing: one.payload))?.kind
      note(channelIsDown ? .refused : .carried, one.id.raw, kind == .down ? 1 : 0)
      if !channelIsDown { history.carried.append(.init(at: now, id: one.id.raw)) }
    }
    if let next = try await store.read({ try NotificationQueries.nextDue(in: $0) }) {
      planOutbox(at: max(next, now + 200))
    }
  }
}

/// A channel that takes a message, or does not.
private final class Carried: Sendable {
  private let isDown: Bool
  private let taken = Mutex<[ClaimedNotification]>([])

  init(isDown: Bool) { self.isDown = isDown }

  func take(_ one: ClaimedNotification) -> Delivery {
    taken.withLock { $0.append(one) }
    return isDown ? .later(reason: "The channel is down.", afterS: nil) : .sent
  }

  var messages: [ClaimedNotification] { taken.withLock { $0 } }
}

/// Hands a value out of a closure.
final class Box<Value: Sendable>: Sendable {
  private let held = Mutex<Value?>(nil)
  func put(_ value: Value) { held.withLock { $0 = value } }
  var value: Value? { held.withLock { $0 } }
}
