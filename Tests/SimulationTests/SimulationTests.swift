import Domain
import Engine
import SQLite
import Store
import Testing
import Worker

@testable import Simulation

@Suite("The simulation")
struct SimulationTests {
  @Test("the same seed gives the same events, byte for byte; another gives others")
  func replays() async throws {
    let first = try await Simulation.run(Scenario(seed: 7, days: 1), keep: .everything)
    let second = try await Simulation.run(Scenario(seed: 7, days: 1), keep: .everything)
    #expect(first.log.text == second.log.text)
    #expect(first.log.digest == second.log.digest)
    #expect(first.log.count > 1000)
    #expect(try await Simulation.run(Scenario(seed: 8, days: 1)).log.digest != first.log.digest)
  }

  @Test("what happened around a violation is found by running the seed again")
  func explains() async throws {
    let scenario = Scenario(seed: 3, days: 1)
    let whole = try await Simulation.run(scenario, keep: .everything)
    let attempt = try #require(whole.log.kept.first { $0.kind == .attempt && $0.monitor == 1 })
    let violation = Violation("I2", monitor: 1, at: attempt.at, "planted")
    let events = try await Simulation.events(around: violation, of: scenario)
    #expect(events.contains(attempt))
    #expect(events.allSatisfy { $0.monitor == 1 || $0.concernsAll })
  }

  @Test("without faults nothing is missed, and every outage is told")
  func calm() async throws {
    var scenario = Scenario(seed: 5, days: 2)
    scenario.hasFaults = false
    let outcome = try await Simulation.run(scenario)
    #expect(outcome.violations.isEmpty, "\(outcome.violations.map(\.line))")
    #expect(outcome.figures.results == outcome.figures.slots)
    #expect(outcome.figures.outages > 0)
  }

  @Test("faults of each kind come, people edit, and none of it breaks an invariant")
  func faults() async throws {
    var figures = Figures()
    for seed in 1...8 as ClosedRange<UInt64> {
      let outcome = try await Simulation.run(Scenario(seed: seed, days: 2))
      #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.violations.map(\.line))")
      figures.add(outcome.figures)
    }
    #expect(Set(figures.faults.keys) == Set(Fault.Kind.allCases))
    #expect(figures.edits > 0)
    #expect(figures.renewed > 0)
    #expect(figures.spoolFull > 0)
    #expect((figures.missed[.regionSuspect] ?? 0) > 0)
  }
}

/// A checker that cannot fail proves nothing: each meets the mistake that it is there for.
@Suite("Planted mistakes")
struct PlantedTests {
  /// Whether some seed of a few makes a checker of `invariant` speak.
  private func isFound(
    _ invariant: String, _ wiring: Wiring = Wiring(), seeds: ClosedRange<UInt64> = 1...6,
    _ change: (inout Scenario) -> Void = { _ in }
  ) async throws -> Bool {
    for seed in seeds {
      var scenario = Scenario(seed: seed, days: 2)
      change(&scenario)
      let outcome = try await Simulation.run(scenario, wiring: wiring)
      if outcome.violations.contains(where: { $0.invariant == invariant }) { return true }
    }
    return false
  }

  @Test("a queue that takes superseded leases for good ones breaks I3")
  func acceptsStale() async throws {
    var wiring = Wiring()
    wiring.queue = { FaultyQueue(MemoryQueue(epoch: $0), .acceptsSuperseded) }
    #expect(try await isFound("I3", wiring, seeds: 1...2))
  }

  @Test("a queue that loses one job in fifty breaks I2")
  func losesJobs() async throws {
    var wiring = Wiring()
    wiring.queue = { FaultyQueue(MemoryQueue(epoch: $0), .losesJobs) }
    #expect(try await isFound("I2", wiring, seeds: 1...1))
  }

  @Test("a queue that says nothing of jobs whose worker was lost breaks I2")
  func closesSilently() async throws {
    var wiring = Wiring()
    wiring.queue = { FaultyQueue(MemoryQueue(epoch: $0), .closesSilently) }
    #expect(try await isFound("I2", wiring))
  }

  @Test("a verdict that takes one region's word breaks I6")
  func ignoresQuorum() async throws {
    #expect(try await isFound("I6") { $0.quorum = 1 })
  }

