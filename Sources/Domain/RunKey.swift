/// The 64 bits that name a run; its public id is made of them and back.
public struct RunKey: Hashable, Sendable {
  public let raw: Int64

  public init(raw: Int64) { self.raw = raw }

  public init(job: JobID) {
    var hash = Self.mix(UInt64(bitPattern: job.monitor.raw) &+ 0x9E37_79B9_7F4A_7C15)
    hash = Self.mix(hash ^ UInt64(bitPattern: job.region.raw))
    hash = Self.mix(hash ^ UInt64(bitPattern: job.mark) &+ UInt64(job.trigger.rawValue.magnitude) << 56)
    raw = Int64(bitPattern: hash)
  }

  /// splitmix64's finalizer (Steele, Lea, Flood 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
