import Domain
import SQLite
import Store
import TestSupport
import Testing

@testable import Engine

@Suite("Every slot has one outcome")
struct AccountingTests {
  @Test("while the store refuses for minutes no run is done again, and no slot is both stored and missed")
  func longRefusal() async throws {
    let world = try await WatchWorld()
    for n in 0..<3 { try await world.monitor("m\(n)", intervalS: 10) }
    try await world.start()
    try await world.run(seconds: 20)
    let from = world.test.clock.now + 1
    try await world.refuse()
    var runs = 0
    for _ in 0..<180 {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
      let answered = world.prober.answer()
      runs += answered
      if answered > 0 { await world.engine.drained() }
    }
    let to = world.test.clock.now
    #expect(await world.engine.statistics.storeFailing)
    try await world.takeAgain()
    try await world.run(seconds: 60)
    let account = try await world.account(from: from, to: to)
    #expect(account.due.count == 54)
    #expect(runs == account.due.count)
    #expect(account.filled == account.due)
    #expect(account.results == account.due.count)
    #expect(account.missed.isEmpty)
    #expect(await world.engine.statistics.missed.isEmpty)
    await world.engine.stop()
  }

  @Test("a plan that is heard of late accounts for its slots from its beginning, and for none before")
  func heardLate() async throws {
    let world = try await WatchWorld()
    try await world.monitor("first", intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    try await world.refuse()
    try await world.run(seconds: 11)
    #expect(await world.engine.statistics.storeFailing)
    let made = world.test.clock.now
    let late = try await world.monitor("late", intervalS: 5)
    try await world.takeAgain()
    world.test.clock.advance(ms: 20_000)
    try await world.run(seconds: 60)
    let account = try await world.account(from: made, to: world.test.clock.now - 30_000)
    #expect(account.open.isEmpty && account.both.isEmpty)
    let missed = account.missed.filter { $0.key.monitor == late }
    #expect(missed.count >= 2 && missed.values.allSatisfy { $0 == .notRunning })
    let rows = try await world.test.store.read { db in
      try AccountingQueries.accounts(of: late, from: made - Instant.dayMs, to: world.test.clock.now, in: db)
    }
    #expect(rows.allSatisfy { $0.open >= 0 && $0.hour >= made.hour })
    #expect(rows.reduce(0) { $0 + $1.due } <= Int(world.test.clock.now - made) / 5000 + 1)
    let nothing = try await world.test.store.read { db in
      try AccountingQueries.accounts(of: late, from: made, to: made - 1, in: db)
        + AccountingQueries.accounts(of: late, from: made - Instant.dayMs, to: made, in: db)
    }
    #expect(nothing.isEmpty)
    await world.engine.stop()
  }

  @Test("nothing is kept of a monitor that is deleted, nor does its job wait any more")
  func deleted() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    try await world.test.store.write { db in
      try QuarantineQueries.add(QuarantineKey(id, RegionID(1)), at: world.test.clock.now, in: db)
    }
    await world.runMute(seconds: 11)
    #expect(await world.engine.currentStatistics().leased > 0)
    let store = world.test.store
    try await store.write { [scope = world.scope, principal = world.principal] db in
      let name = try db.first("SELECT public_id FROM monitor WHERE id = $1", [.int(id.raw)]) { $0.text(0) } ?? ""
      _ = try MonitorQueries.delete(
        PublicID(stored: name), scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
    }
    while await world.engine.statistics.monitors > 0 { await Task.yield() }
    try await world.run(seconds: 2)
    #expect(try await world.count("SELECT count(*) FROM quarantine") == 0)
    #expect(try await world.count("SELECT count(*) FROM monitor_verdict") == 0)
    let seen = await world.engine.currentStatistics()
    #expect(seen.leased == 0 && seen.queued == 0 && seen.oldestOpenSlot == nil)
    await world.engine.stop()
  }

  @Test("a slot counts once: repeated, late and superseded reports change nothing that is there")
  func duplicates() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    let from = world.test.clock.now + 1
    // These slots close without a result; then results come, as from a spool.
    await world.runMute(seconds: 40, forgets: true)
    try await world.run(seconds: 40)
    let to = world.test.clock.now - 30_000
    var account = try await world.account(from: from, to: to)
    #expect(account.open.isEmpty)
    let lost = try #require(account.missed.keys.min())
    let stored = try #require(account.filled.max())
    func report(_ slot: Slot, _ generation: Generation?) -> RunReport {
      let job = JobID(monitor: id, region: slot.region, trigger: .schedule, mark: slot.at.ms)
      var seen = Observation(startedAt: slot.at + 5)
      seen.timing.totalUs = 1000
      return RunReport(
        job: job, generation: generation, runKey: job.runKey, attempt: 0, isFinal: true, lateMs: 5, status: .up,
        observation: seen)
    }
    for _ in 0..<2 {
      await world.engine.deliver(report(lost, nil))
      await world.engine.deliver(report(stored, nil))
      await world.engine.deliver(report(stored, Generation(raw: 1)))
    }
    let before = account
    account = try await world.account(from: from, to: to)
    #expect(account.filled == before.filled.union([lost]))
    #expect(account.results == account.filled.count)
    #expect(account.both.isEmpty && account.open.isEmpty)
    await world.engine.stop()
  }

