/// What the results of a stretch of time add up to. Counts are of slots; latencies are those of checks that did not fail.
public struct Rollup: Hashable, Sendable {
  public var n: Int64 = 0
  public var ok: Int64 = 0
  public var degraded: Int64 = 0
  public var missed: Int64 = 0
  public var sumUs: Int64 = 0
  public var maxUs: Int64 = 0
  public var sketch = Sketch()

  public init() {}

  public var down: Int64 { n - ok - degraded }
  public var isEmpty: Bool { n == 0 && missed == 0 }

  /// Within 1 %, and never above the highest that was seen; nil without a check that went well.
  public func quantile(_ q: Double) -> Int64? { sketch.quantile(q).map { min($0, maxUs) } }

  /// Counts one slot's result.
  public mutating func add(_ status: CheckStatus, totalUs: Int64) {
    n += 1
    switch status {
    case .up: ok += 1
    case .degraded: degraded += 1
    case .down: return
    }
    sumUs += totalUs
    maxUs = max(maxUs, totalUs)
    sketch.add(us: totalUs)
  }

  public mutating func merge(_ other: Rollup) {
    n += other.n
    ok += other.ok
    degraded += other.degraded
    missed += other.missed
    sumUs += other.sumUs
    maxUs = max(maxUs, other.maxUs)
    sketch.merge(other.sketch)
  }
}

/// The sixty minutes of an hour, packed: minutes without results take no byte, one good check takes about five.
public struct MinuteRollups: Hashable, Sendable {
  /// By minute of the hour, 0 to 59. Neither `missed` nor `sumUs` is kept at this grain.
  public var minutes: [Int: Rollup] = [:]

  private static let format: UInt8 = 1

  public init() {}

  public mutating func add(minute: Int, _ status: CheckStatus, totalUs: Int64) {
    minutes[minute, default: Rollup()].add(status, totalUs: totalUs)
    minutes[minute]?.sumUs = 0
  }

  public var encoded: [UInt8] {
    var out = PackedWriter()
    out.raw([Self.format])
    var next = 0
    for (minute, rollup) in minutes.sorted(by: { $0.key < $1.key }) {
      let allOk = rollup.ok == rollup.n
      out.unsigned(UInt64(minute - next) << 1 | (allOk ? 1 : 0))
      next = minute + 1
      out.unsigned(UInt64(rollup.n))
      if !allOk {
        out.unsigned(UInt64(rollup.ok))
        out.unsigned(UInt64(rollup.degraded))
      }
      let measured = rollup.ok + rollup.degraded
      if measured > 0 { out.unsigned(UInt64(Quantise.index(rollup.maxUs))) }
      // Of a single check the highest is all there is to know.
      if measured > 1 { rollup.sketch.encode(to: &out) }
    }
    return out.bytes
  }

  public init(encoded: [UInt8]) throws(PackedError) {
    var input = PackedReader(encoded)
    guard try input.byte() == Self.format else { throw PackedError(detail: "minutes format is not known") }
    var next = 0
    while !input.isAtEnd {
      let head = try input.count(max: 127)
      let minute = next + (head >> 1)
      guard minute < 60 else { throw PackedError(detail: "a minute is beyond its hour") }
      next = minute + 1
      var rollup = Rollup()
      rollup.n = Int64(try input.count(max: 1 << 30))
      rollup.ok = rollup.n
      if head & 1 == 0 {
        rollup.ok = Int64(try input.count(max: 1 << 30))
        rollup.degraded = Int64(try input.count(max: 1 << 30))
      }
      let measured = rollup.ok + rollup.degraded
      if measured > 0 { rollup.maxUs = Quantise.value(Int64(try input.count(max: 1 << 32))) }
      if measured == 1 { rollup.sketch.add(us: rollup.maxUs) }
      if measured > 1 { rollup.sketch = try Sketch(from: &input) }
      minutes[minute] = rollup
    }
  }
}
