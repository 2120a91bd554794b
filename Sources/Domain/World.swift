/// What a decision may take from outside: time and randomness, as parameters so that tests move them by hand.
public struct World: Sendable {
  /// UTC now.
  public var now: @Sendable () -> Instant
  /// Nanoseconds on a clock that never steps.
  public var monotonicNs: @Sendable () -> UInt64
  /// Unpredictable bytes.
  public var random: @Sendable (_ count: Int) -> [UInt8]

  public init(
    now: @escaping @Sendable () -> Instant, monotonicNs: @escaping @Sendable () -> UInt64,
    random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    self.now = now
    self.monotonicNs = monotonicNs
    self.random = random
  }

  public func newID<Entity>(_ type: PublicID<Entity>.Type = PublicID<Entity>.self) -> PublicID<Entity> {
    PublicID(random: random(16))
  }
}
