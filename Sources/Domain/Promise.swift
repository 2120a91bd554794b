/// What a monitor's settings promise: which outages are always reported, and which never.
public struct Promise: Hashable, Sendable {
  /// An outage longer than this is always reported.
  public let alwaysReportedMs: Int64
  /// An outage shorter than this is never reported; 0 when a single failing attempt is enough.
  public let neverReportedMs: Int64

  public init(_ settings: MonitorSettings) {
    let interval = Int64(settings.intervalS) * 1000
    let regions = Int64(max(settings.regions.count, 1))
    // The first look after the outage began; the regions of a monitor take turns within its interval.
    let firstLook = (interval + regions - 1) / regions
    alwaysReportedMs = firstLook + Self.confirmationMs(settings, intervalMs: interval)
    // Attempts may all fail at once; only the distances that they keep take time for certain.
    neverReportedMs = (0..<max(settings.attempts, 1)).dropFirst()
      .reduce(0) { $0 + MonitorSettings.distanceMs(beforeAttempt: $1) }
  }

  /// From the start of the first failing attempt to the end of the one that confirms, when each takes its whole timeout.
  /// An attempt whose time does not fit into its slot is left to the next one, and counts there when it keeps its distance.
  private static func confirmationMs(_ settings: MonitorSettings, intervalMs: Int64) -> Int64 {
    let timeout = Int64(settings.timeoutMs)
    var slot: Int64 = 0
    var start: Int64 = 0
    var last: Int64 = 0
    var counted = 1
    var attempt = 1
    while counted < settings.attempts {
      let next = start + timeout + MonitorSettings.backOffMs(beforeAttempt: attempt)
      if attempt < settings.attempts, next + timeout <= slot + settings.slotBudgetMs {
        start = next
        attempt += 1
      } else {
        slot += intervalMs
        start = slot
        attempt = counted + 1
      }
      guard start - last >= MonitorSettings.distanceMs(beforeAttempt: counted) else { continue }
      last = start
      counted += 1
    }
    return last + timeout
  }
}
