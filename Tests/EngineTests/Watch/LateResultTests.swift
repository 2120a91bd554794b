import Domain
import SQLite
import TestSupport
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

/// Results that come after their slots closed, and the unknown time that they tell about.
@Suite("Late results")
struct LateResultTests {
  private struct Gap {
    var world: WatchWorld
    var id: MonitorID
    /// The slots of the time in which nothing ran.
    var slots: [Slot]
    var from: Instant
    var to: Instant
  }

  /// A minute in which it runs, ten in which nothing does, which are the answer, and a new start.
  private func standStill(_ world: WatchWorld) async throws -> (from: Instant, to: Instant) {
    try await world.run(seconds: 60)
    await world.crash()
    let from = world.test.clock.now
    world.test.clock.advance(ms: 10 * Instant.minuteMs)
    let to = world.test.clock.now
    try await world.start()
    return (from, to)
  }

  /// A monitor of ten seconds that was up, ten minutes in which nothing ran, and a minute of up again.
  private func gap(_ heard: Heard = Heard()) async throws -> Gap {
    let world = try await WatchWorld(onChange: { change, _ in heard.add("\(change.from)>\(change.to)") })
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    let (from, to) = try await standStill(world)
    try await world.run(seconds: 60)
    let slots = try await world.account(from: from, to: to).due.sorted()
    return Gap(world: world, id: id, slots: slots, from: from, to: to)
  }

  /// The last attempt of a run, of two where it failed: all that is taken of a slot behind a newer one.
  private func report(_ slot: Slot, _ status: CheckStatus) -> RunReport {
    let attempt = status == .down ? 1 : 0
    let job = JobID(monitor: slot.monitor, region: slot.region, trigger: .schedule, mark: slot.at.ms)
    var seen = Observation(startedAt: slot.at + 5 + Int64(attempt) * 600)
    seen.timing.totalUs = 1000
    if status == .down { seen.failure = Failure(.connectRefused, .connect, "connection refused") }
    return RunReport(
      job: job, generation: nil, worker: WorkerID(7), runKey: job.runKey, attempt: attempt, isFinal: true, lateMs: 5,
      status: status, observation: seen)
  }

  private func states(_ gap: Gap) async throws -> [StateSpan] {
    try await gap.world.test.store.read { db in
      try ResultQueries.states(gap.id, from: gap.from - 60_000, to: gap.world.test.clock.now, in: db)
    }
  }

  @Test("unknown time becomes what it was, down time too, and nobody is told of it")
  func recomputed() async throws {
    let heard = Heard()
    let gap = try await gap(heard)
    let world = gap.world
    let before = try await states(gap)
    #expect(before.map(\.state).suffix(3) == [.up, .unknown, .up])
    let told = heard.all
    let bad = gap.slots[20..<32]
    for slot in gap.slots { await world.engine.deliver(report(slot, bad.contains(slot) ? .down : .up)) }
    try await world.run(seconds: 10)
    #expect(try await states(gap) == before)
    try await world.run(seconds: 20)
    let after = try await states(gap)
    #expect(after.map(\.state).suffix(5) == [.up, .up, .down, .up, .up])
    let down = try #require(after.first { $0.state == .down })
    #expect(down.isLearned && down.since == bad.first?.at)
    #expect(down.until == gap.slots[32].at + 5)
    #expect(after.filter { !$0.isLearned }.map(\.state) == before.filter { $0.state != .unknown }.map(\.state))
    #expect(zip(after, after.dropFirst()).allSatisfy { $0.until == $1.since })
    #expect(heard.all == told)
    #expect(try await world.count("SELECT count(*) FROM state_replay") == 0)
    #expect(await world.engine.statistics.replays == 1)
    let share = try await world.test.store.read { try ResultQueries.uptime(gap.id, from: gap.from, to: gap.to, in: $0) }
    #expect(share.unknownMs == 0 && share.downMs == down.until! - down.since && share.learnedMs >= 590_000)
    #expect(try await world.status(gap.id) == .up)
    await world.engine.stop()
  }

