/// One stretch of time in which a monitor is due in a region at a steady pace: slots are `phaseMs + k × intervalMs`
/// since 1970, from `from` on and before `to`.
public struct PlanRow: Hashable, Sendable {
  public var id: Int64
  public var monitor: MonitorID
  public var region: RegionID
  public var from: Instant
  /// nil while the row is the one in force.
  public var to: Instant?
  public var intervalMs: Int64
  /// 0 ..< intervalMs.
  public var phaseMs: Int64

  public init(
    id: Int64, monitor: MonitorID, region: RegionID, from: Instant, to: Instant? = nil, intervalMs: Int64,
    phaseMs: Int64
  ) {
    self.id = id
    self.monitor = monitor
    self.region = region
    self.from = from
    self.to = to
    self.intervalMs = intervalMs
    self.phaseMs = phaseMs
  }

  /// The first slot of this row at or after `instant`; nil when the row ends before it.
  public func firstSlot(atOrAfter instant: Instant) -> Instant? {
    let slot = aligned(max(instant, from))
    return to.map { slot < $0 } ?? true ? slot : nil
  }

  /// The slots of this row in `from ..< to`, in order.
  public func slots(from start: Instant, to end: Instant) -> LazyMapSequence<StrideTo<Int64>, Instant> {
    let (first, last) = bounds(start, end)
    return stride(from: first, to: last, by: Int64.Stride(intervalMs)).lazy.map(Instant.init(ms:))
  }

  /// How many slots lie in `from ..< to`, without walking them.
  public func slotCount(from start: Instant, to end: Instant) -> Int64 {
    let (first, last) = bounds(start, end)
    return first < last ? (last - first - 1) / intervalMs + 1 : 0
  }

  /// The newest slot before `instant`; nil when the row begins after it.
  public func lastSlot(before instant: Instant) -> Instant? {
    let end = to.map { min($0, instant) } ?? instant
    let slot = aligned(end) - intervalMs
    return slot >= from ? slot : nil
  }

  /// Whether `instant` is a slot of this row.
  public func contains(_ instant: Instant) -> Bool { firstSlot(atOrAfter: instant) == instant }

  private func bounds(_ start: Instant, _ end: Instant) -> (first: Int64, last: Int64) {
    (aligned(max(start, from)).ms, min(end, to ?? end).ms)
  }

  /// The first multiple at or after `instant`.
  private func aligned(_ instant: Instant) -> Instant {
    let behind = instant.ms - phaseMs
    let k = behind.flooredDivision(by: intervalMs)
    return Instant(ms: phaseMs + (k * intervalMs == behind ? k : k + 1) * intervalMs)
  }
}

/// A due time of one monitor in one region.
public struct Slot: Hashable, Comparable, Sendable {
  public let at: Instant
  public let monitor: MonitorID
  public let region: RegionID

  public init(_ at: Instant, _ monitor: MonitorID, _ region: RegionID) {
    self.at = at
    self.monitor = monitor
    self.region = region
  }

  /// By time, then monitor, then region: one order everywhere.
  public static func < (a: Slot, b: Slot) -> Bool { (a.at, a.monitor, a.region) < (b.at, b.monitor, b.region) }
}

/// When monitors are due, as a pure function of their plan rows.
public enum Schedule {
  /// All slots of `rows` in `from ..< to`, by time.
  public static func slots(of rows: some Sequence<PlanRow>, from: Instant, to: Instant) -> [Slot] {
    var out: [Slot] = []
    for row in rows { for at in row.slots(from: from, to: to) { out.append(Slot(at, row.monitor, row.region)) } }
    out.sort()
    return out
  }

  /// How many slots `rows` hold in `from ..< to`.
  public static func slotCount(of rows: some Sequence<PlanRow>, from: Instant, to: Instant) -> Int64 {
    rows.reduce(0) { $0 + $1.slotCount(from: from, to: to) }
  }

  /// The phases of a monitor in `regions` regions: the first falls by a hash of the monitor's public id, the others
  /// follow at even distances, so that three regions at 60 s look every 20 s.
  public static func phases(of monitor: PublicID<MonitorTag>, regions: Int, intervalMs: Int64) -> [Int64] {
    let base = Int64(hash(monitor.text) % UInt64(intervalMs))
    return (0..<regions).map { (base + Int64($0) * intervalMs / Int64(regions)) % intervalMs }
  }

  /// FNV-1a, then the finaliser of SplitMix64 so that every bit of the text reaches the low bits.
  static func hash(_ text: String) -> UInt64 {
    var h: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
    h = (h ^ h >> 30) &* 0xbf58_476d_1ce4_e5b9
    h = (h ^ h >> 27) &* 0x94d0_49bb_1331_11eb
    return h ^ h >> 31
  }
}
