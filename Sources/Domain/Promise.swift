/// What a monitor's settings promise: which outages are always reported, and which never. True while every region of the
/// monitor is well and sees the target alike.
public struct Promise: Hashable, Sendable {
  /// An outage longer than this is always reported.
  public let alwaysReportedMs: Int64
  /// An outage shorter than this is never reported; 0 when a single failing attempt is enough.
  public let neverReportedMs: Int64
  /// The first number when regions are missing, failing on their own or suspect, as long as one of them looks.
  public let alwaysReportedByOneMs: Int64
  /// From the moment when every region is asked to look until a failure that lasts is confirmed, at most.
  public let confirmedAfterMs: Int64

  public init(_ settings: MonitorSettings) {
    let interval = Int64(settings.intervalS) * 1000
    let timeout = Int64(settings.timeoutMs)
    let regions = max(settings.regions.count, 1)
    let confirmation = Self.confirmationMs(settings, intervalMs: interval, runsOverlap: regions > 1)
    confirmedAfterMs = Limits.secondOpinionMs + confirmation
    // The first look after the outage began; the regions of a monitor take turns within its interval.
    let firstLook = (interval + Int64(regions) - 1) / Int64(regions)
    let rules = VerdictRules(settings)
    // Each region by its own slots, whatever the others do; one that is left alone has to see it once more.
    let again = confirmation + MonitorSettings.backOffMs(beforeAttempt: 1) + Limits.secondOpinionMs
    alwaysReportedByOneMs = interval + confirmation + (regions > 1 && rules.quorum != 1 ? again : 0)
    if rules.neededForDown(of: regions) == 1 {
      alwaysReportedMs = firstLook + confirmation
    } else {
      // The others look at once when the first failing attempt ends, and then each goes through its own attempts.
      alwaysReportedMs = min(firstLook + timeout + Limits.secondOpinionMs + confirmation, alwaysReportedByOneMs)
    }
    // Attempts may all fail at once, and in all regions at the same time; only the distances that they keep take time for
    // certain.
    neverReportedMs = (0..<max(settings.attempts, 1)).dropFirst()
      .reduce(0) { $0 + MonitorSettings.distanceMs(beforeAttempt: $1) }
  }

  /// From the start of the first failing attempt to the end of the one that confirms, when each takes its whole timeout.
  ///
  /// An attempt whose time does not fit into its slot is left to the next ones, of which only the start is sure to be an
  /// attempt: the job was made while less was known. Where runs of a region overlap (a slot and a second opinion), a later
  /// attempt may take the place of one that is still under way, and the next has to keep its distance from that one.
  private static func confirmationMs(_ settings: MonitorSettings, intervalMs: Int64, runsOverlap: Bool) -> Int64 {
    let timeout = Int64(settings.timeoutMs)
    var last: Int64 = 0
    var counted = 1
    while counted < settings.attempts {
      let next = last + timeout + MonitorSettings.backOffMs(beforeAttempt: counted)
      guard next + timeout <= settings.slotBudgetMs else { break }
      last = next
      counted += 1
    }
    var slot: Int64 = 0
    while counted < settings.attempts {
      let distance = MonitorSettings.distanceMs(beforeAttempt: counted)
      if runsOverlap {
        last += timeout + distance + intervalMs
      } else {
        repeat { slot += intervalMs } while slot - last < distance
        last = slot
      }
      counted += 1
    }
    return last + timeout
  }
}
