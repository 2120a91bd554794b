import Glibc
import SQLite
import Synchronization
import TestSupport
import Testing

private struct Refused: Error {}

private func database(_ folder: TemporaryFolder, name: String = "a.db") throws -> Database {
  try Database(path: folder.path + "/" + name, readers: 2) { db in
    try db.script("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x BIGINT UNIQUE, s TEXT, b BLOB)")
  }
}

@Test("values of every storage class come back as they went in, by numbered placeholders in any order")
func values() async throws {
  let folder = TemporaryFolder()
  let db = try database(folder)
  defer { db.close() }
  try await db.write {
    _ = try $0.run("INSERT INTO t (s, x, b) VALUES ($2, $1, $3)", [.int(.min), "naïve\u{0}x", .blob([0, 255])])
  }
  let row = try await db.read {
    try $0.first("SELECT x, s, b, NULL FROM t") { ($0.int(0), $0.text(1), $0.blob(2), $0.intOrNil(3)) }
  }
  #expect(row?.0 == .min)
  #expect(row?.1 == "naïve\u{0}x")
  #expect(row?.2 == [0, 255])
  #expect(row?.3 == nil)
}

@Test("a write that throws takes back only itself when it shares a commit with others")
func groupCommit() async throws {
  let folder = TemporaryFolder()
  let db = try database(folder)
  defer { db.close() }
  await withTaskGroup(of: Void.self) { group in
    for i in 0..<200 {
      group.addTask {
        do {
          try await db.write { db in
            try db.run("INSERT INTO t (x) VALUES ($1)", [.int(Int64(i))])
            if i % 10 == 0 { throw Refused() }
          }
          #expect(i % 10 != 0)
        } catch { #expect(error is Refused) }
      }
    }
  }
  let count = try await db.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } }
  #expect(count == 180)
  #expect(db.statistics.writes == 200)
  #expect(db.statistics.waiting == 0)
}

@Test("a unique constraint is a typed error that names no value")
func constraint() async throws {
  let folder = TemporaryFolder()
  let db = try database(folder)
  defer { db.close() }
  try await db.write { _ = try $0.run("INSERT INTO t (x) VALUES ($1)", [4711]) }
  let error = await #expect(throws: SQLiteError.self) {
    try await db.write { _ = try $0.run("INSERT INTO t (x) VALUES ($1)", [4711]) }
  }
  #expect(error?.kind == .constraintUnique)
  #expect(error?.description.contains("4711") == false)
}

@Test("a full database refuses cleanly, keeps what was acknowledged and takes writes again when there is room")
func full() async throws {
  let folder = TemporaryFolder()
  let db = try database(folder)
  defer { db.close() }
  try await db.write { _ = try $0.run("INSERT INTO t (x) VALUES (1)") }
  try await db.write { try $0.script("PRAGMA max_page_count = 12") }
  let big = [UInt8](repeating: 7, count: 100_000)
  let error = await #expect(throws: SQLiteError.self) {
    try await db.write { _ = try $0.run("INSERT INTO t (x, b) VALUES (2, $1)", [.blob(big)]) }
  }
  #expect(error?.kind == .full)
  try await db.write { try $0.script("PRAGMA max_page_count = 1000000") }
  try await db.write { _ = try $0.run("INSERT INTO t (x, b) VALUES (3, $1)", [.blob(big)]) }
  let kept = try await db.read { try $0.rows("SELECT x FROM t ORDER BY x") { $0.int(0) } }
  #expect(kept == [1, 3])
}

@Test("a reader cannot write, and a closed database answers so")
func readersAndClose() async throws {
  let folder = TemporaryFolder()
  let db = try database(folder)
  let error = await #expect(throws: SQLiteError.self) {
    try await db.read { _ = try $0.run("INSERT INTO t (x) VALUES (1)") }
  }
  #expect(error?.kind == .readOnly)
  db.close()
  await #expect(throws: DatabaseClosed.self) { try await db.write { _ in } }
  await #expect(throws: DatabaseClosed.self) { try await db.read { _ in } }
}

@Test("a file that is no database, and a folder that is absent, are told apart")
func badFiles() throws {
  let folder = TemporaryFolder()
  let path = folder.path + "/garbage.db"
  let file = fopen(path, "w")
  fputs(String(repeating: "not a database ", count: 100), file)
  fclose(file)
  let garbage = #expect(throws: SQLiteError.self) { try database(folder, name: "garbage.db") }
  #expect(garbage?.kind == .corrupt)
  let absent = #expect(throws: SQLiteError.self) { try database(folder, name: "no/such.db") }
  #expect(absent?.kind == .cannotOpen)
}

@Test("what a write noted is handed over once it is stored, and forgotten when it rolls back")
func notes() async throws {
  let folder = TemporaryFolder()
  let noted = Noted()
  let db = try Database(path: folder.path + "/a.db", readers: 1, committed: { noted.add($0.compactMap { $0 as? Int }) })
  { _ in }
  defer { db.close() }
  try await db.write { $0.note(1) }
  try? await db.write {
    $0.note(2)
    throw Refused()
  }
  try await db.write { $0.note(3) }
  #expect(noted.all == [1, 3])
}

private final class Noted: Sendable {
  private let values = Mutex<[Int]>([])
  var all: [Int] { values.withLock { $0 } }
  func add(_ more: [Int]) { values.withLock { $0 += more } }
}
