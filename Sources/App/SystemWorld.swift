import CLinux
import Domain
import Sodium

extension World {
  /// The real clocks and the operating system's randomness.
  static let system = World(
    now: { Instant(ms: clinux_realtime_us() / 1000) },
    monotonicNs: { clinux_monotonic_ns() },
    random: { Sodium.random($0) })
}