  @Test("an attempt that is delivered again is stored once, also when it comes too late to move anything")
  func repeatedAttempt() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10, attempts: 3)
    try await world.start()
    try await world.run(seconds: 20)
    let from = world.test.clock.now + 1
    await world.runMute(seconds: 60, forgets: true)
    let slot = try #require(try await world.account(from: from, to: world.test.clock.now).due.min())
    let job = JobID(monitor: id, region: slot.region, trigger: .schedule, mark: slot.at.ms)
    var seen = Observation(startedAt: slot.at + 5)
    seen.failure = Failure(.statusCode, .assertion, "500")
    let attempt = RunReport(
      job: job, generation: nil, worker: WorkerID(7), runKey: job.runKey, attempt: 0, isFinal: false, lateMs: 5,
      status: .down, observation: seen)
    for _ in 0..<3 { await world.engine.deliver(attempt) }
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE final = 0") == 1)
    await world.engine.stop()
  }

  @Test("a check that is under way when its monitor is paused still fills its slot, from here and from elsewhere")
  func pausedMeanwhile() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 12)
    let from = world.test.clock.now + 1
    await world.runMute(seconds: 10, forgets: true)
    let slot = try #require(try await world.account(from: from, to: world.test.clock.now).due.max())
    try await world.edit(id) { $0.enabled = false }
    let job = JobID(monitor: id, region: slot.region, trigger: .schedule, mark: slot.at.ms)
    var seen = Observation(startedAt: slot.at + 5)
    seen.timing.totalUs = 1000
    func result(of job: JobID) -> Delivered {
      Delivered(job: job, generation: nil, lateMs: 0, content: .attempt(0, isFinal: true, .up, seen))
    }
    // One of after the pause was never due.
    let later = JobID(monitor: id, region: slot.region, trigger: .schedule, mark: slot.at.ms + 10_000)
    world.test.clock.advance(ms: 10_000)
    let answers = await world.engine.deliver([result(of: job), result(of: later)], from: WorkerID(7), in: slot.region)
    #expect(answers == [.accepted, .rejected])
    let account = try await world.account(from: from, to: world.test.clock.now)
    #expect(account.filled.contains(slot) && account.open.isEmpty)
    await world.engine.stop()
  }

  @Test("a run that says itself that it proves nothing is missed, whatever is known of the region by then")
  func ownTrouble() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10, attempts: 1)
    try await world.start()
    try await world.run(seconds: 20)
    let from = world.test.clock.now + 1
    for _ in 0..<30 {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
      if world.prober.answer(.down, isOwnTrouble: true) > 0 { await world.engine.drained() }
      #expect(try await world.status(id) != .down)
    }
    let account = try await world.account(from: from, to: world.test.clock.now - 5000)
    #expect(!account.due.isEmpty && Set(account.missed.keys) == account.due)
    #expect(account.missed.values.allSatisfy { $0 == .regionSuspect })
    await world.engine.stop()
  }

  @Test("while this machine's DNS servers answer nobody, nothing is down; afterwards a failure is the target's again")
  func ownResolver() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10, attempts: 1)
    try await world.start()
    try await world.run(seconds: 20)
    #expect(try await world.status(id) == .up)
    let from = world.test.clock.now + 1
    let prober = world.prober
    prober.statistics.resolverWorks = false
    for _ in 0..<40 {
      try await world.run(seconds: 1, .down)
      #expect(try await world.status(id) != .down)
    }
    #expect(try await world.status(id) == .unknown)
    let account = try await world.account(from: from, to: world.test.clock.now - 30_000)
    #expect(!account.due.isEmpty && account.open.isEmpty)
    #expect(Set(account.missed.keys) == account.due)
    #expect(account.missed.values.allSatisfy { $0 == .regionSuspect })
    prober.statistics.resolverWorks = true
    try await world.run(seconds: 20)
    #expect(try await world.status(id) == .up)
    try await world.run(seconds: 25, .down)
    #expect(try await world.status(id) == .down)
    await world.engine.stop()
  }

  @Test("what another lease holds by now is not taken from the one before it")
  func superseded() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 12)
    let from = world.test.clock.now + 1
    // The next slot is emitted and leased; its run does not answer yet.
    await world.runMute(seconds: 10)
    let to = world.test.clock.now
    let slot = try #require(try await world.account(from: from, to: to).due.max())
    let job = JobID(monitor: id, region: slot.region, trigger: .schedule, mark: slot.at.ms)
    await world.engine.deliver(
      RunReport(
        job: job, generation: Generation(raw: 1), runKey: job.runKey, attempt: 0, isFinal: true, lateMs: 0,
        status: .down, observation: Observation(startedAt: slot.at)))
    #expect(try await world.account(from: from, to: to).results == 0)
    #expect(world.prober.answer() > 0)
    await world.engine.drained()
    #expect(try await world.account(from: from, to: to).filled.contains(slot))
    await world.engine.stop()
  }

  @Test("a run under way when the process is asked to end is waited for")
  func drained() async throws {
    let world = try await WatchWorld()
    try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 12)
    let from = world.test.clock.now + 1
    await world.runMute(seconds: 10)
    let to = world.test.clock.now + 1
    let (engine, prober) = (world.engine, world.prober)
    async let stopped: Void = engine.stop(drainMs: 60_000)
    while prober.cancelled == 0, prober.waiting > 1 { await Task.yield() }
    prober.answer()
    await stopped
    let account = try await world.account(from: from, to: to)
    #expect(account.due.count == 1)
    #expect(account.filled == account.due)
    #expect(account.missed.isEmpty)
  }

  @Test("one that does not finish in time is missed as not_running, once, also after the next start")
  func notDrained() async throws {
    let world = try await WatchWorld()
    for n in 0..<5 { try await world.monitor("m\(n)", intervalS: 10) }
    try await world.start()
    try await world.run(seconds: 12)
    let from = world.test.clock.now + 1
    await world.runMute(seconds: 10)
    let to = world.test.clock.now + 1
    await world.engine.stop(drainMs: 1)
    for _ in 0..<2 {
      let account = try await world.account(from: from, to: to)
      #expect(account.due.count == 5)
      #expect(Set(account.missed.keys) == account.due)
      #expect(account.missed.values.allSatisfy { $0 == .notRunning })
      world.test.clock.advance(ms: 1000)
      try await world.start()
      try await world.run(seconds: 30)
      await world.engine.stop()
    }
  }

  @Test("a moment at which a vote lapses is not lost when the store refuses just then")
  func wakes() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    #expect(try await world.status(id) == .up)
    try await world.refuse("monitor_state")
    await world.runMute(seconds: 60, forgets: true)
    #expect(await world.engine.statistics.storeFailing)
    #expect(try await world.status(id) == .up)
    try await world.takeAgain()
    await world.runMute(seconds: 10, forgets: true)
    #expect(try await world.status(id) == .unknown)
    await world.engine.stop()
  }

  @Test("a private region may be called local; its monitors are not this process's to check")
  func privateLocal() async throws {
    let world = try await WatchWorld()
    let here = try await world.monitor("Here", intervalS: 10)
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES (9, 'reg_9', 'local', 1, 0)")
    }
    let there = try await world.monitor("There", intervalS: 10)
    try await world.start()
    try await world.run(seconds: 90)
    #expect(try await world.status(here) == .up)
    #expect(try await world.status(there) == .pending)
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE monitor_id = \(there.raw)") == 0)
    let reasons = try await world.count(
      "SELECT count(*) FROM slot_missed WHERE monitor_id = \(there.raw) AND reason = 2")
    #expect(reasons >= 5)
    #expect(try await world.count("SELECT count(*) FROM slot_missed WHERE reason <> 2") == 0)
    await world.engine.stop()
  }

  @Test("an edit that leaves the plan alone costs no slot and doubles none")
  func harmlessEdit() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 5)
    try await world.start()
    try await world.run(seconds: 10)
    let from = world.test.clock.now + 1
    for n in 0..<20 {
      try await world.edit(id) { $0.name = "Name \(n)" }
      try await world.run(seconds: 3)
    }
    let to = world.test.clock.now
    try await world.run(seconds: 30)
    let account = try await world.account(from: from, to: to)
    #expect(account.due.count == 12)
    #expect(account.filled == account.due)
    #expect(account.results == account.due.count)
    #expect(account.missed.isEmpty)
    await world.engine.stop()
  }

  @Test("slots of a plan that is over are not run any more, and those of the new one are")
  func newPlan() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 5)
    try await world.start()
    try await world.run(seconds: 10)
    let from = world.test.clock.now + 1
    try await world.edit(id) { $0.intervalS = 60 }
    try await world.run(seconds: 130)
    try await world.edit(id) { $0.enabled = false }
    let to = world.test.clock.now
    try await world.run(seconds: 60)
    let account = try await world.account(from: from, to: to + 120_000)
    #expect(account.due.count >= 2 && account.due.count <= 3)
    #expect(account.filled == account.due)
    #expect(account.results == account.due.count)
    await world.engine.stop()
  }

  @Test("a resumed monitor is looked at once at once, however often the store refuses meanwhile")
  func resumedOnce() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 3600)
    try await world.start()
    try await world.run(seconds: 3)
    try await world.edit(id) { $0.enabled = false }
    try await world.run(seconds: 3)
    let runs = try await world.count("SELECT count(*) FROM result_log WHERE slot_ms IS NULL")
    try await world.refuse("monitor_state")
    try await world.edit(id) { $0.enabled = true }
    try await world.run(seconds: 40)
    #expect(await world.engine.statistics.storeFailing)
    try await world.takeAgain()
    try await world.run(seconds: 20)
    #expect(try await world.status(id) == .up)
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE slot_ms IS NULL") == runs + 1)
    await world.engine.stop()
  }
}
