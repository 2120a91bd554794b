import SQLite

/// The installation as a whole.
public enum InstallationQueries {
  /// Throws when the database does not answer.
  public static func answers(in db: Connection) throws {
    _ = try db.first("SELECT created_ms FROM installation WHERE id = 1", []) { $0.int(0) }
  }
}
