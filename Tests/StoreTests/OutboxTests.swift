import Domain
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

private let scope = TenantScope(minting: OrganizationID(1))
private let principal = Principal(minting: .account, publicID: nil, name: "Ines", address: nil)

/// One organization, one channel, one incident.
private func outbox() async throws -> TestStore {
  let test = try TestStore()
  let (world, sealer) = (test.store.world, test.store.sealer)
  try await test.store.write { db in
    try db.run(
      "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (1, 'org_1', 'o', 'o', 0, 0)"
    )
    try db.run(
      """
      INSERT INTO incident (id, public_id, organization_id, title, description, status, cause, started_ms, created_ms,
        updated_ms) VALUES (1, 'inc_1', 1, 't', '', 'investigating', 'monitor', 0, 0, 0)
      """)
    _ = try ChannelQueries.create(
      ChannelDraft(kind: "slack", name: "c", settings: [:], summary: "", enabled: true), scope: scope, by: principal,
      in: db, world: world, sealer: sealer)
  }
  return test
}

extension TestStore {
  fileprivate func enqueue(_ kind: String, after: String? = nil, heldUntil: Instant? = nil) async throws {
    let world = store.world
    try await store.write { db in
      try NotificationQueries.enqueue(
        kind: kind, incident: IncidentID(1), dedup: "inc_1/\(kind)", payload: "{}", organization: OrganizationID(1),
        after: after.map { [$0] } ?? [], heldUntil: heldUntil, in: db, world: world)
    }
  }

  fileprivate func claim() async throws -> [ClaimedNotification] {
    let now = clock.now
    return try await store.write { try NotificationQueries.claim(limit: 10, now: now, in: $0) }
  }
}

@Test("the end waits for the beginning, however long that is retried, and does not keep the outbox awake")
func endWaits() async throws {
  let test = try await outbox()
  try await test.enqueue("down")
  try await test.enqueue("resolved", after: "inc_1/down")
  let first = try await test.claim()
  #expect(first.count == 1)
  let later = test.clock.now + 3_600_000
  _ = try await test.store.write { try NotificationQueries.markAgain(first[0], at: later, error: "HTTP 500", in: $0) }
  #expect(try await test.claim().isEmpty)
  #expect(try await test.store.read { try NotificationQueries.nextDue(in: $0) } == later)
  test.clock.advance(ms: 3_600_000)
  let again = try await test.claim()
  #expect(again.map(\.publicID) == first.map(\.publicID))
  let world = test.store.world
  _ = try await test.store.write { try NotificationQueries.markSent(again[0], in: $0, world: world) }
  #expect(try await test.claim().count == 1)
}

@Test("a sender that died between sending and marking leads to the same message under the same id")
func lostSender() async throws {
  let test = try await outbox()
  try await test.enqueue("down")
  let first = try await test.claim()
  #expect(try await test.claim().isEmpty)
  test.clock.advance(ms: DeliveryPolicy.leaseMs)
  let second = try await test.claim()
  #expect(second.map(\.publicID) == first.map(\.publicID))
  #expect(second.first?.attempts == 1)
}

@Test("a sender whose lease ended marks nothing that another holds by then, whatever it says")
func lateMark() async throws {
  let test = try await outbox()
  let world = test.store.world
  try await test.enqueue("down")
  let first = try #require(try await test.claim().first)
  test.clock.advance(ms: DeliveryPolicy.leaseMs)
  let second = try #require(try await test.claim().first)
  let marks = try await test.store.write { db in
    [
      try NotificationQueries.markSent(first, in: db, world: world),
      try NotificationQueries.markDead(first, error: "HTTP 410", in: db, world: world),
      try NotificationQueries.markAgain(first, at: world.now(), error: "HTTP 500", in: db),
      try NotificationQueries.markSent(second, in: db, world: world),
    ]
  }
  #expect(marks == [false, false, false, true])
  let sent = try await test.store.read {
    try NotificationQueries.list(states: ["sent"], page: 1, rows: 10, scope: scope, in: $0)
  }
  #expect(sent.rows.map(\.attempts) == [2])
}

@Test("one message a transition and channel, however often it is said")
func once() async throws {
  let test = try await outbox()
  for _ in 1...3 { try await test.enqueue("down") }
  #expect(try await test.claim().count == 1)
}

@Test("a dead letter is seen, and goes again under its id; one that is not dead stays")
func deadLetter() async throws {
  let test = try await outbox()
  try await test.enqueue("down")
  let claimed = try #require(try await test.claim().first)
  let world = test.store.world
  func resend() async throws -> Bool {
    try await test.store.write { db in
      try NotificationQueries.resend(claimed.publicID, scope: scope, by: principal, in: db, world: world)
    }
  }
  #expect(try await !resend())
  _ = try await test.store.write { try NotificationQueries.markDead(claimed, error: "HTTP 410", in: $0, world: world) }
  let dead = try await test.store.read {
    try NotificationQueries.list(states: ["dead"], page: 1, rows: 10, scope: scope, in: $0)
  }
  #expect(dead.total == 1 && dead.rows.first?.lastError == "HTTP 410")
  #expect(try await resend())
  #expect(try await test.claim().map(\.publicID) == [claimed.publicID])
}

