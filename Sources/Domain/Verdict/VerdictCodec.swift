/// A stored verdict that this version cannot read.
public struct VerdictCodecError: Error, Hashable, Sendable {
  public let detail: String
}

/// The bytes of `monitor_verdict.body`: little-endian integers in declaration order. `votes[i].at` is left to the log,
/// so that a steady monitor's bytes do not change with each check.
extension Verdict {
  /// Stored beside the body; raised when the layout changes.
  public static let format: Int64 = 3
  /// Without flapping; still read.
  static let formatBeforeFlapping: Int64 = 2

  public var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(rules.intervalMs)
    out.put(rules.budgetMs)
    out.put(rules.attempts)
    out.put(rules.recoveryChecks)
    out.put(rules.degradedChecks)
    out.put(rules.quorum)
    out.put(UInt8(base.code))
    out.put(
      UInt8(
        (isEnabled ? 1 : 0) | (inMaintenance ? 2 : 0) | (inOutage ? 4 : 0) | (shown.recovering ? 8 : 0)
          | (shown.flapping ? 16 : 0)))
    out.put(UInt8(shown.status.code))
    out.put(baseSince.ms)
    out.put(floor.ms)
    out.put(shown.since.ms)
    out.put(splitSince?.ms ?? -1)
    out.put(UInt8(clamping: votes.count))
    for vote in votes {
      out.put(vote.region.raw)
      out.put(vote.vote.rawValue | (vote.isSlow ? 4 : 0) | (vote.isHealthy ? 8 : 0) | (vote.isStandIn ? 16 : 0))
      out.put(vote.failures)
      out.put(vote.successes)
      out.put(vote.turning)
      out.put(vote.firstFailure.ms)
      out.put(vote.lastFailure.ms)
      out.put(vote.firstSuccess.ms)
      out.put(vote.slowEdge.ms)
    }
    out.put(flapping.isActive ? 1 : 0 as UInt8)
    out.put(flapping.changes)
    out.put(flapping.began.ms)
    out.put(flapping.calmFrom.ms)
    out.put(UInt8(clamping: flapping.recent.count))
    for at in flapping.recent { out.put(at.ms) }
    return out.bytes
  }

  public init(format: Int64, encoded: [UInt8]) throws(VerdictCodecError) {
    guard format == Self.format || format == Self.formatBeforeFlapping else {
      throw VerdictCodecError(detail: "verdict format \(format) is not known")
    }
    var input = ByteReader(bytes: encoded)
    let rules = VerdictRules(
      intervalMs: try input.take(), budgetMs: try input.take(), attempts: try input.take(),
      recoveryChecks: try input.take(), degradedChecks: try input.take(), quorum: try input.take())
    self.init(rules: rules, at: Instant(ms: 0))
    base = try input.status()
    let flags: UInt8 = try input.take()
    isEnabled = flags & 1 != 0
    inMaintenance = flags & 2 != 0
    inOutage = flags & 4 != 0
    shown.recovering = flags & 8 != 0
    shown.flapping = flags & 16 != 0
    shown.status = try input.status()
    baseSince = Instant(ms: try input.take())
    floor = Instant(ms: try input.take())
    shown.since = Instant(ms: try input.take())
    let split: Int64 = try input.take()
    splitSince = split < 0 ? nil : Instant(ms: split)
    let count: UInt8 = try input.take()
    votes.reserveCapacity(Int(count))
    for _ in 0..<count { votes.append(try input.vote()) }
    if format == Self.format { flapping = try input.flapping() }
    guard input.isAtEnd else { throw VerdictCodecError(detail: "bytes follow the verdict") }
  }
}

private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

private struct ByteReader {
  let bytes: [UInt8]
  var position = 0

  var isAtEnd: Bool { position == bytes.count }

  mutating func take<T: FixedWidthInteger>() throws(VerdictCodecError) -> T {
    let size = MemoryLayout<T>.size
    guard position + size <= bytes.count else { throw VerdictCodecError(detail: "the verdict is cut short") }
    var value: T = 0
    for i in (0..<size).reversed() { value = value << (size > 1 ? 8 : 0) | T(truncatingIfNeeded: bytes[position + i]) }
    position += size
    return value
  }

  mutating func status() throws(VerdictCodecError) -> MonitorStatus {
    let code: UInt8 = try take()
    guard let status = MonitorStatus(code: Int64(code)) else { throw VerdictCodecError(detail: "no state \(code)") }
    return status
  }

  mutating func flapping() throws(VerdictCodecError) -> Flapping {
    let isActive: UInt8 = try take()
    let changes: UInt16 = try take()
    let began: Int64 = try take()
    let calmFrom: Int64 = try take()
    let count: UInt8 = try take()
    guard count <= Limits.flappingChanges else { throw VerdictCodecError(detail: "\(count) changes") }
    var recent: [Instant] = []
    for _ in 0..<count { recent.append(Instant(ms: try take())) }
    return Flapping(
      recent: recent, isActive: isActive != 0, changes: changes, began: Instant(ms: began),
      calmFrom: Instant(ms: calmFrom))
  }

  mutating func vote() throws(VerdictCodecError) -> RegionVote {
    var vote = RegionVote(region: RegionID(try take()))
    let flags: UInt8 = try take()
    guard let kind = RegionVote.Vote(rawValue: flags & 3) else { throw VerdictCodecError(detail: "no vote \(flags)") }
    vote.vote = kind
    vote.isSlow = flags & 4 != 0
    vote.isHealthy = flags & 8 != 0
    vote.isStandIn = flags & 16 != 0
    vote.failures = try take()
    vote.successes = try take()
    vote.turning = try take()
    vote.firstFailure = Instant(ms: try take())
    vote.lastFailure = Instant(ms: try take())
    vote.firstSuccess = Instant(ms: try take())
    vote.slowEdge = Instant(ms: try take())
    return vote
  }
}
