import SQLite

/// One step of the schema: numbered, forward only, in its own transaction, remembered with a checksum of its text.
public struct Migration: Sendable {
  public let number: Int
  public let name: String
  /// Statements that both SQLite and PostgreSQL take, without semicolons inside literals.
  public let sql: String

  public static let all: [Migration] = [
    accounts, monitors, results, incidents, notifications, live, workers, notificationLog, acknowledged, monitorList,
    dependencies, accountsOfSlots, lateResults, regionPast,
  ]

  /// FNV-1a over the text: enough to notice an edit of what already ran.
  var checksum: Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: hash)
  }
}

/// The schema in the file is not one that this program can run on.
public enum MigrationError: Error, Hashable, Sendable {
  /// A step that already ran was edited since.
  case changed(number: Int)
  /// The file was written by a newer program.
  case newer(number: Int)
}

extension Migration {
  /// Brings the schema up to date; returns the numbers that ran.
  @discardableResult
  public static func run(on db: Connection, steps: [Migration] = all, nowMs: Int64) throws -> [Int] {
    try db.script(
      """
      CREATE TABLE IF NOT EXISTS migration (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL, at_ms BIGINT NOT NULL)
      """)
    let done = try db.rows("SELECT number, checksum FROM migration ORDER BY number") { ($0.int(0), $0.int(1)) }
    for (number, checksum) in done {
      guard let step = steps.first(where: { Int64($0.number) == number }) else {
        throw MigrationError.newer(number: Int(number))
      }
      guard step.checksum == checksum else { throw MigrationError.changed(number: step.number) }
    }
    var ran: [Int] = []
    for step in steps.sorted(by: { $0.number < $1.number }) where !done.contains(where: { $0.0 == Int64(step.number) })
    {
      try db.script("BEGIN IMMEDIATE")
      do {
        try db.script(step.sql)
        try db.run(
          "INSERT INTO migration (number, name, checksum, at_ms) VALUES ($1, $2, $3, $4)",
          [.int(Int64(step.number)), .text(step.name), .int(step.checksum), .int(nowMs)])
        try db.script("COMMIT")
      } catch {
        if !db.isAutocommit { try db.script("ROLLBACK") }
        throw error
      }
      ran.append(step.number)
    }
    return ran
  }
}
