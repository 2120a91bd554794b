/// Whether a monitor goes down and comes back so often that a single change says nothing any more. Knows the last few
/// confirmed changes and nothing else, so its size does not grow with the trouble.
public struct Flapping: Hashable, Sendable {
  /// The newest confirmed changes, newest last; at most `Limits.flappingChanges`. They outlast calm, so that trouble
  /// which only paused is known again at its first change.
  private(set) var recent: [Instant] = []
  public private(set) var isActive = false
  /// Confirmed changes since the first of those that made it flapping; saturates. Kept when it is over, for the summary.
  public private(set) var changes: UInt16 = 0
  /// When the first of those changes was.
  public private(set) var began = Instant(ms: 0)
  /// No change is known since then.
  private(set) var calmFrom = Instant(ms: 0)

  init() {}

  init(recent: [Instant], isActive: Bool, changes: UInt16, began: Instant, calmFrom: Instant) {
    self.recent = recent
    self.isActive = isActive
    self.changes = changes
    self.began = began
    self.calmFrom = calmFrom
  }

  /// Confirmed down, or recovered.
  mutating func changed(at now: Instant, rules: VerdictRules) {
    recent.append(now)
    if recent.count > Limits.flappingChanges { recent.removeFirst(recent.count - Limits.flappingChanges) }
    calmFrom = now
    if isActive {
      if changes < .max { changes += 1 }
    } else if recent.count == Limits.flappingChanges, let first = recent.first,
      now - first <= rules.flappingWindowMs
    {
      isActive = true
      changes = UInt16(clamping: recent.count)
      began = first
    }
  }

  /// What came before nobody saw, or nobody was to see: calm is counted from here.
  mutating func seenAgain(at now: Instant) { if isActive { calmFrom = now } }

  /// When it is over unless something changes.
  func endsAt(_ rules: VerdictRules) -> Instant? { isActive ? calmFrom + rules.calmMs : nil }

  /// Ends it when it has been calm for long enough.
  mutating func settle(at now: Instant, rules: VerdictRules) {
    if let end = endsAt(rules), now >= end { isActive = false }
  }
}
