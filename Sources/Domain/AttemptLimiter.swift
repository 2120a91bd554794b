/// Leaky buckets by key: so many attempts at once, then one per interval. A pure value; its owner holds the lock.
public struct AttemptLimiter: Sendable {
  public struct Rule: Sendable {
    /// Attempts that a rested key may make at once.
    public var burst: Int
    /// How long until one more is allowed.
    public var refillMs: Int64

    public init(burst: Int, refillMs: Int64) {
      self.burst = burst
      self.refillMs = refillMs
    }
  }

  /// When the bucket of a key will be empty again; keys that are empty are forgotten.
  private var emptyAt: [String: Instant] = [:]
  private let rule: Rule
  private let keysMax: Int

  public init(_ rule: Rule, keysMax: Int = 20_000) {
    self.rule = rule
    self.keysMax = keysMax
  }

  /// Takes one attempt, or answers after how many seconds one may be made.
  public mutating func take(_ key: String, now: Instant) -> Int? {
    let start = max(emptyAt[key] ?? now, now)
    let waitMs = (start - now) - Int64(rule.burst - 1) * rule.refillMs
    guard waitMs <= 0 else { return Int((waitMs + 999) / 1000) }
    makeRoom(now: now)
    emptyAt[key] = start + rule.refillMs
    return nil
  }

  /// Gives one attempt back: it was honest.
  public mutating func giveBack(_ key: String, now: Instant) {
    guard let at = emptyAt[key] else { return }
    let earlier = at - rule.refillMs
    emptyAt[key] = earlier > now ? earlier : nil
  }

  /// Forgets rested keys; when all are busy, the one that would be forgotten first.
  private mutating func makeRoom(now: Instant) {
    guard emptyAt.count >= keysMax else { return }
    emptyAt = emptyAt.filter { $0.value > now }
    if emptyAt.count >= keysMax, let first = emptyAt.min(by: { $0.value < $1.value }) { emptyAt[first.key] = nil }
  }
}
