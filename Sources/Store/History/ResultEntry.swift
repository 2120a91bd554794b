import Domain
import SQLite

/// One attempt as the log and the chunks keep it: integers only, its words by the key of their note.
struct ResultEntry: Hashable, Sendable {
  var slotMs: Int64?
  var runKey: Int64
  var trigger: Int64
  var isFinal: Bool
  var attempt: Int64
  var startedMs: Int64
  var lateMs: Int64
  var status: Int64
  var httpStatus: Int64?
  /// dns, connect, tls, first byte, transfer, in µs.
  var phases: [Int64?]
  var totalUs: Int64
  var bodyBytes: Int64
  var loopLagUs: Int64
  var reason: Int64?
  var phase: Int64?
  var note: Int64?
  /// The key of who did it; 0 is the control plane's own process.
  var worker: Int64 = 0

  static let phaseCount = 5

  /// What decides the hour that the result belongs to: its due time, or for runs that were asked for their start.
  var at: Instant { Instant(ms: slotMs ?? startedMs) }

  /// Whether it fills its slot; everything else is kept but counts in no number and no percentile.
  var counts: Bool { isFinal && slotMs != nil && trigger == Int64(Trigger.schedule.rawValue) }

  /// Names an attempt: the same one may stand in the log and in a chunk while an hour is being closed.
  struct Name: Hashable {
    let runKey: Int64
    let attempt: Int64
    let isFinal: Bool
  }
  var name: Name { Name(runKey: runKey, attempt: attempt, isFinal: isFinal) }

  static func inOrder(_ a: ResultEntry, _ b: ResultEntry) -> Bool {
    (a.at.ms, a.startedMs, a.attempt, a.runKey) < (b.at.ms, b.startedMs, b.attempt, b.runKey)
  }

  /// One list without repeats: an attempt once, a slot's final result once (the one that started first).
  static func merged(_ lists: [ResultEntry]...) -> [ResultEntry] {
    var names = Set<Name>()
    var slots = Set<Int64>()
    return lists.joined().sorted(by: inOrder).filter { entry in
      guard names.insert(entry.name).inserted else { return false }
      guard entry.counts, let slot = entry.slotMs else { return true }
      return slots.insert(slot).inserted
    }
  }
}

extension ResultEntry {
  static let columns =
    """
    slot_ms, run_key, trigger, final, attempt, started_ms, late_ms, status, http_status, dns_us, connect_us, tls_us,
    first_byte_us, transfer_us, total_us, body_bytes, loop_lag_us, reason, phase, note_id, worker_id
    """

  /// From a row of the log whose `columns` begin at `first`.
  init(_ row: Row, from first: Int) {
    slotMs = row.intOrNil(first)
    runKey = row.int(first + 1)
    trigger = row.int(first + 2)
    isFinal = row.bool(first + 3)
    attempt = row.int(first + 4)
    startedMs = row.int(first + 5)
    lateMs = row.int(first + 6)
    status = row.int(first + 7)
    httpStatus = row.intOrNil(first + 8)
    phases = (0..<Self.phaseCount).map { row.intOrNil(first + 9 + $0) }
    totalUs = row.int(first + 14)
    bodyBytes = row.int(first + 15)
    loopLagUs = row.int(first + 16)
    reason = row.intOrNil(first + 17)
    phase = row.intOrNil(first + 18)
    note = row.intOrNil(first + 19)
    worker = row.int(first + 20)
  }
}

/// A slot that ended without a result.
public struct MissedSlot: Hashable, Sendable {
  public let slot: Instant
  public let reason: MissedReason

  public init(slot: Instant, reason: MissedReason) {
    self.slot = slot
    self.reason = reason
  }
}
