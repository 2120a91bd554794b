import Domain
import SQLite
import Store
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite("What to close when")
struct ClosePlanTests {
  @Test("an hour is ready once its grace is over")
  func hour() {
    let closed = Closed(hour: 99, day: 3)
    let end = 101 * Instant.hourMs
    #expect(ClosePlan(closed: closed, late: [], now: Instant(ms: end + 299_999), graceMs: 300_000).hour == nil)
    #expect(ClosePlan(closed: closed, late: [], now: Instant(ms: end + 300_000), graceMs: 300_000).hour == 100)
    #expect(
      ClosePlan(closed: Closed(hour: 100, day: 3), late: [], now: Instant(ms: end + 300_000), graceMs: 300_000).hour
        == nil)
  }

  @Test("a day is complete with its hour 23, and one in which something came late is summed up again")
  func days() {
    func days(_ closed: Closed, _ late: [Int64], nowHour: Int64) -> [Int64] {
      ClosePlan(closed: closed, late: late, now: Instant(ms: nowHour * Instant.hourMs), graceMs: 0).days
    }
    #expect(days(Closed(hour: 94, day: 2), [], nowHour: 95) == [])
    #expect(days(Closed(hour: 94, day: 2), [95], nowHour: 96) == [3])
    #expect(days(Closed(hour: 94, day: 2), [95], nowHour: 170) == [3, 4, 5, 6])
    #expect(days(Closed(hour: 94, day: 2), [30, 25, 50, 95], nowHour: 97) == [1, 2, 3])
  }
}

@Suite("The hour closer")
struct HourCloserTests {
  private let midnight = Instant(ms: 20_700 * Instant.dayMs)

  private func world() async throws -> TestStore {
    let test = try TestStore(clock: TestWorld(now: midnight))
    let from = midnight.ms
    try await test.store.write { db in
      try db.run(
        """
        INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms)
        VALUES (1, 'org_x', 'Example', 'example', 0, 0)
        """)
      for id: Int64 in 1...3 {
        try db.run(
          """
          INSERT INTO monitor (id, public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
            status_since_ms, created_ms, updated_ms)
          VALUES ($1, $2, 1, 'http', 'One', 'http://example.test/', 1, 60, '{}', 1, 0, 0, 0)
          """, [.int(id), .text("mon_\(id)")])
        try db.run(
          """
          INSERT INTO monitor_plan (monitor_id, region_id, from_ms, to_ms, interval_ms, phase_ms)
          VALUES ($1, 1, $2, NULL, 600000, 0)
          """, [.int(id), .int(from)])
      }
    }
    return test
  }

  private func append(_ slots: some Sequence<Instant>, to test: TestStore, monitors: [Int64] = [1, 2, 3]) async throws {
    let slots = Array(slots)
    try await test.store.write { db in
      for slot in slots {
        for id in monitors {
          let job = JobID(monitor: MonitorID(id), region: RegionID(1), trigger: .schedule, mark: slot.ms)
          var seen = Observation(startedAt: slot)
          seen.timing.totalUs = 20_000
          try ResultLog.append(
            RunReport(
              job: job, generation: nil, runKey: RunKey(job: job), attempt: 0, isFinal: true,
              lateMs: 0, status: .up, observation: seen), in: db)
        }
      }
    }
  }

  private func slots(_ from: Int64, _ to: Int64) -> [Instant] {
    stride(from: from * Instant.hourMs, to: to * Instant.hourMs, by: 600_000).map { midnight + $0 }
  }

  private func count(_ table: String, in test: TestStore) async throws -> Int64 {
    try await test.store.read { db in try db.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? -1 }
  }

  private func closer(_ test: TestStore, batch: Int = 2) -> HourCloser {
    HourCloser(store: test.store, batch: batch, pause: {}, failed: { Issue.record($0) })
  }

