import Domain
import Store

/// What one turn of the engine has to store, worked out before the transaction and applied inside it.
struct Ledger: Sendable {
  struct Kept: Sendable {
    var report: RunReport
    var isFirst: Bool
    var organization: OrganizationID
  }
  struct Entered: Sendable {
    var monitor: MonitorID
    var state: MonitorStatus
    var since: Instant
  }

  var results: [RunReport] = []
  /// Results of slots behind the newest one: stored only when the slot is still empty. With each its place in the batch.
  var outOfOrder: [(place: Int, report: RunReport)] = []
  var missed: [ClosedJob] = []
  var entered: [Entered] = []
  var shown: [(monitor: MonitorID, shown: Verdict.Shown)] = []
  var verdicts: [MonitorID: Verdict] = [:]
  var changes: [MonitorChange] = []
  var evidence: [Kept] = []
  /// Who is to look at once: all regions but the one that failed.
  var secondOpinions: [(monitor: MonitorID, than: RegionID)] = []
  /// Regions that say down alone, and are to look again.
  var lookAgain: [(monitor: MonitorID, region: RegionID)] = []

  /// Regions that gained or lost their voice.
  var regions: [RegionChange] = []
  /// What is to be told of slots without an outcome.
  var slotAlarms: [SlotAlarm.Change] = []
  /// Runs that were asked for and are among the results with their last word.
  var askedRuns: Set<RunKey> = []
  /// Monitors with results that came too late to move their state.
  var late: [MonitorID: LateStretch] = [:]
  /// Monitors to be looked at once when this is stored.
  var wanted: [MonitorID] = []

  var isEmpty: Bool {
    results.isEmpty && outOfOrder.isEmpty && missed.isEmpty && entered.isEmpty && shown.isEmpty && verdicts.isEmpty
      && wanted.isEmpty && regions.isEmpty && slotAlarms.isEmpty
  }
}
