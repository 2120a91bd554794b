/// The clock that slots are measured by: UTC at its start, then monotonic, drawn towards UTC by at most 1 %, never stepped.
///
/// A wall clock that jumps moves no slot: an hour's jump is worked off in a hundred hours. Owned by the engine.
public struct SlotClock: Hashable, Sendable {
  /// Largest correction, in parts per million of elapsed time.
  static let slewPPMMax: Int64 = 10_000
  /// An offset is aimed to vanish within this time when the largest correction allows it.
  static let settlingMs: Int64 = 60_000

  private var anchorNs: UInt64
  private var anchorMs: Int64
  private var slewPPM: Int64 = 0

  /// `floor` is the high-water mark of the run before: a wall clock behind it does not repeat slots.
  public init(wall: Instant, monotonicNs: UInt64, floor: Instant) {
    anchorNs = monotonicNs
    anchorMs = max(wall.ms, floor.ms)
  }

  public func now(monotonicNs: UInt64) -> Instant {
    Instant(
      ms: anchorMs + Self.slewed(ns: Int64(clamping: monotonicNs &- min(anchorNs, monotonicNs)), slewPPM) / 1_000_000)
  }

  /// CLOCK_MONOTONIC at which this clock shows `instant`, as far as is known now.
  public func monotonicNs(of instant: Instant) -> UInt64 {
    let slotNs = (instant.ms - anchorMs) * 1_000_000
    let rate = 1_000_000 + slewPPM
    let elapsed = slotNs / rate * 1_000_000 + slotNs % rate * 1_000_000 / rate
    return elapsed >= 0 ? anchorNs + UInt64(elapsed) : anchorNs - min(anchorNs, UInt64(-elapsed))
  }

  /// Compares with UTC and sets the correction from here on.
  public mutating func observe(wall: Instant, monotonicNs: UInt64) {
    guard monotonicNs > anchorNs else { return }
    let here = now(monotonicNs: monotonicNs)
    let offset = wall - here
    // The part of a millisecond that `now` cuts off must not be lost, or the clock would drift with each observation.
    let exact = Self.slewed(ns: Int64(clamping: monotonicNs - anchorNs), slewPPM)
    anchorNs = monotonicNs - UInt64(exact % 1_000_000)
    anchorMs = here.ms
    slewPPM = offset.clamped(to: -Self.settlingMs...Self.settlingMs) * 1_000_000 / Self.settlingMs
    slewPPM = slewPPM.clamped(to: -Self.slewPPMMax...Self.slewPPMMax)
  }

  /// Milliseconds by which UTC is ahead of this clock.
  public func offsetMs(wall: Instant, monotonicNs: UInt64) -> Int64 { wall - now(monotonicNs: monotonicNs) }

  private static func slewed(ns: Int64, _ ppm: Int64) -> Int64 { ns + ns / 1_000_000 * ppm }
}

extension Comparable {
  func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
