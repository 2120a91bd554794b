import Curl
import Domain
import JSON
import Probe
import Synchronization
import Wire

/// A worker at work: performs what `WorkerCore` decides, with real probes, a real disk and the real network.
public actor Worker {
  public struct Settings: Sendable {
    public var controlPlane: WebURL
    public var worker: String
    public var token: String
    public var core = WorkerCore.Configuration()
    public var probe = ProbeEngine.Configuration()
    public var spoolFolder: String
    /// Where it is noted what is under way.
    public var journal: String
    public var spool = Spool.Configuration()

    public init(controlPlane: WebURL, worker: String, token: String, spoolFolder: String, journal: String) {
      self.controlPlane = controlPlane
      self.worker = worker
      self.token = token
      self.spoolFolder = spoolFolder
      self.journal = journal
    }
  }

  /// What the local port shows.
  public struct Sight: Sendable {
    public var isAway = false
    public var report = WorkerReport()
  }

  private let settings: Settings
  private let world: World
  private let plane: ControlPlane
  private let probe: ProbeEngine
  private let disk: LoopThread<Spool>
  private let say: @Sendable (String) -> Void
  private var core: WorkerCore
  private var latenessAtNs: UInt64 = 0
  private var latenessP99Ms = 0
  private var lateness = RecentValues(capacity: 4096)
  private let journal: Journal?
  /// Empty but in tests.
  private var planted: Set<UInt64> = []
  private let reports: AsyncStream<[ProbeReport]>
  /// Bytes of results on their way to the disk, and results that were one too many for that.
  private var toDiskBytes = 0
  private var lost = 0
  private var isLookingAtDisk = false
  private var finish: CheckedContinuation<String?, Never>?
  private var ended: String??

  /// Opens the spool and starts the probe. `say` hears of what a person would want to know.
  public init(
    _ settings: Settings, client: OutboundClient, world: World, say: @escaping @Sendable (String) -> Void
  ) throws {
    self.settings = settings
    self.world = world
    self.say = say
    plane = ControlPlane(client: client, url: settings.controlPlane, token: settings.token)
    let (reports, mailbox) = AsyncStream<[ProbeReport]>.makeStream()
    self.reports = reports
    probe = try ProbeEngine(configuration: settings.probe, world: world) { mailbox.yield($0) }
    let found = Mutex(0)
    disk = try LoopThread(name: "spool") { [settings] _ in
      let spool = try Spool(folder: settings.spoolFolder, configuration: settings.spool)
      found.withLock { $0 = spool.records }
      return spool
    }
    journal = Journal(path: settings.journal)
    core = WorkerCore(
      configuration: settings.core, worker: .embedded, spooled: found.withLock { $0 },
      seed: world.random(8).reduce(0) { $0 << 8 | UInt64($1) })
    let suspects = journal?.suspects ?? []
    if !suspects.isEmpty { say("the process before this one ended without a word over \(suspects.count) runs") }
    let crash = Int(truncatingIfNeeded: world.monotonicNs() >> 10)
    core.observe {
      $0.suspects = Array(suspects.prefix(Limits.suspectsMax))
      $0.crash = crash
    }
  }

  /// Works until it is told to leave or is not wanted any more; answers why in the second case.
  public func run() async -> String? {
    // What this worker held before a crash goes to others at once.
    do { _ = try await plane.post("leave/", [], timeoutMs: 10_000) } catch {
      if case .trouble(let trouble, let words) = error, trouble != .away { say("leave: \(words)") }
    }
    let intake = Task { for await batch in reports { self.take(batch) } }
    let ticks = Task {
      while !Task.isCancelled {
        _ = try? await Task.sleep(for: .milliseconds(50))
        self.tick()
      }
    }
    send(.begin)
    let reason = await withCheckedContinuation { continuation in
      if let ended { continuation.resume(returning: ended) } else { finish = continuation }
    }
    ticks.cancel()
    probe.stop()
    intake.cancel()
    if reason == nil { _ = try? await plane.post("leave/", [], timeoutMs: 5000) }
    journal?.finish()
    disk.stop()
    return reason
  }

  /// Begins nothing more; what is under way has `drainMs` to end and to be delivered, the rest waits on disk.
  public func leave(drainMs: Int64 = Limits.drainMs) async {
    send(.leave)
    _ = try? await Task.sleep(for: .milliseconds(drainMs))
    perform(core.giveUp())
  }

  public var sight: Sight {
    var out = Sight()
    out.isAway = core.isAway
    out.report = said
    return out
  }

  // MARK: Events

  private func take(_ batch: [ProbeReport]) {
    for one in batch {
      lateness.add(Int(one.lateMs))
      if one.isFinal, !planted.contains(one.token) { journal?.end(one.token) }
    }
    if batch.contains(where: { planted.contains($0.token) }) { fatalError("planted") }
    send(.reported(batch))
  }

  private func tick() {
    journal?.note(alive: world.now())
    send(.timePassed)
    guard !isLookingAtDisk else { return }
    isLookingAtDisk = true
    let serverNow = core.clock.isSet ? core.clock.now(world.monotonicNs()) : nil
    disk.post { [weak self, say] spool in
      spool.now = serverNow
      spool.takeWords().forEach(say)
      let seen = SpoolSight(spool)
      Task { await self?.note(seen) }
    }
  }

  private var said: WorkerReport {
    var out = WorkerReport()
    core.observe { out = $0 }
    return out
  }

  private func note(_ spool: SpoolSight) {
    isLookingAtDisk = false
    let seen = probe.statistics
    // While results are on their way to the disk it holds fewer than are known here.
    if toDiskBytes == 0 { core.holds(spool.records) }
    let lost = lost
    core.observe { report in
      report.spoolBytes = spool.bytes
      report.dropped = spool.dropped + lost
      report.forgotten = spool.forgotten + lost
      report.torn = spool.torn
      report.started = seen.started
      report.startedLate = seen.startedLate
      report.loopLagP99Us = seen.loopLagP99Us
      report.busyPermille = Int(seen.busyShare * 1000)
      report.resolverWorks = seen.resolverWorks
    }
  }

  private func send(_ event: WorkerCore.Event) {
    let now = world.monotonicNs()
    // Sorts four thousand numbers: every ten seconds is often enough.
    if now >= latenessAtNs {
      latenessAtNs = now + 10_000_000_000
      latenessP99Ms = lateness.quantile(0.99)
    }
    let p99 = latenessP99Ms
    let skew = core.clock.isSet ? Int(clamping: world.now() - core.clock.now(now)) : 0
    core.observe {
      $0.latenessP99Ms = p99
      $0.skewMs = skew
    }
    perform(core.handle(event, nowNs: now))
  }

  // MARK: Actions

  private func perform(_ actions: [WorkerCore.Action]) {
    for action in actions {
      switch action {
      case .poll(let asked): Task { await self.poll(asked) }
      case .start(let runs): start(runs)
      case .cancel(let tokens):
        for token in tokens { journal?.end(token) }
        probe.cancel(tokens)
      case .deliver(let batch, let results): Task { await self.deliver(batch, results) }
      case .renew(let refs): Task { await self.renew(refs) }
      case .spool(let results): spool(results)
      case .readSpool(let most): readSpool(most)
      case .emptySpool(let mark):
        disk.post { [say] spool in
          do throws(Spool.Failure) { try spool.empty(mark: mark) } catch { spool.news(error).map(say) }
        }
      case .say(let words): say(words)
      case .end(let reason):
        ended = .some(reason)
        finish?.resume(returning: reason)
        finish = nil
      }
    }
  }

  private func start(_ runs: [ProbeRun]) {
    let (now, nowNs) = (world.now(), world.monotonicNs())
    journal?.note(alive: now)
    for run in runs {
      guard let monitor = core.monitor(of: run.token) else { continue }
      let waitMs = run.dueNs > nowNs ? Int64((run.dueNs - nowNs) / 1_000_000) : 0
      journal?.begin(run.token, monitor, due: now + waitMs)
      #if DEBUG
        // For tests of what a crash leads to: a target whose path says so ends the process while it is looked at.
        if run.target.settings.url.hasSuffix("/planted-crash") { planted.insert(run.token) }
      #endif
    }
    probe.submit(runs)
  }

  private func poll(_ asked: JobsRequest) async {
    let askedNs = world.monotonicNs()
    do {
      let json = try await plane.post("jobs/", asked.json.bytes, timeoutMs: asked.waitMs + 5000)
      let answer = try JobsAnswer(json, region: core.knownRegion) { core.known($0, $1) }
      // Told once: what is counted is crashes, not polls.
      core.observe { $0.suspects = [] }
      send(.polled(answer, askedNs: asked.waitMs == 0 ? askedNs : nil))
      await handBack(answer.refused.filter { JobID($0.text) == nil && $0.generation != nil })
    } catch let error as ControlPlane.Failure {
      guard case .trouble(let trouble, let words) = error else { return }
      if trouble == .refused { say("jobs: \(words)") }
      send(.pollFailed(trouble == .revoked ? .revoked : .away))
    } catch {
      say("jobs: \(error)")
      send(.pollFailed(.away))
    }
  }

  private func deliver(_ batch: Int, _ results: [Delivered]) async {
    do {
      let body: JSON = ["results": .array(results.map(\.json))]
      let json = try await plane.post("results/", body.bytes, timeoutMs: 30_000)
      send(.delivered(batch: batch, try DeliveryAnswer(json)))
    } catch let error as ControlPlane.Failure {
      guard case .trouble(let trouble, let words) = error else { return }
      if trouble == .refused { say("results: \(words)") }
      send(.deliveryFailed(batch: batch, trouble))
    } catch {
      say("results: \(error)")
      send(.deliveryFailed(batch: batch, .away))
    }
  }

  /// Jobs whose names this version cannot read: told once, and where that fails their lease ends.
  private func handBack(_ jobs: [RefusedJob]) async {
    guard !jobs.isEmpty else { return }
    do {
      let body: JSON = ["results": .array(jobs.prefix(Limits.resultsPerDeliveryMax).map(\.json))]
      _ = try await plane.post("results/", body.bytes, timeoutMs: 10_000)
    } catch {
      say("\(jobs.count) jobs that are not known here could not be handed back: \(error)")
    }
  }

  private func renew(_ refs: [LeaseRef]) async {
    do {
      let body: JSON = ["leases": .array(refs.map(\.json))]
      let json = try await plane.post("leases/", body.bytes, timeoutMs: 10_000)
      send(.renewed(refs, lost: (json["lost"]?.array ?? []).compactMap { LeaseRef($0, worker: .embedded) }))
    } catch {
      // Asked again in a second; a lease that ends meanwhile is somebody else's.
      send(.renewFailed(refs))
    }
  }

  private func spool(_ results: [Delivered]) {
    let bytes = results.weight
    // A disk that does not come back is no reason to fill the memory.
    guard toDiskBytes == 0 || toDiskBytes + bytes <= settings.core.pendingBytesMax else {
      lost += results.count
      return say("\(results.count) results could not be kept: the disk is behind")
    }
    toDiskBytes += bytes
    disk.post { [weak self, say] spool in
      do throws(Spool.Failure) {
        try spool.append(results)
        try spool.sync()
        _ = spool.news(nil)
      } catch { spool.news(error).map(say) }
      Task { await self?.wrote(bytes) }
    }
  }

  private func wrote(_ bytes: Int) { toDiskBytes -= bytes }

  private func readSpool(_ most: Int) {
    disk.post { [weak self, say] spool in
      var read: (results: [Delivered], mark: Int) = ([], 0)
      do throws(Spool.Failure) { read = try spool.read(most) } catch { spool.news(error).map(say) }
      let (results, mark) = read
      Task { await self?.send(.spoolRead(results, mark: mark)) }
    }
  }
}

/// What the spool counts, on its way from its thread.
private struct SpoolSight: Sendable {
  let bytes, records, dropped, forgotten, torn: Int

  init(_ spool: Spool) {
    (bytes, records) = (spool.bytes, spool.records)
    (dropped, forgotten, torn) = (spool.dropped, spool.forgotten, spool.torn)
  }
}
