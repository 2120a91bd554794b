/// When a notification that did not pass is tried again, and when it is given up.
public enum DeliveryPolicy {
  /// Pauses after the first, second … failed try: 75 hours in all, dense at first because outages are short.
  public static let pausesMs: [Int64] = [
    5000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 43_200_000, 86_400_000,
    86_400_000,
  ]
  /// A claim that is not settled by then may be taken by another sender; longer than any delivery may take.
  public static let leaseMs: Int64 = 120_000

  public enum Step: Hashable, Sendable {
    case again(at: Instant)
    case giveUp
  }

  /// `attempts` counts the tries so far, this one included; `jitter` from 0 to 1 spreads those that failed together.
  public static func after(failures attempts: Int, now: Instant, askedS: Int?, jitter: Double) -> Step {
    guard attempts >= 1, attempts <= pausesMs.count else { return .giveUp }
    let pause = pausesMs[attempts - 1]
    let spread = Int64(Double(pause) * 0.2 * min(max(jitter, 0), 1))
    return .again(at: now + max(pause + spread, Int64(askedS ?? 0) * 1000))
  }
}
