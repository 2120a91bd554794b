import Domain
import SQLite
import Testing

@testable import Store

@Suite("Reads of the past")
struct HistoryQueryPlanTests {
  @Test(
    "go through an index and sort nothing",
    arguments: [
      "SELECT region_id FROM result_log WHERE monitor_id = 1 AND started_ms >= 0 AND started_ms < 9",
      """
      SELECT hour FROM rollup_hour WHERE monitor_id = 1 AND hour >= 0 AND hour < 9 ORDER BY monitor_id, hour, region_id
      """,
      "SELECT day FROM rollup_day WHERE monitor_id = 1 AND day >= 0 AND day < 9 ORDER BY monitor_id, day, region_id",
      "SELECT max(hour) FROM result_chunk WHERE monitor_id = 1 AND region_id = 1 AND hour >= 0 AND hour < 9",
      "SELECT reason FROM slot_missed WHERE monitor_id = 1 AND slot_ms >= 0 AND slot_ms < 9",
      "SELECT state FROM monitor_state WHERE monitor_id = 1 AND since_ms < 9 ORDER BY since_ms",
      "SELECT min(id) FROM result_log WHERE id >= 7",
      PastLooks.plannedSQL, ReplayQueries.learnedDownSQL, ReplayQueries.stateBeforeSQL(asKnownThen: true),
      ReplayQueries.stateBeforeSQL(asKnownThen: false),
      "SELECT min(due_ms) FROM state_replay",
      "SELECT monitor_id FROM state_replay WHERE due_ms <= 1 ORDER BY due_ms, monitor_id LIMIT 1",
    ])
  func plans(sql: String) async throws {
    let world = try await HistoryWorld()
    let values = (1...9).filter { sql.contains("$\($0)") }.map { _ in Value.int(1) }
    let steps = try await world.test.store.read { db in
      try db.rows("EXPLAIN QUERY PLAN \(sql)", values) { $0.text(3) }
    }
    #expect(!steps.isEmpty)
    for step in steps {
      #expect(!step.contains("TEMP B-TREE"), "\(step)")
      #expect(!step.hasPrefix("SCAN"), "\(step)")
    }
  }
}
