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
    // Attempts may all fail at once; only the pauses between them take time for certain.
    neverReportedMs = (0..<max(settings.attempts, 1)).dropFirst()
      .reduce(0) { $0 + MonitorSettings.backOffMs(beforeAttempt: $1) }
  }

  /// From the start of the first failing attempt to the end of the last one when each takes its whole timeout.
  private static func confirmationMs(_ settings: MonitorSettings, intervalMs: Int64) -> Int64 {
    var slotStart: Int64 = 0
    var end: Int64 = 0
    var inSlot = 0
    for _ in 0..<max(settings.attempts, 1) {
      let pause = inSlot == 0 ? 0 : MonitorSettings.backOffMs(beforeAttempt: inSlot)
      if inSlot > 0, end + pause + Int64(settings.timeoutMs) - slotStart > intervalMs {
        slotStart += intervalMs
        inSlot = 0
        end = slotStart + Int64(settings.timeoutMs)
      } else {
        end += pause + Int64(settings.timeoutMs)
      }
      inSlot += 1
    }
    return end
  }
}
