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