@Test("old messages go by how they ended, but not while the outage they tell of lasts")
func pruned() async throws {
  let test = try await outbox()
  let now = test.clock.now
  _ = try await test.store.write { db in
    try db.run(
      """
      INSERT INTO monitor (id, public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
        status_since_ms, created_ms, updated_ms)
      VALUES (1, 'mon_1', 1, 'http', 'One', 'http://example.test/', 1, 60, '{}', $1, 0, 0, 0)
      """, [.int(MonitorStatus.up.code)])
    try db.run("INSERT INTO incident_monitor (incident_id, monitor_id, is_open) VALUES (1, 1, 1)")
    let rows: [(String, String, Int64?, Int64?)] = [
      ("sent-old", "sent", 91, nil), ("sent-new", "sent", 89, nil), ("dead-old", "dead", 366, nil),
      ("dead-new", "dead", 364, nil), ("waiting", "pending", nil, nil), ("of-the-outage", "sent", 400, 1),
    ]
    for (id, state, days, incident) in rows {
      try db.run(
        """
        INSERT INTO notification (public_id, organization_id, kind, incident_id, dedup_key, payload, state, next_ms,
          created_ms, done_ms) VALUES ($1, 1, 'x', $2, $1, '{}', $3, 0, 0, $4)
        """, [.text(id), Value(incident), .text(state), Value(days.map { now.ms - $0 * Instant.dayMs })])
    }
  }
  func left() async throws -> [String] {
    try await test.store.write { db in
      for (state, days) in [(NotificationQueries.Over.sent, Int64(90)), (.dead, 365)] {
        while try NotificationQueries.prune(state, before: now - days * Instant.dayMs, limit: 1, in: db) > 0 {}
      }
      return try db.rows("SELECT public_id FROM notification ORDER BY id") { $0.text(0) }
    }
  }
  let young = ["sent-new", "dead-new", "waiting"]
  #expect(try await left() == young + ["of-the-outage"])
  // A person resolved the incident, but the monitor is down still: that it is up again is yet to be said.
  _ = try await test.store.write { db in
    try db.run("UPDATE incident SET status = 'resolved', resolved_ms = 1")
    try db.run("UPDATE monitor SET status = $1", [.int(MonitorStatus.down.code)])
  }
  #expect(try await left() == young + ["of-the-outage"])
  _ = try await test.store.write { try $0.run("UPDATE monitor SET status = $1", [.int(MonitorStatus.up.code)]) }
  #expect(try await left() == young)
}

@Test(
  "the log's questions go through an index and sort nothing",
  arguments: [
    NotificationQueries.ofIncident, NotificationQueries.latestOfChannels,
    NotificationQueries.pruning.replacing("DELETE FROM notification WHERE id IN (", with: "SELECT * FROM ("),
  ])
func plans(sql: String) async throws {
  let test = try await outbox()
  let values: [Value] = (1...3).filter { sql.contains("$\($0)") }.map { .int(Int64($0)) }
  let steps = try await test.store.read { db in try db.rows("EXPLAIN QUERY PLAN \(sql)", values) { $0.text(3) } }
  #expect(!steps.isEmpty)
  for step in steps {
    #expect(!step.contains("TEMP B-TREE"), "\(steps)")
    #expect(!step.hasPrefix("SCAN") || step.hasPrefix("SCAN (subquery"), "\(steps)")
  }
  let own = ["notification_incident", "notification_channel", "notification_done"]
  #expect(own.contains { name in steps.contains { $0.contains(name) } }, "\(steps)")
}

@Test("a held message goes when its time has come, or when it is released")
func held() async throws {
  for isReleased in [false, true] {
    let test = try await outbox()
    let until = test.clock.now + 30_000
    try await test.enqueue("down", heldUntil: until)
    #expect(try await test.store.read { try NotificationQueries.heldUntil(IncidentID(1), in: $0) } == until)
    test.clock.advance(ms: 29_999)
    #expect(try await test.claim().isEmpty)
    let world = test.store.world
    if isReleased {
      try await test.store.write { try NotificationQueries.release(IncidentID(1), in: $0, world: world) }
    } else {
      #expect(try await test.store.read { try NotificationQueries.nextDue(in: $0) } == until)
      test.clock.advance(ms: 1)
    }
    #expect(try await test.claim().count == 1)
  }
}

@Test("a dropped message never goes; one that is under way is not dropped, nor is the end that follows it")
func dropped() async throws {
  let test = try await outbox()
  let until = test.clock.now + 30_000
  try await test.enqueue("down", heldUntil: until)
  try await test.enqueue("resolved", after: "inc_1/down", heldUntil: until)
  try await test.store.write { try NotificationQueries.drop(IncidentID(1), in: $0) }
  test.clock.advance(ms: 60_000)
  #expect(try await test.claim().isEmpty)

  let late = test.clock.now + 30_000
  try await test.enqueue("down", heldUntil: late)
  test.clock.advance(ms: 30_000)
  let claimed = try #require(try await test.claim().first)
  try await test.enqueue("resolved", after: "inc_1/down", heldUntil: test.clock.now + 5000)
  try await test.store.write { try NotificationQueries.drop(IncidentID(1), in: $0) }
  let world = test.store.world
  try await test.store.write { _ = try NotificationQueries.markSent(claimed, in: $0, world: world) }
  test.clock.advance(ms: 5000)
  #expect(try await test.claim().count == 1)
}
