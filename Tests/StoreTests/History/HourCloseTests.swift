import Domain
import SQLite
import Testing

@testable import Store

@Suite("Closing an hour")
struct HourCloseTests {
  private let midnight = HistoryWorld.midnight

  private func hour(_ hour: Int64, _ monitor: MonitorID) -> [RunReport] {
    (0..<60).map { i in
      HistoryWorld.report(
        monitor, slot: midnight + hour * Instant.hourMs + i * 60_000, us: Int32(50_000 + i * 1000),
        status: i == 30 ? .down : i == 31 ? .degraded : .up)
    }
  }

  @Test("keeps each result as it was, sums the hour up and empties the log")
  func once() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor))
    var question = ResultQuestion(from: midnight, to: midnight + Instant.hourMs)
    question.limit = 1000
    let before = try await world.test.store.read { [question] in try PastResults.list(question, of: monitor, in: $0) }
    try await world.close(hour: 0)
    let after = try await world.test.store.read { [question] in try PastResults.list(question, of: monitor, in: $0) }
    #expect(before.results.count == 60)
    #expect(after.results.map(\.runKey) == before.results.map(\.runKey))
    #expect(after.results.map(\.timing) == before.results.map(\.timing))
    #expect(after.results.map(\.failure) == before.results.map(\.failure))
    #expect(after.results.map(\.remoteAddress) == before.results.map(\.remoteAddress))
    #expect(try await world.logged() == 0)
    let bucket = try #require(try await world.metrics(at: midnight + Instant.hourMs + 1).dropLast().last)
    #expect(bucket.rollup.n == 60 && bucket.rollup.ok == 58 && bucket.rollup.degraded == 1)
    #expect(bucket.rollup.down == 1 && bucket.rollup.missed == 0)
    #expect(bucket.rollup.maxUs == 109_000)
    let p50 = try #require(bucket.p50Us)
    #expect(abs(p50 - 78_000) <= 800)
  }

  @Test("twice leaves what once left")
  func twice() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor))
    try await world.test.store.write { db in
      try HourCloseQueries.close(hour: HistoryWorld.midnight.hour, of: monitor, in: db)
    }
    let once = try await world.packed()
    // The log still holds the hour, as after a crash before it was emptied.
    #expect(try await world.logged() == 60)
    try await world.close(hour: 0)
    try await world.close(hour: 0)
    #expect(try await world.packed() == once)
  }

  @Test("takes a late result in, which is missed no more, and drops a second one for its slot")
  func late() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    let reports = hour(0, monitor)
    let lateJob = reports[5].job
    try await world.append(reports.filter { $0.job != lateJob })
    _ = try await world.test.store.write { try ResultLog.missed(lateJob, reason: .workerLost, in: $0) }
    try await world.close(hour: 0)
    let now = midnight + Instant.hourMs + 1
    var bucket = try #require(try await world.metrics(at: now).dropLast().last)
    #expect(bucket.rollup.n == 59 && bucket.rollup.missed == 1)
    let missed = try await world.test.store.read {
      try PastResults.missed(of: monitor, from: HistoryWorld.midnight, to: now, limit: 9, in: $0).map(\.missed)
    }
    #expect(missed == [MissedSlot(slot: Instant(ms: lateJob.mark), reason: .workerLost)])

    try await world.append([reports[5], HistoryWorld.report(monitor, slot: Instant(ms: lateJob.mark), number: 2)])
    let pending = try await world.test.store.read { try HourCloseQueries.pending(before: now.hour, in: $0) }
    #expect(pending == [midnight.hour: [monitor]])
    try await world.close(hour: 0)
    bucket = try #require(try await world.metrics(at: now).dropLast().last)
    #expect(bucket.rollup.n == 60 && bucket.rollup.missed == 0)
    let none = try await world.test.store.read {
      try PastResults.missed(of: monitor, from: HistoryWorld.midnight, to: now, limit: 9, in: $0).count
    }
    #expect(none == 0)
  }

  @Test("keeps attempts and runs that were asked for, and counts neither")
  func evidenceOnly() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append([
      HistoryWorld.report(monitor, slot: midnight, status: .down, isFinal: false),
      HistoryWorld.report(monitor, slot: midnight, attempt: 1),
      HistoryWorld.report(monitor, slot: midnight + 10_000, us: 900_000, trigger: .manual),
    ])
    try await world.close(hour: 0)
    var question = ResultQuestion(from: midnight, to: midnight + Instant.hourMs)
    question.finalOnly = false
    let all = try await world.test.store.read { [question] in
      try PastResults.list(question, of: monitor, in: $0).results
    }
    #expect(all.count == 3)
    let bucket = try #require(try await world.metrics(at: midnight + Instant.hourMs + 1).dropLast().last)
    #expect(bucket.rollup.n == 1 && bucket.rollup.ok == 1 && bucket.rollup.maxUs == 71_500)
    #expect(bucket.rollup.missed == 59)
  }

  @Test("puts a slot at the last moment of an hour into that hour, wherever its run started")
  func border() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor(intervalMs: 1)
    try await world.append([
      HistoryWorld.report(monitor, slot: midnight + Instant.hourMs - 1),
      HistoryWorld.report(monitor, slot: midnight + Instant.hourMs),
    ])
    try await world.close(hour: 0)
    #expect(try await world.logged() == 1)
    let buckets = try await world.metrics(at: midnight + Instant.hourMs + 5)
    #expect(buckets.suffix(2).map(\.rollup.n) == [1, 1])
  }

  @Test("reads the open hour from the log, minute by minute as well")
  func open() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor) + hour(1, monitor).prefix(10))
    try await world.close(hour: 0)
    let now = midnight + Instant.hourMs + 10 * 60_000 + 1
    #expect(try await world.metrics(at: now).suffix(2).map(\.rollup.n) == [60, 10])
    let minutes = try await world.metrics(.day, .minute, at: now)
    #expect(minutes.count == 1440)
    #expect(minutes.suffix(71).map(\.rollup.n) == Array(repeating: 1, count: 70) + [0])
    #expect(minutes.suffix(71).first?.p95Us == 50_000)
    #expect(try await world.metrics(.week, .day, at: now).last?.rollup.n == 70)
  }

  @Test("counts the slots of a stretch in which nothing ran as missed, before and after closing")
  func gaps() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    let start = midnight
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO engine_span (from_ms, to_ms) VALUES ($1, $2), ($3, $4)",
        [.int(start.ms), .int(start.ms + 600_000), .int(start.ms + 1_200_000), .int(start.ms + 1_800_000)])
    }
    let ran = hour(0, monitor).prefix(30).filter { !(600_000..<1_200_000).contains($0.job.mark - start.ms) }
    try await world.append(Array(ran))
    let live = try #require(try await world.metrics(at: start + 1_800_000).last)
    #expect(live.rollup.n == 20 && live.rollup.missed == 10)
    try await world.close(hour: 0)
    let closed = try #require(try await world.metrics(at: start + Instant.hourMs).dropLast().last)
    #expect(closed.rollup.n == 20 && closed.rollup.missed == 40)
  }

  @Test("pages through log and chunks without a gap or a repeat")
  func pages() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor) + hour(1, monitor) + hour(3, monitor))
    try await world.close(hour: 0)
    try await world.close(hour: 1)
    var question = ResultQuestion(from: midnight, to: midnight + Instant.dayMs)
    question.limit = 17
    var slots: [Instant] = []
    while true {
      let page = try await world.test.store.read { [question] in try PastResults.list(question, of: monitor, in: $0) }
      slots += page.results.compactMap(\.slot)
      guard let next = page.next else { break }
      question.after = ResultCursor(next.text)
      #expect(question.after == next)
    }
    #expect(slots.count == 180)
    #expect(slots == Array(Set(slots)).sorted(by: >))
    question.after = nil
    question.status = .down
    let down = try await world.test.store.read { [question] in try PastResults.list(question, of: monitor, in: $0) }
    #expect(down.results.count == 3 && down.next == nil)
    let key = hour(0, monitor)[12].runKey
    let found = try await world.test.store.read {
      try PastResults.run(
        key, of: monitor, since: HistoryWorld.midnight, now: HistoryWorld.midnight + Instant.dayMs, in: $0)
    }
    #expect(found?.slot == midnight + 12 * 60_000)
    #expect(ResultCursor("1.2.3") == nil && ResultCursor("01.2.3.4") == nil)
  }

  @Test(
    "changes nothing of a chart but the percent that its sketches may lose", arguments: [600_000, 3_600_000] as [Int64])
  func series(stepMs: Int64) async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor) + hour(1, monitor))
    func series() async throws -> [ResponseBucket] {
      try await world.test.store.read {
        try ResultQueries.series(
          monitor, from: HistoryWorld.midnight, to: HistoryWorld.midnight + 2 * Instant.hourMs, stepMs: stepMs, in: $0)
      }
    }
    let before = try await series()
    try await world.close(hour: 0)
    let after = try await series()
    #expect(before.count == 7_200_000 / Int(stepMs))
    #expect(after == before)
    #expect(after.map(\.failed).reduce(0, +) == 2)
  }

  @Test("keeps regions apart and adds them up when none is named")
  func regions() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor(regions: [RegionID(1), RegionID(2)])
    let second = hour(0, monitor).prefix(20).map {
      HistoryWorld.report(monitor, slot: Instant(ms: $0.job.mark), region: RegionID(2))
    }
    try await world.append(hour(0, monitor) + second)
    try await world.close(hour: 0)
    let now = midnight + Instant.hourMs
    #expect(try await world.metrics(at: now).dropLast().last?.rollup.n == 80)
    #expect(try await world.metrics(region: RegionID(2), at: now).dropLast().last?.rollup.n == 20)
    #expect(try await world.metrics(region: RegionID(2), at: now).dropLast().last?.rollup.missed == 40)
  }

  @Test("old results go first, then hours, then days")
  func retention() async throws {
    let world = try await HistoryWorld()
    let monitor = try await world.monitor()
    try await world.append(hour(0, monitor))
    try await world.close(hour: 0)
    func left(after days: Int64) async throws -> [Int64] {
      try await world.test.store.write { db in
        try HourCloseQueries.close(day: HistoryWorld.midnight.day, of: monitor, in: db)
        try RetentionQueries.prune(
          monitor, Retention(), now: HistoryWorld.midnight + days * Instant.dayMs, in: db)
        return try ["result_chunk", "rollup_hour", "rollup_day"].map { table in
          try db.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? -1
        }
      }
    }
    #expect(try await left(after: 90) == [1, 1, 1])
    #expect(try await left(after: 91) == [0, 1, 1])
    #expect(try await left(after: 401) == [0, 0, 1])
    #expect(try await left(after: 1831) == [0, 0, 0])
  }
}