  @Test("packs what is over, leaves the open hour in the log, and sums up a day after its last hour")
  func rounds() async throws {
    let test = try await world()
    let closer = closer(test)
    try await append(slots(0, 23), to: test)
    test.clock.set(midnight + 22 * Instant.hourMs + 30 * 60_000)
    #expect(try await closer.round())
    #expect(try await closer.round() == false)
    #expect(try await count("result_chunk", in: test) == 66)
    #expect(try await count("result_log", in: test) == 18)
    #expect(try await count("rollup_day", in: test) == 0)
    try await append(slots(23, 25), to: test)
    test.clock.set(midnight + 24 * Instant.hourMs + 6 * 60_000)
    #expect(try await closer.round())
    #expect(try await count("result_log", in: test) == 18)
    #expect(try await count("rollup_hour", in: test) == 72)
    let days = try await test.store.read { db in
      try db.rows("SELECT n, ok, missed FROM rollup_day ORDER BY monitor_id") { [$0.int(0), $0.int(1), $0.int(2)] }
    }
    #expect(days == Array(repeating: [144, 144, 0], count: 3))
  }

  @Test("messages that are old enough go once a day, more of them than one transaction takes")
  func messages() async throws {
    let test = try await world()
    try await append(slots(0, 1), to: test)
    test.clock.set(midnight + 2 * Instant.hourMs)
    let (sent, dead) = (test.clock.now.ms - 91 * Instant.dayMs, test.clock.now.ms - 366 * Instant.dayMs)
    _ = try await test.store.write { db in
      try db.run(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5003)
        INSERT INTO notification (public_id, organization_id, kind, dedup_key, payload, state, next_ms, created_ms, done_ms)
        SELECT i, 1, 'x', i, '{}', CASE WHEN i < 3 THEN 'dead' ELSE 'sent' END, 0, 0, CASE WHEN i = 1 THEN $2 ELSE $1 END
        FROM n
        """, [.int(sent), .int(dead)])
    }
    #expect(try await closer(test).round())
    let left = try await test.store.read { db in try db.rows("SELECT public_id FROM notification") { $0.text(0) } }
    #expect(left == ["2"])
  }

  @Test("a result that comes a day late changes its hour and its day at the next round")
  func late() async throws {
    let test = try await world()
    let closer = closer(test)
    try await append(slots(0, 24).filter { $0 != midnight + 600_000 }, to: test)
    test.clock.set(midnight + 25 * Instant.hourMs)
    try await closer.round()
    func numbers() async throws -> [Int64] {
      try await test.store.read { db in
        try db.rows(
          """
          SELECT n, missed FROM rollup_day WHERE monitor_id = 2
          UNION ALL SELECT n, missed FROM rollup_hour WHERE monitor_id = 2 AND hour = $1
          """, [.int(20_700 * 24)]
        ) { [$0.int(0), $0.int(1)] }.flatMap(\.self)
      }
    }
    #expect(try await numbers() == [143, 1, 5, 1])
    try await append([midnight + 600_000], to: test, monitors: [2])
    test.clock.advance(ms: Instant.hourMs)
    try await closer.round()
    #expect(try await numbers() == [144, 0, 6, 0])
    #expect(try await count("result_log", in: test) == 0)
  }

  @Test("a round that was cut off is done over with the same outcome")
  func interrupted() async throws {
    let test = try await world()
    try await append(slots(0, 24), to: test)
    test.clock.set(midnight + 25 * Instant.hourMs)
    let rounds = Mutex(0)
    // The task is cancelled in the pause after each of the first batches in turn.
    for stop in [1, 2, 5, 30, 60] {
      rounds.withLock { $0 = 0 }
      let cut = HourCloser(
        store: test.store, batch: 1,
        pause: {
          if rounds.withLock({
            $0 += 1
            return $0
          }) == stop {
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }, failed: { Issue.record($0) })
      let task = Task { try await cut.round() }
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    try await closer(test).round()
    #expect(try await count("result_log", in: test) == 0)
    #expect(try await count("result_chunk", in: test) == 72)
    let days = try await test.store.read { db in
      try db.rows("SELECT n, missed FROM rollup_day ORDER BY monitor_id") { [$0.int(0), $0.int(1)] }
    }
    #expect(days == Array(repeating: [144, 0], count: 3))
  }
}
