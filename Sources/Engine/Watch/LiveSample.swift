import Domain
@_spi(Minting) import Store

/// A result that was stored, for those who watch charts live.
public struct LiveSample: Sendable {
  public let scope: TenantScope
  public let monitor: MonitorID
  public let publicID: PublicID<MonitorTag>
  /// The region's name.
  public let region: String
  public let status: CheckStatus
  public let startedAt: Instant
  /// Whole answer, µs; nil when there was none.
  public let totalUs: Int32?
}

extension Engine {
  /// Tells of every final result of a stored ledger; nobody may be listening, which is the listener's to find out.
  func tell(_ ledger: Ledger) {
    for report in ledger.results where report.isFinal {
      guard let one = watched[report.job.monitor] else { continue }
      let seen = report.observation
      onSample(
        LiveSample(
          scope: TenantScope(minting: one.organization), monitor: one.id, publicID: one.publicID,
          region: regionNames[report.job.region] ?? "", status: report.status, startedAt: seen.startedAt,
          totalUs: seen.failure == nil ? seen.timing.totalUs : nil))
    }
  }
}
