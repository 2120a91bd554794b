import Domain
import SQLite
import Synchronization

/// Knows which rows of the result log belong to which monitor, so that the log itself needs no second index: four bytes
/// a row. It catches up with the log by itself, from where it last looked, in the transaction of whoever asks.
///
/// Relies on the log's keys only ever growing: closing hours always leaves the newest row in place.
public final class LogIndex: Sendable {
  private struct State {
    /// Every key up to here is known.
    var last: Int64 = 0
    /// Keys are kept as their distance to this one.
    var base: Int64 = 0
    var rows: [Int64: [UInt32]] = [:]
  }
  private let state = Mutex(State())

  public init() {}

  /// Keys of the log's rows of one monitor, oldest first. Some may be gone by now.
  func keys(of monitor: MonitorID, in db: Connection) throws -> [Int64] {
    try state.withLock { state in
      try Self.catchUp(&state, db)
      return (state.rows[monitor.raw] ?? []).map { state.base + Int64($0) }
    }
  }

  /// Every monitor that has rows in the log, in order.
  func monitors(in db: Connection) throws -> [MonitorID] {
    try state.withLock { state in
      try Self.catchUp(&state, db)
      return state.rows.keys.sorted().map(MonitorID.init)
    }
  }

  /// Forgets the rows before `key`, which are deleted.
  func forget(before key: Int64) {
    state.withLock { state in
      guard key > state.base else { return }
      let shift = key - state.base
      state.rows = state.rows.compactMapValues { rows in
        let left = rows.filter { Int64($0) >= shift }.map { UInt32(Int64($0) - shift) }
        return left.isEmpty ? nil : left
      }
      state.base = key
    }
  }

  private static func catchUp(_ state: inout State, _ db: Connection) throws {
    var last = state.last
    var rows: [(Int64, Int64)] = []
    try db.each("SELECT id, monitor_id FROM result_log WHERE id > $1 ORDER BY id", [.int(last)]) { row in
      rows.append((row.int(0), row.int(1)))
    }
    for (key, monitor) in rows {
      // The first look at a log whose early part is long gone: distances are counted from its first row.
      if state.rows.isEmpty, key > state.base { state.base = key }
      guard let distance = UInt32(exactly: key - state.base) else { continue }
      state.rows[monitor, default: []].append(distance)
      last = key
    }
    state.last = last
  }
}
