import Domain
import SQLite
import TestSupport
import Testing

@testable import Store

@Test("a second run of the migrations changes nothing")
func twice() throws {
  let folder = TemporaryFolder()
  let db = try Connection(path: folder.path + "/a.db", readOnly: false)
  #expect(try Migration.run(on: db, nowMs: 1).count == Migration.all.count)
  #expect(try Migration.run(on: db, nowMs: 2).isEmpty)
}

@Test("an edited step and a newer file are refused")
func refusals() throws {
  let folder = TemporaryFolder()
  let db = try Connection(path: folder.path + "/a.db", readOnly: false)
  try Migration.run(on: db, steps: [Migration(number: 1, name: "a", sql: "CREATE TABLE a (x INTEGER)")], nowMs: 1)
  #expect(throws: MigrationError.changed(number: 1)) {
    try Migration.run(on: db, steps: [Migration(number: 1, name: "a", sql: "CREATE TABLE b (x INTEGER)")], nowMs: 1)
  }
  #expect(throws: MigrationError.newer(number: 1)) { try Migration.run(on: db, steps: [], nowMs: 1) }
}

@Test("a step that fails half-way leaves nothing behind")
func halfWay() throws {
  let folder = TemporaryFolder()
  let db = try Connection(path: folder.path + "/a.db", readOnly: false)
  let step = Migration(number: 1, name: "a", sql: "CREATE TABLE a (x INTEGER); CREATE TABLE a (y INTEGER)")
  #expect(throws: SQLiteError.self) { try Migration.run(on: db, steps: [step], nowMs: 1) }
  #expect(try db.rows("SELECT name FROM sqlite_master WHERE name = 'a'") { $0.text(0) }.isEmpty)
}

@Test("a new store has its region and its engine row")
func firstRows() async throws {
  let test = try TestStore()
  let regions = try await test.store.read { db in try db.rows("SELECT name FROM region") { $0.text(0) } }
  #expect(regions == ["local"])
}

@Test("who acknowledged an incident before that was a column is taken from the audit log")
func acknowledgedBefore() throws {
  let folder = TemporaryFolder()
  let db = try Connection(path: folder.path + "/a.db", readOnly: false)
  let step = try #require(Migration.all.first { $0.name == "acknowledged" })
  try Migration.run(on: db, steps: Migration.all.filter { $0.number < step.number }, nowMs: 1)
  try db.script(
    """
    INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (1, 'org_1', 'o', 'o', 0, 0);
    INSERT INTO incident (public_id, organization_id, title, description, status, cause, started_ms, acknowledged_ms,
      created_ms, updated_ms) VALUES ('inc_1', 1, 't', '', 'investigating', 'manual', 0, 5, 0, 0),
      ('inc_2', 1, 't', '', 'investigating', 'manual', 0, NULL, 0, 0);
    INSERT INTO audit_log (public_id, organization_id, at_ms, actor_kind, actor_name, action, subject_public_id, detail)
      VALUES ('aud_1', 1, 5, 'account', 'Ines', 'incident.acknowledge', 'inc_1', '{}'),
      ('aud_2', 1, 6, 'account', 'Bob', 'incident.edit', 'inc_1', '{}');
    """)
  try Migration.run(on: db, nowMs: 2)
  #expect(try db.rows("SELECT acknowledged_by FROM incident ORDER BY id") { $0.textOrNil(0) } == ["Ines", nil])
}
