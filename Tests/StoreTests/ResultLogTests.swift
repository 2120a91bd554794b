import Domain
import JSON
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

@Suite("The log of results")
struct ResultLogTests {
  private let midnight = HistoryWorld.midnight
  private let one = MonitorID(1)

  @Test("a slot that has its result is not missed, and one that is missed is missed once and for its first reason")
  func missedOnce() async throws {
    let world = try await HistoryWorld()
    try await world.monitor()
    let filled = HistoryWorld.report(one, slot: midnight + 60_000)
    let empty = JobID(monitor: one, region: RegionID(1), trigger: .schedule, mark: (midnight + 120_000).ms)
    try await world.append([filled])
    let noted = try await world.test.store.write { db in
      [
        try ResultLog.missed(filled.job, reason: .overloaded, in: db),
        try ResultLog.missed(empty, reason: .overloaded, in: db),
        try ResultLog.missed(empty, reason: .notRunning, in: db),
      ]
    }
    #expect(noted == [false, true, false])
    let missed = try await world.test.store.read { [one, midnight] db in
      try PastResults.missed(of: one, from: midnight, to: midnight + Instant.hourMs, limit: 9, in: db)
    }
    #expect(missed.map(\.missed) == [MissedSlot(slot: midnight + 120_000, reason: .overloaded)])
  }

  @Test("what was put down to a silent worker is what it says once it is back", arguments: MissedReason.allCases)
  func betterReason(_ first: MissedReason) async throws {
    let world = try await HistoryWorld()
    try await world.monitor()
    let slot = midnight + 120_000
    let job = JobID(monitor: one, region: RegionID(1), trigger: .schedule, mark: slot.ms)
    let noted = try await world.test.store.write { db in
      try [first, .spoolFull, .workerOffline].map { try ResultLog.missed(job, reason: $0, in: db) }
    }
    #expect(noted == [true, false, false])
    let missed = try await world.test.store.read { [one, midnight] db in
      try PastResults.missed(of: one, from: midnight, to: midnight + Instant.hourMs, limit: 9, in: db)
    }
    let isGuess = first == .workerLost || first == .workerOffline
    #expect(missed.map(\.missed) == [MissedSlot(slot: slot, reason: isGuess ? .spoolFull : first)])
  }

  @Test("whether a slot has its result is asked of an index, not of the whole log")
  func holdsPlan() async throws {
    let world = try await HistoryWorld()
    let steps = try await world.test.store.read { db in
      try db.rows(
        """
        EXPLAIN QUERY PLAN SELECT 1 FROM result_log WHERE monitor_id = 1 AND started_ms >= 2 AND started_ms < 3
          AND region_id = 4 AND slot_ms = 5 AND final = 1
        """
      ) { $0.text(3) }
        + db.rows("EXPLAIN QUERY PLAN SELECT id FROM result_note WHERE used_day < 9 LIMIT 5") { $0.text(3) }
    }
    #expect(steps.count == 2)
    for step in steps { #expect(step.hasPrefix("SEARCH") && step.contains("INDEX"), "\(step)") }
  }

  @Test("words go when the last result that used them is too old, and not before")
  func notes() async throws {
    let world = try await HistoryWorld()
    try await world.monitor()
    var odd = HistoryWorld.report(one, slot: midnight)
    odd.observation.remoteAddress = "198.51.100.9"
    let later = midnight + 30 * Instant.dayMs
    // The usual words come again a month later, the odd ones do not.
    try await world.append([
      odd, HistoryWorld.report(one, slot: midnight + 60_000), HistoryWorld.report(one, slot: later),
    ])
    func prune(before day: Int64) async throws -> Int {
      try await world.test.store.write { try ResultLog.pruneNotes(before: day, limit: 100, in: $0) }
    }
    func address(from: Instant) async throws -> String? {
      try await world.test.store.read { [one] db in
        try PastResults.list(ResultQuestion(from: from, to: from + 1000), of: one, in: db).results.first?.remoteAddress
      }
    }
    #expect(try await prune(before: midnight.day) == 0)
    #expect(try await address(from: midnight) == "198.51.100.9")
    #expect(try await prune(before: midnight.day + 1) == 1)
    #expect(try await address(from: midnight) == nil)
    #expect(try await address(from: later) == "192.0.2.1")
    #expect(try await prune(before: later.day) == 0)
    #expect(try await prune(before: later.day + 1) == 1)
  }

  private func kept(_ evidence: Evidence) async throws -> (bytes: Int, body: JSON) {
    let world = try await HistoryWorld()
    try await world.monitor()
    var report = HistoryWorld.report(one, slot: midnight, status: .down)
    report.observation.evidence = evidence
    try await world.test.store.write { [report] db in
      try EvidenceLog.keep(report, isFirst: true, organization: OrganizationID(1), in: db)
    }
    return try await world.test.store.read { db in
      let text = try #require(try db.first("SELECT body FROM evidence") { $0.text(0) })
      return (text.utf8.count, try JSON(parsing: text))
    }
  }

  @Test("evidence takes at most its limit, whatever a worker sends, and says still why the run failed")
  func evidenceLimit() async throws {
    var evidence = Evidence()
    evidence.bodyExcerpt = String(repeating: "\"é\u{1}\n", count: 20_000)
    evidence.responseHead = String(repeating: "X-Many: \"words\"\r\n", count: 5000)
    evidence.certificateChain = (0..<500).map { "CN=\($0), \(String(repeating: "x", count: 200))" }
    evidence.hops = (0..<500).map {
      Evidence.Hop(url: "https://example.test/\($0)", address: "192.0.2.1", status: 302, timing: Timing())
    }
    let (bytes, body) = try await kept(evidence)
    #expect(bytes <= Limits.evidenceBytesMax)
    #expect(bytes > Limits.evidenceBytesMax - 1000)
    #expect(body["message"]?.string == "500 is not 200-299")
    #expect(body["hops"]?.array?.first?["url"]?.string == "https://example.test/0")
  }

  @Test("evidence within its limit is kept whole")
  func evidenceWhole() async throws {
    var evidence = Evidence()
    evidence.bodyExcerpt = String(repeating: "é", count: 3000)
    evidence.responseHead = "HTTP/1.1 500 Oh\r\n"
    let (_, body) = try await kept(evidence)
    #expect(body["excerpt"]?.string == evidence.bodyExcerpt)
    #expect(body["head"]?.string == evidence.responseHead)
  }
}
