import Domain
import SQLite
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

/// What became of every slot that fell due.
struct Account: Equatable {
  var due: Set<Slot> = []
  var filled: Set<Slot> = []
  var missed: [Slot: MissedReason] = [:]
  /// Final results of scheduled runs: more than `filled` when a slot counted twice.
  var results = 0

  /// Slots without any outcome, and slots with two.
  var open: Set<Slot> { due.subtracting(filled).subtracting(missed.keys) }
  var both: Set<Slot> { filled.intersection(missed.keys) }
}

extension WatchWorld {
  /// Of all slots from `from` to before `to`, by the plan, the log and the missed ones; nothing is packed yet.
  func account(from: Instant, to: Instant) async throws -> Account {
    try await test.store.read { db in
      var out = Account()
      let monitors = try db.rows("SELECT id FROM monitor") { MonitorID($0.int(0)) }
      for id in monitors {
        let plan = try PlanQueries.touching(id, from: from, to: to, in: db)
        out.due.formUnion(Schedule.slots(of: plan, from: from, to: to))
      }
      try db.each(
        """
        SELECT slot_ms, monitor_id, region_id FROM result_log WHERE final = 1 AND slot_ms >= $1 AND slot_ms < $2
        """, [.int(from.ms), .int(to.ms)]
      ) {
        out.filled.insert(Slot(Instant(ms: $0.int(0)), MonitorID($0.int(1)), RegionID($0.int(2))))
        out.results += 1
      }
      try db.each(
        "SELECT slot_ms, monitor_id, region_id, reason FROM slot_missed WHERE slot_ms >= $1 AND slot_ms < $2",
        [.int(from.ms), .int(to.ms)]
      ) {
        let slot = Slot(Instant(ms: $0.int(0)), MonitorID($0.int(1)), RegionID($0.int(2)))
        out.missed[slot] = MissedReason(rawValue: Int16($0.int(3)))
      }
      return out
    }
  }

  /// Lets the store refuse every result until `takeAgain`.
  func refuse(_ table: String = "result_log") async throws {
    _ = try await test.store.write { db in
      try db.run("CREATE TRIGGER refusal BEFORE INSERT ON \(table) BEGIN SELECT RAISE(ABORT, 'refused'); END")
    }
  }

  func takeAgain() async throws {
    _ = try await test.store.write { db in try db.run("DROP TRIGGER refusal") }
  }

  /// Moves the clock; the prober answers nothing, but keeps what it is handed unless `forgets`.
  func runMute(seconds: Int, forgets: Bool = false) async {
    for _ in 0..<seconds {
      test.clock.advance(ms: 1000)
      await engine.turn()
      if forgets { _ = prober.due() }
    }
  }

  /// Changes a monitor as a person does, and waits until the engine knows.
  func edit(_ id: MonitorID, _ change: @Sendable @escaping (inout MonitorSettings) -> Void) async throws {
    let store = test.store
    let (scope, principal) = (scope, principal)
    let edited = try await store.write { db -> MonitorSettings in
      let text = try #require(
        try db.first("SELECT public_id FROM monitor WHERE id = $1", [.int(id.raw)]) { $0.text(0) })
      let publicID = PublicID<MonitorTag>(stored: text)
      let row = try #require(try MonitorQueries.find(publicID, scope: scope, in: db, sealer: store.sealer))
      var settings = row.settings
      change(&settings)
      _ = try MonitorQueries.update(
        publicID, to: settings, scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
      return settings
    }
    while await !engine.follows(edited, of: id) { await Task.yield() }
  }
}

extension Engine {
  /// Whether an edit was taken over.
  func follows(_ settings: MonitorSettings, of id: MonitorID) -> Bool {
    watched[id]?.settings == settings && !isFlushing
  }

  /// Takes a report as from a worker that the prober does not know.
  func deliver(_ report: RunReport) async {
    reports.append(Incoming(report: report, ticket: nil, place: 0))
    await flush()
  }
}
