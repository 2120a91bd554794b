/// A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z; leap seconds do not exist in it.
public struct Instant: Hashable, Comparable, Sendable {
  public let ms: Int64

  public init(ms: Int64) { self.ms = ms }

  public static func < (a: Instant, b: Instant) -> Bool { a.ms < b.ms }

  public static func + (a: Instant, ms: Int64) -> Instant { Instant(ms: a.ms + ms) }
  public static func - (a: Instant, ms: Int64) -> Instant { Instant(ms: a.ms - ms) }
  /// Milliseconds from `b` to `a`.
  public static func - (a: Instant, b: Instant) -> Int64 { a.ms - b.ms }

  public static let secondMs: Int64 = 1000
  public static let minuteMs: Int64 = 60_000
  public static let hourMs: Int64 = 3_600_000
  public static let dayMs: Int64 = 86_400_000

  /// The number of the UTC hour and day that hold this moment, counted from 1970.
  public var hour: Int64 { ms.flooredDivision(by: Self.hourMs) }
  public var day: Int64 { ms.flooredDivision(by: Self.dayMs) }
}

extension Int64 {
  /// Division that rounds down for negative numbers as well; `divisor` is positive.
  public func flooredDivision(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}

extension Sequence<Range<Instant>> {
  /// What of each falls into `time`, without those that do not.
  public func within(_ time: Range<Instant>) -> [Range<Instant>] {
    map { $0.clamped(to: time) }.filter { !$0.isEmpty }
  }
}