  @Test("what nobody looked at stays unknown")
  func unseen() async throws {
    let gap = try await gap()
    for slot in gap.slots[10..<20] { await gap.world.engine.deliver(report(slot, .up)) }
    try await gap.world.run(seconds: 30)
    let after = try await states(gap)
    #expect(after.map(\.state).suffix(5) == [.up, .unknown, .up, .unknown, .up])
    let learned = try #require(after.first { $0.isLearned })
    #expect(learned.since == gap.slots[10].at + 5)
    // The vote of the last one lasts an interval, a slot's attempts and the lease's grace.
    #expect(learned.until! - gap.slots[19].at < 30_000)
    await gap.world.engine.stop()
  }

  @Test("a replay that was asked for is done after a restart")
  func restart() async throws {
    let gap = try await gap()
    for slot in gap.slots { await gap.world.engine.deliver(report(slot, .up)) }
    #expect(try await gap.world.count("SELECT count(*) FROM state_replay") == 1)
    await gap.world.crash()
    try await gap.world.start()
    try await gap.world.run(seconds: 30)
    #expect(try await gap.world.count("SELECT count(*) FROM state_replay") == 0)
    #expect(try await states(gap).contains { $0.isLearned })
    await gap.world.engine.stop()
  }

  @Test("a spool that comes in pieces costs one replay, a result of known time none")
  func debounced() async throws {
    let gap = try await gap()
    for some in stride(from: 0, to: gap.slots.count, by: 6) {
      for slot in gap.slots[some..<min(some + 6, gap.slots.count)] {
        await gap.world.engine.deliver(report(slot, .up))
      }
      try await gap.world.run(seconds: 5)
    }
    #expect(await gap.world.engine.statistics.replays == 0)
    try await gap.world.run(seconds: 30)
    #expect(await gap.world.engine.statistics.replays == 1)
    // The same ones again, which change nothing.
    for slot in gap.slots { await gap.world.engine.deliver(report(slot, .down)) }
    try await gap.world.run(seconds: 30)
    #expect(!(try await states(gap)).contains { $0.state == .down })
    await gap.world.engine.stop()
  }

