import Domain
import Probe
import Store
import Wire

/// A monitor in the engine's memory. Owned by the engine's actor.
final class Watched {
  let id: MonitorID
  let publicID: PublicID<MonitorTag>
  let organization: OrganizationID
  private(set) var settings: MonitorSettings
  private(set) var plan: [PlanRow]
  /// Rows that an edit ended lately: slots of before are still to have their outcome.
  var endedPlan: [PlanRow] = []
  private(set) var allowsPrivate: Bool
  var verdict: Verdict
  /// The newest slot that has its result, per region.
  var lastSlot: [RegionID: Instant] = [:]
  /// Attempts of workers elsewhere that were taken in lately: they may be delivered again. Only those that fill no slot, as
  /// a slot tells by itself.
  var heard = HeardAttempts()
  /// When the engine is to ask the verdict again, as it stands in the heap.
  var wakesAt: Instant?
  /// Plan rows that stand in the heap: an edit that leaves a row alone adds no second chain of slots.
  var scheduled: Set<Int64> = []
  /// New or resumed: to be looked at once, as soon as what made it so is stored.
  var wantsRun = false
  /// When it was last looked at because of others; whether they still wait to hear that it is well.
  var askedAt: Instant?
  var isAwaited = false
  /// Grows with each change; workers name the newest that they know.
  var version: Int64 = 0
  /// Every region that looked at it since this process began.
  private(set) var pastRegions: Set<RegionID>
  private var compiled: ProbeTarget?
  private var written: [RegionID: [UInt8]] = [:]
  /// What the guard of a region counts as this monitor's target.
  private(set) var site: String

  init(_ stored: WatchedMonitor) {
    id = stored.row.id
    publicID = stored.row.publicID
    organization = stored.row.organization
    settings = stored.row.settings
    plan = stored.rows
    allowsPrivate = stored.allowsPrivate
    pastRegions = Set(stored.rows.map(\.region))
    site = RegionGuard.target(of: stored.row.settings.url)
    verdict = stored.verdict ?? Verdict(rules: VerdictRules(stored.row.settings), at: stored.row.createdAt)
  }

  /// Takes over an edit; the next run uses it.
  func replace(_ stored: WatchedMonitor) {
    settings = stored.row.settings
    plan = stored.rows
    pastRegions.formUnion(plan.map(\.region))
    allowsPrivate = stored.allowsPrivate
    compiled = nil
    written = [:]
    site = RegionGuard.target(of: settings.url)
  }

  /// As workers of a region get it; made once and kept. `isOwn`: the region is the organization's own, and so is every
  /// address that its workers reach.
  func bytes(for region: RegionID, isOwn: Bool) -> [UInt8] {
    if let known = written[region] { return known }
    let made = Assignment(
      monitor: id, version: version, settings: settings, allowsPrivate: allowsPrivate || isOwn,
      plan: plan.filter { $0.region == region }
    ).json(publicID: publicID).bytes
    written[region] = made
    return made
  }

  /// The target, compiled at its first use and kept.
  func target() throws(TargetError) -> ProbeTarget {
    if let compiled { return compiled }
    let made = try ProbeTarget(settings)
    compiled = made
    return made
  }

  var regions: [RegionID] { plan.map(\.region) }

  /// Whether a job still is to be done: one that was asked for, or a slot of the plan, as it was then.
  func plans(_ job: JobID) -> Bool {
    guard let slot = job.slot else { return true }
    return (plan + endedPlan).contains { $0.region == job.region && $0.contains(slot) }
  }
}

/// The newest attempts that were heard of, oldest first.
struct HeardAttempts {
  private struct Key: Equatable {
    let run: RunKey
    let attempt: Int
    let worker: WorkerID

    init(_ report: RunReport) {
      run = report.runKey
      attempt = report.attempt
      worker = report.worker
    }
  }

  /// Every region's attempts of two failing slots.
  private static let max = 64
  private var keys: [Key] = []

  func has(_ report: RunReport) -> Bool { keys.contains(Key(report)) }

  mutating func add(_ report: RunReport) {
    if keys.count == Self.max { keys.removeFirst() }
    keys.append(Key(report))
  }
}
