import Domain

/// The control plane's clock as seen from here: its time is told with each answer, and flows with this machine's
/// monotonic clock between them. What the wall clock here says is of no account.
public struct ServerClock: Hashable, Sendable {
  private static let bucketNs: UInt64 = 30_000_000_000

  /// Server time less monotonic time, in ns, of the answer that was least late: of this half minute and the one before.
  private var best: Int64?
  private var bestBefore: Int64?
  private var bucketBegan: UInt64 = 0
  /// Half of the shortest round trip.
  private var halfTripNs: UInt64 = 0
  private var knowsTrip = false

  public init() {}

  public var isSet: Bool { best != nil || bestBefore != nil }

  /// An answer that arrived at `answeredNs` said `server`. `askedNs` is given where nobody waited on the way.
  public mutating func observe(_ server: Instant, askedNs: UInt64?, answeredNs: UInt64) {
    if let askedNs, answeredNs >= askedNs {
      let half = (answeredNs - askedNs) / 2
      halfTripNs = knowsTrip ? min(halfTripNs, half) : half
      knowsTrip = true
    }
    if answeredNs - min(bucketBegan, answeredNs) >= Self.bucketNs {
      bestBefore = best
      best = nil
      bucketBegan = answeredNs
    }
    let offset = server.ms * 1_000_000 - Int64(clamping: answeredNs)
    best = max(best ?? offset, offset)
  }

  private var offsetNs: Int64 {
    let seen = max(best ?? .min, bestBefore ?? .min)
    return (seen == .min ? 0 : seen) + Int64(clamping: halfTripNs)
  }

  public func now(_ nowNs: UInt64) -> Instant { Instant(ms: (Int64(clamping: nowNs) + offsetNs) / 1_000_000) }

  /// CLOCK_MONOTONIC at which the server's clock shows `instant`; a moment before this machine's start is its start.
  public func monotonicNs(of instant: Instant) -> UInt64 { UInt64(max(instant.ms * 1_000_000 - offsetNs, 1)) }
}
