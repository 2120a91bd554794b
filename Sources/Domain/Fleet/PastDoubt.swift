/// What a guard would have said of a region's past.
extension RegionGuard {
  /// One finished attempt.
  public struct PastSight: Hashable, Sendable {
    public var target: String
    public var failed: Bool
    public var at: Instant

    public init(target: String, failed: Bool, at: Instant) {
      self.target = target
      self.failed = failed
      self.at = at
    }
  }

  /// When the region's own network was in doubt, oldest first, not overlapping. From the first of the failures that came
  /// together on, as here nothing has to be told before it is understood. `dead` targets failed long before the first of
  /// `sights`, so that they do not seem to begin to fail together with it.
  public static func doubts(
    _ sights: some Sequence<PastSight>, dead: some Sequence<String> = [String]()
  ) -> [Range<Instant>] {
    let sights = sights.sorted(by: { ($0.at, $0.target) < ($1.at, $1.target) })
    guard let first = sights.first?.at else { return [] }
    var watch = RegionGuard()
    for target in dead { _ = watch.see(target, failed: true, at: first - 2 * windowMs) }
    var out: [Range<Instant>] = []
    var since: Instant?
    var last = Instant(ms: 0)
    for sight in sights {
      _ = watch.see(sight.target, failed: sight.failed, at: sight.at)
      last = sight.at
      guard watch.conclude(now: sight.at) else { continue }
      if watch.isSuspect {
        since = max(sight.at - windowMs, out.last?.upperBound ?? sight.at - windowMs)
      } else if let start = since {
        out.append(start..<max(start, sight.at))
        since = nil
      }
    }
    if let start = since { out.append(start..<max(start, last + windowMs)) }
    return out
  }
}
