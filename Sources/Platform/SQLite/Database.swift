import CSQLite
import Synchronization

/// A database file with one writer and several readers, each on its own thread, so that nothing blocks Swift's pool.
///
/// Writes that wait together share one transaction and one fsync (group commit); each stands in its own savepoint,
/// so one that throws takes only itself back. A write is answered after the commit that holds it.
public final class Database: Sendable {
  private let writer: WorkThread<Connection, Write>
  private let readers: [WorkThread<Connection, (Connection) -> Void>]
  private let turn = Atomic<UInt>(0)
  private let counters = Counters()

  public struct Statistics: Sendable {
    public var commits = 0
    public var writes = 0
    /// Writes waiting now for the writer's thread.
    public var waiting = 0

    public init() {}
  }

  /// Runs on the writer's thread when a commit fails by the device: the process should stop rather than guess.
  public typealias DeviceFailure = @Sendable (SQLiteError) -> Void

  /// Opens `path`, creating it where it is absent. `prepare` runs first on the writing connection (migrations);
  /// `committed` gets, on the writer's thread and before the writes are answered, what they noted. Without threads each
  /// body runs on the caller's: for a process that does one thing at a time, such as the simulation.
  public init(
    path: String, readers count: Int, hasThreads: Bool = true, deviceFailed: @escaping DeviceFailure = { _ in },
    committed: @escaping @Sendable ([any Sendable]) -> Void = { _ in }, prepare: (Connection) throws -> Void
  ) throws {
    let connection = try Connection(path: path, readOnly: false)
    try connection.script(
      """
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16384;
      PRAGMA journal_size_limit = 67108864;
      """)
    try prepare(connection)
    let handed = Handed(connection)
    let counters = counters
    writer = WorkThread(hasThread: hasThreads, context: { handed.value }) { connection, work in
      let failure = commit(work, on: connection, committed: committed)
      if let failure, failure.kind == .io { deviceFailed(failure) }
      counters.value.withLock {
        $0.commits += failure == nil ? 1 : 0
        $0.writes += work.count
        $0.waiting -= work.count
      }
    }
    readers = try (0..<count).map { _ in
      let reader = try Connection(path: path, readOnly: true)
      try reader.script("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA query_only = ON;")
      let handed = Handed(reader)
      return WorkThread(hasThread: hasThreads, context: { handed.value }) { connection, work in
        work.forEach { $0(connection) }
      }
    }
  }

  /// Runs `body` in a transaction of the writer; returns after the commit. Throws what `body` threw, or `SQLiteError`.
  public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    counters.value.withLock { $0.waiting += 1 }
    return try await withCheckedThrowingContinuation { continuation in
      let job = Write(
        run: { connection in
          do {
            let value = try connection.savepoint { try body(connection) }
            return { failure in
              if let failure { continuation.resume(throwing: failure) } else { continuation.resume(returning: value) }
            }
          } catch {
            return { _ in continuation.resume(throwing: error) }
          }
        },
        refuse: { continuation.resume(throwing: $0) })
      if !writer.post(job) { job.refuse(DatabaseClosed()) }
    }
  }

  /// Runs `body` on a reader inside one read transaction: it sees one state of the database.
  public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    let reader = readers[Int(turn.add(1, ordering: .relaxed).newValue % UInt(readers.count))]
    return try await withCheckedThrowingContinuation { continuation in
      let posted = reader.post { connection in
        continuation.resume(with: Result { try connection.readTransaction(body) })
      }
      if !posted { continuation.resume(throwing: DatabaseClosed()) }
    }
  }

  public var statistics: Statistics { counters.value.withLock { $0 } }

  /// Finishes what waits and ends the threads; SQLite folds the log into the file with the last connection. Blocks.
  public func close() {
    readers.forEach { $0.stop() }
    writer.stop()
  }
}

public struct DatabaseClosed: Error, Sendable {
  public init() {}
}

/// One queued write: `run` works inside the open transaction and answers what to say once the commit's outcome is known.
private struct Write {
  let run: (Connection) -> (SQLiteError?) -> Void
  let refuse: (any Error) -> Void
}

/// Runs all of `work` in one transaction and answers each. Returns why nothing was stored, or nil.
private func commit(
  _ work: [Write], on connection: Connection, committed: ([any Sendable]) -> Void
) -> SQLiteError? {
  do throws(SQLiteError) {
    try connection.run("BEGIN IMMEDIATE")
  } catch {
    work.forEach { $0.refuse(error) }
    return error
  }
  let answers = work.map { job -> (SQLiteError?) -> Void in
    // After a rollback of the whole, nothing more may run: it would commit by itself.
    connection.isAutocommit ? { job.refuse($0 ?? DatabaseClosed() as any Error) } : job.run(connection)
  }
  var failure: SQLiteError?
  if connection.isAutocommit {
    // A statement may have rolled everything back by itself (disk full): nothing of this batch is stored.
    failure = SQLiteError(code: SQLITE_FULL, message: "the transaction was rolled back as a whole")
  } else {
    do throws(SQLiteError) {
      try connection.run("COMMIT")
    } catch {
      failure = error
      if !connection.isAutocommit { try? connection.script("ROLLBACK") }
    }
  }
  let notes = connection.takeNotes()
  if failure == nil, !notes.isEmpty { committed(notes) }
  for answer in answers { answer(failure) }
  return failure
}

extension Connection {
  fileprivate func readTransaction<T>(_ body: (Connection) throws -> T) throws -> T {
    try run("BEGIN")
    do {
      let value = try body(self)
      try run("COMMIT")
      return value
    } catch {
      if !isAutocommit { try run("ROLLBACK") }
      throw error
    }
  }
}

private final class Counters: Sendable {
  let value = Mutex(Database.Statistics())
}

/// Carries a connection into the one thread that will own it.
private final class Handed: @unchecked Sendable {
  let value: Connection
  init(_ value: Connection) { self.value = value }
}
