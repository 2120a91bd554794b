import CSQLite

/// One prepared statement of one connection; reset and bound anew for each use. Owned by its connection.
final class Statement {
  let handle: OpaquePointer
  let sql: String
  /// Index of each placeholder `$1`, `$2` … in SQLite's own numbering, which goes by first appearance.
  let placeholders: [Int32]
  var busy = false

  init(_ db: OpaquePointer, sql: String) throws(SQLiteError) {
    var statement: OpaquePointer?
    var text = sql
    let (code, complete) = text.withUTF8 { bytes -> (Int32, Bool) in
      var tail: UnsafePointer<CChar>?
      let base = UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
      let code = sqlite3_prepare_v3(
        db, base, Int32(bytes.count), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, &tail)
      let used = tail.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? bytes.count
      return (code, bytes[used...].allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x3B })
    }
    guard code == SQLITE_OK else { throw SQLiteError.last(db, sql: sql) }
    guard let statement else { throw SQLiteError(code: SQLITE_MISUSE, message: "an empty statement", sql: sql) }
    guard complete else {
      sqlite3_finalize(statement)
      throw SQLiteError(code: SQLITE_MISUSE, message: "more than one statement", sql: sql)
    }
    handle = statement
    self.sql = sql
    let count = sqlite3_bind_parameter_count(statement)
    placeholders = (0..<count).map { sqlite3_bind_parameter_index(statement, "$\($0 + 1)") }
  }

  deinit { sqlite3_finalize(handle) }

  func bind(_ values: [Value]) {
    precondition(values.count == placeholders.count, "placeholders and values differ in number: \(sql)")
    for (i, value) in values.enumerated() {
      let at = placeholders[i]
      precondition(at > 0, "placeholders must be $1 … $n without a gap: \(sql)")
      switch value {
      case .null: sqlite3_bind_null(handle, at)
      case .int(let n): sqlite3_bind_int64(handle, at, n)
      case .real(let d): sqlite3_bind_double(handle, at, d)
      case .text(var s):
        _ = s.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) {
            csqlite_bind_text(handle, at, $0.baseAddress ?? emptyText, sqlite3_uint64($0.count))
          }
        }
      case .blob(let b):
        _ = b.withUnsafeBytes { csqlite_bind_blob(handle, at, $0.baseAddress, sqlite3_uint64($0.count)) }
      }
    }
  }

  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }
}

nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
  let p = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  p.pointee = 0
  return UnsafePointer(p)
}()

extension SQLiteError {
  static func last(_ db: OpaquePointer, sql: String?) -> SQLiteError {
    SQLiteError(code: sqlite3_extended_errcode(db), message: String(cString: sqlite3_errmsg(db)), sql: sql)
  }
}

/// The current row of a query: columns by position from 0, valid only inside the closure that receives it.
public struct Row {
  let handle: OpaquePointer

  public func int(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
  public func bool(_ column: Int) -> Bool { int(column) != 0 }
  public func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }
  public func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }
  public func intOrNil(_ column: Int) -> Int64? { isNull(column) ? nil : int(column) }
  public func doubleOrNil(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
  public func textOrNil(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
  public func blobOrNil(_ column: Int) -> [UInt8]? { isNull(column) ? nil : blob(column) }

  public func text(_ column: Int) -> String {
    guard let p = sqlite3_column_text(handle, Int32(column)) else { return "" }
    let n = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeBufferPointer(start: p, count: n), as: UTF8.self)
  }

  public func blob(_ column: Int) -> [UInt8] {
    guard let p = sqlite3_column_blob(handle, Int32(column)) else { return [] }
    return Array(UnsafeRawBufferPointer(start: p, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
  }
}
