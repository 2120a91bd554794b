import Domain

/// An hour of one monitor in one region, column by column: about a dozen bytes a result.
struct ResultChunk: Hashable, Sendable {
  /// In `ResultEntry.inOrder`.
  var entries: [ResultEntry] = []
  /// By slot.
  var missed: [MissedSlot] = []

  /// Stored beside the body; raised when the layout changes. Format 1 did not say who did a run.
  static let format: Int64 = 2
  /// More than any hour can hold: an interval of 5 s, ten attempts, and room for runs that were asked for.
  private static let entriesMax = 1 << 20

  /// `monitor` and `region` stand in the row; with them most run keys need not be written.
  func encoded(monitor: MonitorID, region: RegionID) -> [UInt8] {
    var out = PackedWriter()
    out.unsigned(UInt64(entries.count))
    out.unsigned(UInt64(missed.count))
    out.column(Self.steps(entries.map(\.at.ms)))
    out.column(
      entries.map {
        $0.trigger << 5 | $0.status << 2 | ($0.isFinal ? 2 : 0) | ($0.slotMs == nil ? 0 : 1)
      })
    out.column(entries.map { $0.startedMs &- $0.at.ms })
    out.column(entries.map { $0.lateMs &- ($0.startedMs &- $0.at.ms) })
    out.column(entries.map(\.attempt))
    out.column(entries.map { Self.optional($0.httpStatus) })
    for i in 0..<ResultEntry.phaseCount { out.column(entries.map { Self.optional($0.phases[i].map(Quantise.index)) }) }
    out.column(entries.map { $0.totalUs &- $0.phases.reduce(0) { $0 &+ ($1 ?? 0) } })
    out.column(entries.map(\.bodyBytes))
    out.column(entries.map(\.loopLagUs))
    out.column(entries.map { Self.optional($0.reason) })
    out.column(entries.map { Self.optional($0.phase) })
    out.column(entries.map { Self.optional($0.note) })
    out.column(entries.map(\.worker))
    let derived = entries.map { $0.runKey == Self.runKey($0.slotMs, monitor, region) }
    out.column(derived.map { $0 ? 1 : 0 })
    for (entry, derived) in zip(entries, derived) where !derived {
      out.raw((0..<8).map { UInt8(truncatingIfNeeded: entry.runKey >> Int64(8 * $0)) })
    }
    out.column(Self.steps(missed.map(\.slot.ms)))
    out.column(missed.map { Int64($0.reason.rawValue) })
    return out.bytes
  }

  init(entries: [ResultEntry] = [], missed: [MissedSlot] = []) {
    self.entries = entries
    self.missed = missed
  }

  init(format: Int64, encoded: [UInt8], monitor: MonitorID, region: RegionID) throws(PackedError) {
    guard (1...Self.format).contains(format) else { throw PackedError(detail: "chunk format \(format) is not known") }
    var input = PackedReader(encoded)
    let n = try input.count(max: Self.entriesMax)
    let m = try input.count(max: Self.entriesMax)
    let at = Self.sums(try input.column(n))
    let flags = try input.column(n)
    let started = try input.column(n)
    let late = try input.column(n)
    let attempt = try input.column(n)
    let http = try input.column(n)
    var phases: [[Int64]] = []
    for _ in 0..<ResultEntry.phaseCount { phases.append(try input.column(n)) }
    let rest = try input.column(n)
    let body = try input.column(n)
    let lag = try input.column(n)
    let reason = try input.column(n)
    let phase = try input.column(n)
    let note = try input.column(n)
    let worker = format > 1 ? try input.column(n) : Array(repeating: 0, count: n)
    let derived = try input.column(n)
    entries.reserveCapacity(n)
    for i in 0..<n {
      let slot = flags[i] & 1 == 1 ? at[i] : nil
      let spent = phases.map { Self.optional($0[i]).map(Quantise.value) }
      var key = Self.runKey(slot, monitor, region)
      if derived[i] == 0 {
        key = 0
        for byte in 0..<8 { key |= Int64(try input.byte()) << Int64(8 * byte) }
      }
      entries.append(
        ResultEntry(
          slotMs: slot, runKey: key, trigger: flags[i] >> 5, isFinal: flags[i] & 2 != 0, attempt: attempt[i],
          startedMs: at[i] &+ started[i], lateMs: late[i] &+ started[i], status: flags[i] >> 2 & 7,
          httpStatus: Self.optional(http[i]), phases: spent,
          totalUs: spent.reduce(rest[i]) { $0 &+ ($1 ?? 0) }, bodyBytes: body[i], loopLagUs: lag[i],
          reason: Self.optional(reason[i]), phase: Self.optional(phase[i]), note: Self.optional(note[i]),
          worker: worker[i]))
    }
    let slots = Self.sums(try input.column(m))
    for (slot, reason) in zip(slots, try input.column(m)) {
      guard let reason = MissedReason(rawValue: Int16(clamping: reason)) else {
        throw PackedError(detail: "no reason \(reason)")
      }
      missed.append(MissedSlot(slot: Instant(ms: slot), reason: reason))
    }
    guard input.isAtEnd else { throw PackedError(detail: "bytes follow the chunk") }
  }

  /// The key of the run that filled a slot, which needs no bytes.
  private static func runKey(_ slotMs: Int64?, _ monitor: MonitorID, _ region: RegionID) -> Int64 {
    guard let slotMs else { return 0 }
    return RunKey(job: JobID(monitor: monitor, region: region, trigger: .schedule, mark: slotMs)).raw
  }

  /// nil as 0, others one up.
  private static func optional(_ value: Int64?) -> Int64 { value.map { $0 &+ 1 } ?? 0 }
  private static func optional(_ stored: Int64) -> Int64? { stored == 0 ? nil : stored &- 1 }

  /// Steps from one to the next: equal for a steady pace, and then a column of one run.
  private static func steps(_ values: [Int64]) -> [Int64] {
    var previous: Int64 = 0
    return values.map { value in
      defer { previous = value }
      return value &- previous
    }
  }

  private static func sums(_ steps: [Int64]) -> [Int64] {
    var sum: Int64 = 0
    return steps.map { step in
      sum = sum &+ step
      return sum
    }
  }
}
