import Domain
import SQLite
import Testing

@testable import Store

@Suite("Looks of the past")
struct PastLooksTests {
  private let start = HistoryWorld.midnight

  private func report(
    _ monitor: MonitorID, at slot: Instant, _ status: CheckStatus, _ reason: FailureReason = .timeout, lagUs: Int32 = 0
  ) -> RunReport {
    var made = HistoryWorld.report(monitor, slot: slot, status: status)
    if status == .down { made.observation.failure = Failure(reason, .connect, "no answer") }
    made.observation.loopLagUs = lagUs
    return made
  }

  @Test(
    "a failure that the looker's own lateness may have made tells nothing; what the target sent does, packed or not")
  func overloaded() async throws {
    let world = try await HistoryWorld()
    let id = try await world.monitor()
    let late = Int32(Limits.loopLagOverloadedUs + 1)
    try await world.append([
      report(id, at: start, .down, lagUs: late), report(id, at: start + 60_000, .down, lagUs: late - 1),
      report(id, at: start + 120_000, .down, .statusCode, lagUs: late),
      report(id, at: start + 180_000, .up, lagUs: late),
    ])
    for _ in 0..<2 {
      let looks = try await world.test.store.read { try PastLooks.hour(start.hour, of: id, standIns: [], in: $0) }
      #expect(looks.compactMap(\.slot).sorted() == (1...3).map { start + $0 * 60_000 })
      try await world.close(hour: 0)
    }
  }

  /// Eight targets that are looked at every minute of the first two hours; six of them fail from `minute` on.
  private func fleet(failingFrom minute: Int64, knownDown: Bool) async throws -> [Range<Instant>] {
    let world = try await HistoryWorld()
    for n in Int64(1)...8 {
      let id = try await world.monitor(n)
      try await world.append(
        (Int64(0)..<120).map { report(id, at: start + $0 * 60_000 + n, n < 7 && $0 >= minute ? .down : .up) })
      let state = (knownDown && n < 7 ? MonitorStatus.down : .up).code
      _ = try await world.test.store.write { db in
        try db.run("UPDATE monitor SET url = $1 WHERE id = $2", [.text("http://t\(n).test/"), .int(n)])
        try db.run(
          "INSERT INTO monitor_state (monitor_id, since_ms, until_ms, state) VALUES ($1, $2, NULL, $3)",
          [.int(n), .int(start.ms - Instant.dayMs), .int(state)])
      }
    }
    return try await world.test.store.read { try PastLooks.doubts(in: RegionID(1), hour: start.hour + 1, in: $0) }
  }

  @Test("targets that were dead before do not begin to fail together with the hour; those that begin in it do")
  func doubts() async throws {
    #expect(try await fleet(failingFrom: 0, knownDown: true).isEmpty)
    let hour = start + Instant.hourMs..<start + 2 * Instant.hourMs
    let found = try await fleet(failingFrom: 80, knownDown: false)
    #expect(
      found.count == 1 && found.allSatisfy { $0.lowerBound > hour.lowerBound && $0.upperBound == hour.upperBound })
    // A doubt of the hour before goes on, and what is told of it is this hour's.
    #expect(try await fleet(failingFrom: 30, knownDown: false) == [hour])
  }
}