  @Test("what is unknown still is replayed as often as there is more to learn, and no more")
  func stillUnknown() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    let (from, to) = try await standStill(world)
    await world.runMute(seconds: 90)
    let slots = try await world.account(from: from, to: to).due.sorted()
    for slot in slots { await world.engine.deliver(report(slot, .up)) }
    await world.runMute(seconds: 30 * 60)
    #expect(try await world.count("SELECT count(*) FROM state_replay") == 0)
    #expect((1...2).contains(await world.engine.statistics.replays))
    let last = try await world.test.store.read { db in
      try ResultQueries.states(id, from: from, to: world.test.clock.now, in: db)
    }.last
    #expect(last?.state == .unknown)
    await world.engine.stop()
  }

  @Test("one that cannot be read keeps no other waiting, and is tried again")
  func unreadable() async throws {
    let world = try await WatchWorld()
    let ids = [try await world.monitor("a", intervalS: 10), try await world.monitor("b", intervalS: 10)]
    try await world.start()
    let (from, to) = try await standStill(world)
    try await world.run(seconds: 60)
    let slots = try await world.account(from: from, to: to).due.sorted()
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO result_chunk (monitor_id, region_id, hour, format, n, body) VALUES ($1, $2, $3, 999, 1, $4)",
        [.int(ids[0].raw), .int(slots[0].region.raw), .int(from.hour), .blob([1])])
    }
    for slot in slots { await world.engine.deliver(report(slot, .up)) }
    try await world.run(seconds: 30)
    func learned(_ id: MonitorID) async throws -> Int {
      try await world.count(
        "SELECT count(*) FROM monitor_state WHERE learned_ms IS NOT NULL AND monitor_id = \(id.raw)")
    }
    #expect(try await learned(ids[0]) == 0)
    #expect(try await learned(ids[1]) == 1)
    #expect(world.reported.withLock { $0 }.contains { $0.hasPrefix("replay_failed") })
    _ = try await world.test.store.write { try $0.run("DELETE FROM result_chunk WHERE format = 999") }
    try await world.run(seconds: 11 * 60)
    #expect(try await learned(ids[0]) == 1)
    await world.engine.stop()
  }

  @Test("who comes first is not learned down when those that come later show that it was the region")
  func laterDoubt() async throws {
    let world = try await WatchWorld()
    for n in 0..<6 { try await world.monitor("m\(n)", url: "http://t\(n).test/", intervalS: 10) }
    try await world.start()
    let (from, to) = try await standStill(world)
    try await world.run(seconds: 60)
    let slots = try await world.account(from: from, to: to).due.sorted()
    let first = slots[0].monitor
    func deliver(_ some: [Slot]) async {
      for slot in some {
        let isDown = slot.at > from + 3 * Instant.minuteMs && slot.at < from + 6 * Instant.minuteMs
        await world.engine.deliver(report(slot, isDown ? .down : .up))
      }
    }
    let downs = "SELECT count(*) FROM monitor_state WHERE state = \(MonitorStatus.down.code)"
    await deliver(slots.filter { $0.monitor == first })
    try await world.run(seconds: 40)
    #expect(try await world.count(downs) == 1)
    await deliver(slots.filter { $0.monitor != first })
    try await world.run(seconds: 60)
    #expect(try await world.count(downs) == 0)
    #expect(try await world.count("SELECT count(*) FROM state_replay") == 0)
    await world.engine.stop()
  }

  @Test("many that have nothing to replay take their turns")
  func bounded() async throws {
    let world = try await WatchWorld()
    try await world.start()
    let many = 3 * Limits.replayHoursPerTurn
    // Ahead of the engine's own turns, which would take some meanwhile.
    let now = world.test.clock.now + Instant.hourMs
    for n in 0..<many { try await world.monitor("m\(n)", intervalS: 3600) }
    try await world.heard()
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO state_replay SELECT id, $1, $1, $2, $2, $2 FROM monitor",
        [.int(now.ms - Instant.dayMs), .int(now.ms)])
    }
    await world.engine.wantReplay(at: now)
    var left: [Int] = []
    for _ in 0..<3 {
      await world.engine.replayLate(now: now)
      left.append(try await world.count("SELECT count(*) FROM state_replay"))
    }
    #expect(left == [2, 1, 0].map { $0 * Limits.replayHoursPerTurn })
    // What is asked for while one turn reads is not forgotten by it.
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO state_replay SELECT id, $1, $1, $2, $2, $2 FROM monitor WHERE id <= 4",
        [.int(now.ms - Instant.dayMs), .int(now.ms)])
    }
    let next = now + 5000
    await world.engine.wantReplay(at: now)
    #expect(await world.engine.replayLate(now: now, askedMeanwhileFor: next) == next)
    await world.engine.stop()
  }

  @Test("targets that failed together for the one who looked were not down")
  func together() async throws {
    let world = try await WatchWorld()
    var ids: [MonitorID] = []
    for n in 0..<6 { ids.append(try await world.monitor("m\(n)", url: "http://t\(n).test/", intervalS: 10)) }
    try await world.start()
    let (from, to) = try await standStill(world)
    try await world.run(seconds: 60)
    let slots = try await world.account(from: from, to: to).due.sorted()
    for slot in slots {
      let isDown = slot.at > from + 3 * Instant.minuteMs && slot.at < from + 6 * Instant.minuteMs
      await world.engine.deliver(report(slot, isDown ? .down : .up))
    }
    try await world.run(seconds: 40)
    #expect(try await world.count("SELECT count(*) FROM state_replay") == 0)
    #expect(try await world.count("SELECT count(*) FROM monitor_state WHERE learned_ms IS NOT NULL") >= 12)
    #expect(try await world.count("SELECT count(*) FROM monitor_state WHERE state = \(MonitorStatus.down.code)") == 0)
    await world.engine.stop()
  }
}

extension Engine {
  fileprivate func wantReplay(at due: Instant) { replayAt = due }

  /// Replays, and while it does a flush asks for another one.
  fileprivate func replayLate(now: Instant, askedMeanwhileFor due: Instant) async -> Instant? {
    let replaying = Task { await replayLate(now: now) }
    for _ in 0..<10_000 where !isReplaying { await Task.yield() }
    stored([:], replayAt: due)
    await replaying.value
    return replayAt
  }
}
