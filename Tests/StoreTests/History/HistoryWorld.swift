import Domain
import SQLite
import TestSupport

@testable import Store

/// A store with one organization and monitors whose results a test writes by hand.
final class HistoryWorld: Sendable {
  /// The first moment of a UTC day.
  static let midnight = Instant(ms: 20_700 * Instant.dayMs)
  let test: TestStore
  let region = RegionID(1)

  init() async throws {
    test = try TestStore(clock: TestWorld(now: Self.midnight))
    _ = try await test.store.write { db in
      try db.run(
        """
        INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms)
        VALUES (1, 'org_x', 'Example', 'example', 0, 0)
        """)
    }
  }

  /// A monitor that is due every `intervalMs` from midnight on, in each of `regions`.
  @discardableResult
  func monitor(_ id: Int64 = 1, intervalMs: Int64 = 60_000, regions: [RegionID] = [RegionID(1)]) async throws
    -> MonitorID
  {
    try await test.store.write { db in
      try db.run(
        """
        INSERT INTO monitor (id, public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
          status_since_ms, created_ms, updated_ms)
        VALUES ($1, $2, 1, 'http', 'One', 'http://example.test/', 1, 60, '{}', 1, 0, 0, 0)
        """, [.int(id), .text("mon_\(id)")])
      for region in regions {
        try db.run(
          """
          INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES ($1, $2, $2, NULL, 0)
          ON CONFLICT DO NOTHING
          """, [.int(region.raw), .text("r\(region.raw)")])
        try db.run(
          """
          INSERT INTO monitor_plan (monitor_id, region_id, from_ms, to_ms, interval_ms, phase_ms)
          VALUES ($1, $2, $3, NULL, $4, 0)
          """, [.int(id), .int(region.raw), .int(Self.midnight.ms), .int(intervalMs)])
      }
      return MonitorID(id)
    }
  }

  static func report(
    _ monitor: MonitorID, slot: Instant, us: Int32 = 71_500, status: CheckStatus = .up, region: RegionID = RegionID(1),
    trigger: Trigger = .schedule, attempt: Int = 0, isFinal: Bool = true, number: UInt32 = 1
  ) -> RunReport {
    let job = JobID(monitor: monitor, region: region, trigger: trigger, mark: slot.ms)
    var seen = Observation(startedAt: slot + 3)
    seen.timing.dnsUs = us / 10
    seen.timing.connectUs = us / 8
    seen.timing.firstByteUs = us / 2
    seen.timing.transferUs = 300
    seen.timing.totalUs = us
    seen.httpStatus = status == .down ? 500 : 200
    seen.remoteAddress = "192.0.2.1"
    seen.bodyBytes = 512
    if status == .down { seen.failure = Failure(.statusCode, .firstByte, "500 is not 200-299") }
    let generation = Generation(epoch: 1, number: number)
    return RunReport(
      job: job, generation: generation, runKey: RunKey(job: job), attempt: attempt,
      isFinal: isFinal, lateMs: 3, status: status, observation: seen)
  }

  func append(_ reports: [RunReport]) async throws {
    try await test.store.write { db in for report in reports { try ResultLog.append(report, in: db) } }
  }

  /// Packs `hour`, counted from midnight, and empties the log as a round of closing does.
  func close(hour: Int64, monitor: MonitorID = MonitorID(1)) async throws {
    let number = Self.midnight.hour + hour
    try await test.store.write { db in
      try HourCloseQueries.close(hour: number, of: monitor, in: db)
      try HourCloseQueries.mark(Closed(hour: number, day: Self.midnight.day - 1), in: db)
      let key = try HourCloseQueries.newestKey(in: db)
      var next: Int64? = 0
      while let start = next {
        next = try HourCloseQueries.deletePacked(from: start, through: key, hour: number, span: 7, in: db)
      }
    }
  }

  /// All tables of the packed past, as text, to compare.
  func packed() async throws -> [String] {
    try await test.store.read { db in
      try db.rows("SELECT monitor_id, region_id, hour, n, hex(body) FROM result_chunk ORDER BY 1, 2, 3") {
        (0..<5).map($0.text).joined(separator: " ")
      }
        + db.rows(
          """
          SELECT monitor_id, hour, region_id, n, ok, degraded, missed, sum_us, max_us, hex(sketch), hex(minutes)
          FROM rollup_hour ORDER BY 1, 2, 3
          """
        ) { row in (0..<11).map(row.text).joined(separator: " ") }
    }
  }

  func logged() async throws -> Int64 {
    try await test.store.read { db in try db.first("SELECT count(*) FROM result_log") { $0.int(0) } ?? -1 }
  }

  func metrics(
    _ window: MetricsQuestion.Window = .day, _ granularity: MetricsQuestion.Granularity = .hour,
    region: RegionID? = nil, at now: Instant
  ) async throws -> [MetricsBucket] {
    try await test.store.read { db in
      try MetricsQueries.metrics(
        MetricsQuestion(window: window, granularity: granularity, region: region), of: MonitorID(1), now: now, in: db)
    }
  }
}
