import CSQLite

/// What SQLite refused, in its own code and words. Bound values never appear in it.
public struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    case busy
    /// The disk or a quota is full; nothing was written.
    case full
    /// The device failed (EIO on write or fsync): what is on disk is not known any more.
    case io
    case readOnly, corrupt, constraintUnique, constraintForeignKey, constraintOther, interrupted, cannotOpen, other
  }

  /// Extended result code, https://sqlite.org/rescode.html
  public let code: Int32
  public let message: String
  /// The statement's text with its placeholders.
  public let sql: String?

  public init(code: Int32, message: String, sql: String? = nil) {
    self.code = code
    self.message = message
    self.sql = sql
  }

  public var kind: Kind {
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED: .busy
    case SQLITE_FULL: .full
    case SQLITE_IOERR: .io
    case SQLITE_READONLY: .readOnly
    case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
    case SQLITE_INTERRUPT: .interrupted
    case SQLITE_CANTOPEN: .cannotOpen
    case SQLITE_CONSTRAINT:
      switch code {
      case 2067, 1555: .constraintUnique  // SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY
      case 787: .constraintForeignKey  // SQLITE_CONSTRAINT_FOREIGNKEY
      default: .constraintOther
      }
    default: .other
    }
  }

  public var description: String {
    "SQLite \(code): \(message)" + (sql.map { " in: \($0)" } ?? "")
  }
}
