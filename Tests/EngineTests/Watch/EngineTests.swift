import Domain
import SQLite
import Store
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite("The engine")
struct EngineTests {
  @Test("a new monitor is checked at once, then at its slots, each with one result")
  func life() async throws {
    let world = try await WatchWorld()
    try await world.start()
    let id = try await world.monitor(intervalS: 10)
    try await world.heard()
    try await world.run(seconds: 60)
    #expect(try await world.status(id) == .up)
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE slot_ms IS NULL") == 1)
    let slots = try await world.count("SELECT count(DISTINCT slot_ms) FROM result_log WHERE slot_ms IS NOT NULL")
    #expect(slots == 6)
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE slot_ms IS NOT NULL") == slots)
    await world.engine.stop()
  }

  @Test("each stored result is told once to those who watch live, and none that could not be stored")
  func samples() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 30)
    try await world.run(seconds: 10, .down)
    let told = world.samples.withLock { $0 }
    #expect(Int64(told.count) == (try await world.count("SELECT count(*) FROM result_log")))
    #expect(told.allSatisfy { $0.monitor == id && $0.scope == world.scope && !$0.region.isEmpty })
    #expect(told.first?.totalUs == 20_000)
    #expect(told.last?.status == .down)
    #expect(told.last?.totalUs == nil)
    _ = try await world.test.store.write { db in
      try db.run("CREATE TRIGGER full BEFORE INSERT ON result_log BEGIN SELECT RAISE(ABORT, 'full'); END")
    }
    try await world.run(seconds: 20)
    #expect(world.samples.withLock { $0.count } == told.count)
    await world.engine.stop()
  }

  @Test("a failure is unconfirmed, then down; success brings it up, with one change each")
  func transitions() async throws {
    let heard = Heard()
    let world = try await WatchWorld(onChange: { change, _ in heard.add("\(change.from)>\(change.to)") })
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    try await world.run(seconds: 10, .down)
    #expect(try await world.status(id) == .unconfirmed)
    try await world.run(seconds: 10, .down)
    #expect(try await world.status(id) == .down)
    try await world.run(seconds: 40)
    #expect(try await world.status(id) == .up)
    #expect(heard.all.filter { $0 == "unconfirmed>down" }.count == 1)
    #expect(heard.all.first == "pending>up")
    #expect(heard.all.last?.hasSuffix(">up") == true)
    await world.engine.stop()
  }

  @Test("a restart keeps the state of monitors that look once in six hours, and says nothing twice")
  func slowMonitorsAcrossARestart() async throws {
    let world = try await WatchWorld()
    let slow = try await world.monitor("Slow", intervalS: 21_600)
    try await world.start()
    try await world.run(seconds: 5)
    #expect(try await world.status(slow) == .up)
    await world.engine.stop()
    // The log's tail is all of other monitors by then: nothing of this one is in it.
    _ = try await world.test.store.write { db in try db.run("DELETE FROM result_log") }
    world.test.clock.advance(ms: 30_000)
    try await world.start()
    try await world.run(seconds: 5)
    #expect(try await world.status(slow) == .up)
    await world.engine.stop()
  }

  @Test("slots under way at a crash are missed as not_running, once, and the streak goes on")
  func underWayAtACrash() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 20)
    // The next slots become due and are handed out, but nobody answers.
    for _ in 0..<15 {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
    }
    await world.crash()
    world.test.clock.advance(ms: 2000)
    try await world.start()
    let missed = try await world.count("SELECT count(*) FROM slot_missed WHERE reason = 3")
    #expect(missed >= 1)
    try await world.run(seconds: 20)
    #expect(try await world.count("SELECT count(*) FROM slot_missed WHERE reason = 3") == missed)
    #expect(try await world.status(id) == .up)
    await world.engine.stop()
  }

  @Test("a day of fifty monitors: every slot has a result or a reason", .timeLimit(.minutes(2)))
  func everySlotIsAccountedFor() async throws {
    let world = try await WatchWorld()
    for n in 0..<50 { try await world.monitor("m\(n)", intervalS: [60, 300, 900][n % 3]) }
    try await world.start()
    let start = world.test.clock.now
    var seed: UInt64 = 42
    for minute in 0..<240 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let fails = seed >> 60 == 0
      try await world.run(seconds: 20, fails ? .down : .up)
      // Now and then the prober is mute for a while, and its slots close without a result.
      if minute % 40 == 39 {
        for _ in 0..<90 {
          world.test.clock.advance(ms: 1000)
          await world.engine.turn()
          _ = world.prober.due()
        }
      }
    }
    try await world.run(seconds: 120)
    let end = world.test.clock.now - 100_000
    let open = try await world.test.store.read { db -> [Slot] in
      let plan = try PlanQueries.open(in: db)
      let accounted = try ResultLog.accounted(from: start, rows: 10_000_000, in: db)
      return Schedule.slots(of: plan, from: start + 1000, to: end).filter { !accounted.contains($0) }
    }
    #expect(open.isEmpty, "\(open.count) slots have neither result nor reason, the first \(open.prefix(3))")
    let twice = try await world.count(
      """
      SELECT count(*) FROM (SELECT 1 FROM result_log WHERE final = 1 AND slot_ms IS NOT NULL
        GROUP BY monitor_id, region_id, slot_ms HAVING count(*) > 1)
      """)
    #expect(twice == 0)
    await world.engine.stop()
  }

  @Test("what one monitor's change trips over is told and costs nobody else a result")
  func oneBadChange() async throws {
    struct Broken: Error {}
    let world = try await WatchWorld(onChange: { change, _ in if change.name == "Bad" { throw Broken() } })
    let bad = try await world.monitor("Bad", intervalS: 10)
    let good = try await world.monitor("Good", intervalS: 10)
    try await world.start()
    try await world.run(seconds: 15)
    #expect(try await world.status(good) == .up)
    #expect(try await world.status(bad) == .up)
    #expect(world.reported.withLock { $0.contains { $0.hasPrefix("change_not_followed") } })
    await world.engine.stop()
  }

  @Test("while the store refuses nothing is lost, and what waited is stored when it takes again")
  func refusal() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 5)
    for n in 1..<40 { try await world.monitor("m\(n)", intervalS: 5) }
    try await world.start()
    try await world.run(seconds: 10)
    let before = try await world.count("SELECT count(*) FROM result_log")
    _ = try await world.test.store.write { db in
      try db.run("CREATE TABLE filler (body TEXT)")
      let pages = try db.first("PRAGMA page_count") { $0.int(0) } ?? 0
      return try db.run("PRAGMA max_page_count = \(pages + 20)")
    }
    try await fill(world)
    try await world.run(seconds: 30, .down)
    #expect(await world.engine.statistics.storeFailing)
    #expect(await world.engine.statistics.buffered > 0)
    _ = try await world.test.store.write { db in try db.run("PRAGMA max_page_count = 1000000000") }
    try await world.run(seconds: 20, .down)
    #expect(await !world.engine.statistics.storeFailing)
    #expect(await world.engine.statistics.buffered == 0)
    #expect(try await world.count("SELECT count(*) FROM result_log") >= before + 40 * 9)
    #expect(try await world.status(id) == .down)
    await world.engine.stop()
  }

  private func fill(_ world: WatchWorld) async throws {
    // Great pieces first, then ones as small as a result.
    for bytes in [3000, 100] {
      do {
        for _ in 0..<2000 {
          _ = try await world.test.store.write { db in
            try db.run("INSERT INTO filler VALUES ($1)", [.text(String(repeating: "x", count: bytes))])
          }
        }
        Issue.record("the database never filled up")
      } catch let error as SQLiteError { #expect(error.kind == .full) }
    }
  }

  @Test("runs that wait too long are given up as overloaded and not begun any more")
  func overload() async throws {
    let world = try await WatchWorld()
    let id = try await world.monitor(intervalS: 10)
    try await world.start()
    try await world.run(seconds: 15)
    for _ in 0..<120 {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
    }
    #expect(try await world.count("SELECT count(*) FROM slot_missed WHERE reason = 4") >= 5)
    #expect(world.prober.cancelled >= 5)
    try await world.run(seconds: 30)
    #expect(try await world.status(id) == .up)
    await world.engine.stop()
  }

  @Test("how late runs start and the oldest open slot are told")
  func statistics() async throws {
    let world = try await WatchWorld()
    try await world.monitor(intervalS: 5)
    try await world.start()
    for _ in 0..<30 {
      world.test.clock.advance(ms: 1000)
      await world.engine.turn()
      if world.prober.answer(.up, lateMs: 7) > 0 { await world.engine.drained() }
    }
    let seen = await world.engine.currentStatistics()
    #expect(seen.latenessP50Ms == 7)
    #expect(seen.latenessP99Ms == 7)
    #expect(try #require(seen.oldestOpenSlot) > world.test.clock.now - 10_000)
    await world.engine.stop()
  }
}

final class Heard: Sendable {
  private let words = Mutex<[String]>([])
  func add(_ word: String) { words.withLock { $0.append(word) } }
  var all: [String] { words.withLock { $0 } }
}
