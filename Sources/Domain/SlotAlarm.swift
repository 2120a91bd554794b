/// Tells when due times stay without a result and without a reason longer than they may: once when that begins and once
/// when it is over, however many they are. A pure value, owned by the engine.
public struct SlotAlarm: Hashable, Sendable {
  public struct Change: Hashable, Sendable {
    public let isOver: Bool
    /// When the first of them closed without an outcome.
    public let since: Instant
    public let at: Instant

    public init(isOver: Bool, since: Instant, at: Instant) {
      self.isOver = isOver
      self.since = since
      self.at = at
    }
  }

  /// Nil while all is accounted for.
  public private(set) var since: Instant?
  /// One look may fall on a result that is just being stored.
  private var wasLate = false

  public init(since: Instant? = nil) { self.since = since }

  /// Looks at when the oldest slot that has no outcome closed or will close; nil when there is none.
  public mutating func look(oldestCloses closes: Instant?, now: Instant) -> Change? {
    let lateMs = closes.map { now - $0 } ?? 0
    if let began = since {
      guard lateMs <= 0 else { return nil }
      since = nil
      wasLate = false
      return Change(isOver: true, since: began, at: now)
    }
    defer { wasLate = lateMs > Limits.slotOverdueMs }
    guard lateMs > Limits.slotOverdueMs, wasLate, let closes else { return nil }
    since = closes
    return Change(isOver: false, since: closes, at: now)
  }
}