  @Test("messages that are lost between incident and outbox break I4")
  func losesMessages() async throws {
    var wiring = Wiring()
    wiring.onChange = { change, db, world in
      try IncidentFlow.apply(change, in: db, world: world)
      if change.to == .down { try db.run("DELETE FROM notification WHERE kind = 'monitor.down'") }
    }
    #expect(try await isFound("I4", wiring) { $0.hasFaults = false })
  }

  @Test("an outage that nobody was told of, and down time that nobody counted, are found")
  func silence() {
    var scenario = Scenario(seed: 5, days: 4)
    scenario.hasFaults = false
    let faults = Faults(scenario)
    var history = History()
    history.states = [.init(monitor: 0, since: scenario.end, until: nil, state: .up)]
    let checks = TruthChecks(
      truth: Truth(scenario, brokenPaths: faults.brokenPaths), faults: faults,
      timelines: (0..<scenario.monitors).map { Timeline(scenario.settings(of: $0)) }, history: history)
    var seen = TruthChecks.Seen()
    #expect(!checks.noMissedOutage(&seen).isEmpty)
    #expect(!checks.downTime(&seen).isEmpty)
    #expect(checks.noFalseDown().isEmpty)
  }

  @Test("a spool that is never delivered breaks I10")
  func keepsSpool() async throws {
    var wiring = Wiring()
    wiring.deliversSpool = false
    #expect(try await isFound("I10", wiring))
  }

  @Test("a worker that does not let go of what it delivered breaks I10")
  func keepsDelivered() async throws {
    var wiring = Wiring()
    wiring.performs = { action, _ in if case .emptySpool = action { false } else { true } }
    #expect(try await isFound("I10", wiring))
  }

  @Test("a worker that asks no more once it was away breaks I10")
  func staysAway() async throws {
    var wiring = Wiring()
    wiring.performs = { action, isAway in if case .poll = action { !isAway } else { true } }
    #expect(try await isFound("I10", wiring))
  }
}

/// The real queue with one mistake in it.
private actor FaultyQueue: JobQueue {
  enum Mistake { case acceptsSuperseded, losesJobs, closesSilently }
  private let inner: MemoryQueue
  private let mistake: Mistake
  private var emitted = 0
  private var claims = 0

  init(_ inner: MemoryQueue, _ mistake: Mistake) {
    self.inner = inner
    self.mistake = mistake
  }

  func emit(_ jobs: [Job], now: Instant) async {
    var kept: [Job] = []
    for job in jobs {
      emitted += 1
      if mistake != .losesJobs || emitted % 50 != 0 { kept.append(job) }
    }
    await inner.emit(kept, now: now)
  }

  func standing(of refs: [LeaseRef]) async -> [LeaseStanding] {
    let real = await inner.standing(of: refs)
    return mistake == .acceptsSuperseded ? real.map { $0 == .superseded ? .current : $0 } : real
  }

  func advance(now: Instant) async -> [ClosedJob] {
    let closed = await inner.advance(now: now)
    return mistake == .closesSilently ? [] : closed
  }

  /// With superseded leases taken for good ones, one claim in five is also given to whoever asks next.
  func claim(region: RegionID, worker: WorkerID, max: Int, now: Instant) async -> [Lease] {
    let leases = await inner.claim(region: region, worker: worker, max: max, now: now)
    guard mistake == .acceptsSuperseded, worker != .embedded, !leases.isEmpty else { return leases }
    claims += 1
    if claims % 5 == 0 { await inner.handBack(worker: worker, isLost: false, now: now) }
    return leases
  }
  func renew(_ refs: [LeaseRef], now: Instant) async -> [LeaseRef] { await inner.renew(refs, now: now) }
  func lend(region: RegionID, worker: WorkerID, max: Int, now: Instant) async -> [Lease] {
    await inner.lend(region: region, worker: worker, max: max, now: now)
  }
  func ready(in region: RegionID) async -> Int { await inner.ready(in: region) }
  func lendable(in region: RegionID) async -> Int { await inner.lendable(in: region) }
  func complete(_ ids: [JobID], now: Instant) async { await inner.complete(ids, now: now) }
  func handBack(worker: WorkerID, isLost: Bool, now: Instant) async {
    await inner.handBack(worker: worker, isLost: isLost, now: now)
  }
  func refuse(_ ref: LeaseRef, others: Set<WorkerID>, now: Instant) async -> Bool {
    await inner.refuse(ref, others: others, now: now)
  }
  func withdraw(_ monitor: MonitorID, from: Instant) async { await inner.withdraw(monitor, from: from) }
  func statistics() async -> QueueStatistics { await inner.statistics() }
}
