import Domain

/// The control plane's clock as seen from here: its time is told with each answer, and flows with this machine's
/// monotonic clock between them. What the wall clock here says is of no account.
///
/// An answer proves two things: that clock was not behind what it said when it arrived, and not ahead of it when it was
/// asked for. The first is why the answer that was least late is believed; what the second contradicts is forgotten at
/// once, because one of the two clocks was moved.
public struct ServerClock: Hashable, Sendable {
  private static let bucketNs: UInt64 = 30_000_000_000
  private static let tripKeptNs: UInt64 = 300_000_000_000
  /// So far behind the best one, an answer was very late or that clock was set back.
  private static let doubtNs: Int64 = 250_000_000
  private static let doubtAgainNs: UInt64 = 10_000_000_000
  /// Times are told in whole milliseconds.
  private static let grainNs: Int64 = 2_000_000

  /// Server time less monotonic time, in ns, of the answer that was least late: of this half minute and the one before.
  private var best: Int64?
  private var bestBefore: Int64?
  private var bucketBegan: UInt64 = 0
  /// Half of the shortest round trip of the last minutes, and when it was.
  private var halfTripNs: UInt64 = 0
  private var trippedNs: UInt64?
  private var isDoubtful = false

  public init() {}

  public var isSet: Bool { best != nil || bestBefore != nil }

  /// An answer that arrived at `answeredNs` said `server`. `askedNs` is given where nobody waited on the way, `begunNs`
  /// is when it was asked for in any case.
  public mutating func observe(
    _ server: Instant, askedNs: UInt64?, begunNs: UInt64? = nil, answeredNs: UInt64
  ) {
    takeTrip(askedNs, answeredNs)
    let offset = server.ms * 1_000_000 - Int64(clamping: answeredNs)
    if let begun = askedNs ?? begunNs, begun <= answeredNs {
      let most = server.ms * 1_000_000 - Int64(clamping: begun) + Self.grainNs
      if let one = best, one > most { best = nil }
      if let one = bestBefore, one > most { bestBefore = nil }
    }
    let age = answeredNs - min(bucketBegan, answeredNs)
    if age >= Self.bucketNs {
      bestBefore = age < 2 * Self.bucketNs ? best : nil
      best = nil
      bucketBegan = answeredNs
    }
    if askedNs == nil, let seen = seenNs, seen - offset > Self.doubtNs { isDoubtful = true }
    best = max(best ?? offset, offset)
  }

  private mutating func takeTrip(_ askedNs: UInt64?, _ answeredNs: UInt64) {
    guard let askedNs, answeredNs >= askedNs else { return }
    let half = (answeredNs - askedNs) / 2
    let isOld = trippedNs.map { answeredNs - min($0, answeredNs) >= Self.tripKeptNs } ?? true
    if isOld || half <= halfTripNs {
      halfTripNs = half
      trippedNs = answeredNs
    }
    isDoubtful = false
  }

  /// Whether an answer for which nobody waits would tell more than one that does: the next is asked for like that.
  public func wantsTrip(_ nowNs: UInt64) -> Bool {
    guard isSet, let trippedNs else { return true }
    return nowNs - min(trippedNs, nowNs) >= (isDoubtful ? Self.doubtAgainNs : Self.tripKeptNs)
  }

  private var seenNs: Int64? {
    guard let one = best ?? bestBefore else { return nil }
    return max(one, bestBefore ?? one)
  }

  private var offsetNs: Int64 { (seenNs ?? 0) + Int64(clamping: halfTripNs) }

  public func now(_ nowNs: UInt64) -> Instant { Instant(ms: (Int64(clamping: nowNs) + offsetNs) / 1_000_000) }

  /// CLOCK_MONOTONIC at which the server's clock shows `instant`; a moment before this machine's start is its start.
  public func monotonicNs(of instant: Instant) -> UInt64 { UInt64(max(instant.ms * 1_000_000 - offsetNs, 1)) }
}
