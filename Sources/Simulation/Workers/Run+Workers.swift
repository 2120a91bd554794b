import Domain
import Engine
import Probe
import Store
import Wire
import Worker

/// What workers do: their core decides; probes, disk, journal and clock are played.
extension Run {
  static let canaryTimeoutMs = 3000

  func regionID(_ w: Int) -> RegionID { RegionID(Int64(workers[w].region) + 1) }

  /// Tells a worker's core what happened, and does what it wants done.
  func feed(_ event: WorkerCore.Event, to w: Int) async {
    let clock = workers[w].clock
    let nowNs = clock.monotonicNs(now)
    let skew = workers[w].core.clock.isSet ? Int(clock.wall(now) - workers[w].core.clock.now(nowNs)) : 0
    workers[w].core.observe { $0.skewMs = skew }
    await perform(workers[w].core.handle(event, nowNs: nowNs), w)
    guard workers[w].isAlive else { return }
    if workers[w].core.isAway != workers[w].wasAway {
      workers[w].wasAway.toggle()
      note(workers[w].wasAway ? .offline : .online, region: workers[w].region, worker: workers[w].number)
    }
    await settle(w)
    planTick(w)
  }

  func planTick(_ w: Int) {
    guard !workers[w].isCalm, workers[w].isAlive else { return }
    let clock = workers[w].clock
    guard let wakes = workers[w].core.wakesAtNs(nowNs: clock.monotonicNs(now)) else { return }
    // What is due now is found by the next look at the clock.
    let at = clock.tick(atOrAfter: max(wakes > 1 << 62 ? scenario.end : clock.instant(wakes), now + 1))
    if let planned = workers[w].tickAt, planned <= at { return }
    workers[w].tickAt = at
    workers[w].ticks += 1
    plan(.tick(w, life: workers[w].life, workers[w].ticks), at: at)
  }

  func tick(_ w: Int, _ number: Int) async {
    guard workers[w].ticks == number else { return }
    workers[w].tickAt = nil
    await feed(.timePassed, to: w)
  }

  private func perform(_ actions: [WorkerCore.Action], _ w: Int) async {
    let life = workers[w].life
    for action in actions where wiring.performs(action, workers[w].core.isAway) {
      switch action {
      case .poll(let asked): send(.poll(asked), by: w)
      case .start(let runs): for run in runs { start(run, by: w) }
      case .cancel(let tokens):
        for token in tokens {
          workers[w].journal?.end(token)
          if let serial = workers[w].runs.removeValue(forKey: token) { running[serial] = nil }
        }
      case .deliver(let batch, let results): send(.deliver(batch: batch, results), by: w)
      case .renew(let refs):
        if !refs.isEmpty { note(.renewed, region: workers[w].region, worker: workers[w].number, Int64(refs.count)) }
        renewals += refs.count
        send(.renew(refs), by: w)
      case .spool(let results):
        note(.spooled, region: workers[w].region, worker: workers[w].number, Int64(results.count))
        workers[w].disk.append(results, now: now)
      case .readSpool(let most): plan(.spoolRead(w, life: life, most), at: now + random.between(1...20))
      case .emptySpool(let mark):
        let before = workers[w].disk.records
        workers[w].disk.empty(mark: mark)
        note(
          .delivered, region: workers[w].region, worker: workers[w].number, Int64(before - workers[w].disk.records))
      case .say: break
      case .end(let reason): await ended(w, reason)
      }
    }
  }

  func readSpool(_ w: Int, _ most: Int) async {
    let (results, mark) = wiring.deliversSpool ? workers[w].disk.read(most) : ([], 0)
    await feed(.spoolRead(results, mark: mark), to: w)
  }

  // MARK: Lives

  func employ() {
    let embedded = WorkerClock(began: Scenario.start, driftPPM: 0, wallSkewMs: 0, tickPhaseMs: 0)
    workers = [SimulatedWorker(region: 0, number: 0, key: .embedded, clock: embedded, disk: Disk(recordsMax: 2))]
    for region in 1..<max(scenario.regions, 1) {
      for number in 0..<scenario.workersPerRegion {
        // One in eight never heard of NTP.
        let isOff = random.below(8) == 0
        let clock = WorkerClock(
          began: Scenario.start - random.spread(10_000...30 * Instant.dayMs),
          driftPPM: random.between(isOff ? -500...500 : -50...50),
          wallSkewMs: random.between(isOff ? -6 * Instant.hourMs...6 * Instant.hourMs : -30...30),
          tickPhaseMs: random.below(50))
        workers.append(
          SimulatedWorker(
            region: region, number: number, key: WorkerID(Int64(workers.count)), clock: clock,
            disk: Disk(recordsMax: Int(random.spread(2...40)))))
        beginWorker(workers.count - 1)
      }
    }
  }

  /// A process begins: what one before it held goes to others at once.
  func beginWorker(_ w: Int) {
    workers[w].isAlive = true
    workers[w].wasAway = false
    var configuration = WorkerCore.Configuration()
    if scenario.hasCanaries(region: workers[w].region) { configuration.canaries = ["http://canary.test/"] }
    var core = WorkerCore(
      configuration: configuration, worker: .embedded, spooled: workers[w].disk.records, seed: random.next())
    let journal = Journal(path: "\(folder)/journal-\(w)")
    let suspects = journal?.suspects ?? []
    let crash = Int(truncatingIfNeeded: workers[w].clock.monotonicNs(now) >> 10)
    core.observe {
      $0.suspects = suspects
      $0.crash = crash
    }
    workers[w].core = core
    workers[w].journal = journal
    send(.leave(isFirst: true), by: w)
  }

  /// What a leave was for: the beginning, or the end.
  func left(_ request: Request, _ w: Int) async {
    guard case .leave(let isFirst) = request else { return }
    if isFirst { await feed(.begin, to: w) } else { over(w) }
  }

  /// The core has nothing left to do.
  private func ended(_ w: Int, _ reason: String?) async {
    if reason == nil { send(.leave(isFirst: false), by: w) } else { over(w) }
  }

  func drained(_ w: Int) async {
    await perform(workers[w].core.giveUp(), w)
  }

  /// A process ends as it should.
  private func over(_ w: Int) {
    workers[w].journal?.finish()
    endProcess(w)
    guard workers[w].restarts else { return }
    workers[w].restarts = false
    beginWorker(w)
  }

  /// Without a word, as `kill -9` does.
  func crash(_ w: Int) async {
    guard workers[w].isAlive else { return }
    await rouse(w)
    workers[w].journal?.note(alive: workers[w].clock.wall(now))
    workers[w].disk.crash(torn: random.below(2) == 0, now: now)
    endProcess(w)
  }

  private func endProcess(_ w: Int) {
    workers[w].life += 1
    workers[w].isAlive = false
    workers[w].journal = nil
    workers[w].asking = [:]
    workers[w].runs = [:]
    workers[w].tickAt = nil
    workers[w].ticks += 1
    // The control plane sees the connection go, unless nothing comes through.
    if !workers[w].isCutOff { workers[w].parked = nil }
  }
}
