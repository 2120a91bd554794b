import SQLite

/// What callers without the database's own module may ask about an error.
public enum StoreTrouble {
  /// Whether the same request may succeed a little later: busy, full or closing.
  public static func isPassing(_ error: any Error) -> Bool {
    if error is DatabaseClosed { return true }
    guard let error = error as? SQLiteError else { return false }
    return switch error.kind {
    case .busy, .full, .io, .readOnly, .interrupted: true
    default: false
    }
  }
}
