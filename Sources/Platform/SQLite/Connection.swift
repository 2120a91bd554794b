import CSQLite

/// One SQLite connection. Belongs to the thread or closure that holds it; a writer or reader of `Database` hands it out.
public final class Connection {
  let db: OpaquePointer
  private var cache: [String: Statement] = [:]
  private let cacheMax = 400
  private(set) var notes: [any Sendable] = []

  /// Opens a file; `readOnly` connections never create one.
  public init(path: String, readOnly: Bool) throws(SQLiteError) {
    var handle: OpaquePointer?
    let flags =
      (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX
      | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw SQLiteError(code: code, message: message)
    }
    db = handle
    sqlite3_busy_timeout(db, 5000)
  }

  deinit {
    cache.removeAll()
    sqlite3_close_v2(db)
  }

  /// Runs several statements without values: schema and pragmas.
  public func script(_ sql: String) throws(SQLiteError) {
    guard sqlite3_exec(db, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteError.last(db, sql: sql) }
  }

  /// Runs one statement and answers how many rows it changed.
  @discardableResult
  public func run(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int {
    let statement = try prepare(sql)
    defer { finish(statement) }
    statement.bind(values)
    var code = sqlite3_step(statement.handle)
    while code == SQLITE_ROW { code = sqlite3_step(statement.handle) }
    guard code == SQLITE_DONE else { throw SQLiteError.last(db, sql: sql) }
    return Int(sqlite3_changes64(db))
  }

  /// Runs one INSERT and answers the row's integer key.
  public func insert(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int64 {
    try run(sql, values)
    return sqlite3_last_insert_rowid(db)
  }

  /// All rows of a query through `map`, in the query's order.
  public func rows<T>(_ sql: String, _ values: [Value] = [], _ map: (Row) throws -> T) throws -> [T] {
    var out: [T] = []
    try each(sql, values) { out.append(try map($0)) }
    return out
  }

  /// The first row, or nil.
  public func first<T>(_ sql: String, _ values: [Value] = [], _ map: (Row) throws -> T) throws -> T? {
    let statement = try prepare(sql)
    defer { finish(statement) }
    statement.bind(values)
    switch sqlite3_step(statement.handle) {
    case SQLITE_ROW: return try map(Row(handle: statement.handle))
    case SQLITE_DONE: return nil
    default: throw SQLiteError.last(db, sql: sql)
    }
  }

  /// Calls `body` for each row without collecting them.
  public func each(_ sql: String, _ values: [Value] = [], _ body: (Row) throws -> Void) throws {
    let statement = try prepare(sql)
    defer { finish(statement) }
    statement.bind(values)
    while true {
      switch sqlite3_step(statement.handle) {
      case SQLITE_ROW: try body(Row(handle: statement.handle))
      case SQLITE_DONE: return
      default: throw SQLiteError.last(db, sql: sql)
      }
    }
  }

  /// Runs `body` inside a savepoint: released when it returns, rolled back when it throws.
  public func savepoint<T>(_ body: () throws -> T) throws -> T {
    try run("SAVEPOINT s")
    let noted = notes.count
    do {
      let value = try body()
      try run("RELEASE s")
      return value
    } catch {
      notes.removeLast(notes.count - noted)
      // A full disk or a failed device may already have rolled back the whole transaction.
      if !isAutocommit {
        try run("ROLLBACK TO s")
        try run("RELEASE s")
      }
      throw error
    }
  }

  /// Adds to what `Database` hands to `committed` once the surrounding transaction is stored; a rollback forgets it.
  public func note(_ value: some Sendable) { notes.append(value) }

  func takeNotes() -> [any Sendable] {
    defer { notes = [] }
    return notes
  }

  public var isAutocommit: Bool { sqlite3_get_autocommit(db) != 0 }

  /// Stops a query that another thread runs on this connection. Any thread.
  public func interrupt() { sqlite3_interrupt(db) }

  private func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    if let found = cache[sql], !found.busy {
      found.busy = true
      return found
    }
    let made = try Statement(db, sql: sql)
    if cache[sql] == nil {
      if cache.count >= cacheMax { cache.removeAll() }
      cache[sql] = made
    }
    made.busy = true
    return made
  }

  private func finish(_ statement: Statement) {
    statement.reset()
    statement.busy = false
  }
}
