import Domain

/// What runs add up to.
public struct Figures: Sendable {
  public var days: Int64 = 0
  public var monitorDays: Int64 = 0
  public var checks: Int64 = 0
  public var slots: Int64 = 0
  public var results: Int64 = 0
  public var missed: [MissedReason: Int64] = [:]
  public var outages: Int64 = 0
  public var downs: Int64 = 0
  public var delaysMs: [Int64] = []
  public var errorsMs: [Int64] = []
  public var faults: [Fault.Kind: Int64] = [:]
  public var stale: Int64 = 0
  /// Leases that workers asked to renew, results that had no room on their disks, edits of monitors.
  public var renewed: Int64 = 0
  public var spoolFull: Int64 = 0
  public var edits: Int64 = 0

  public init() {}

  public mutating func add(_ other: Figures) {
    days += other.days
    monitorDays += other.monitorDays
    checks += other.checks
    slots += other.slots
    results += other.results
    missed.merge(other.missed, uniquingKeysWith: +)
    outages += other.outages
    downs += other.downs
    delaysMs += other.delaysMs
    errorsMs += other.errorsMs
    faults.merge(other.faults, uniquingKeysWith: +)
    stale += other.stale
    renewed += other.renewed
    spoolFull += other.spoolFull
    edits += other.edits
  }

  public var lines: [String] {
    let reasons = missed.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.name) \($0.value)" }
    let kinds = faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
    return [
      "\(days) virtual days, \(monitorDays) monitor days, \(checks) attempts",
      "\(slots) slots due: \(results) results, missed: \(reasons.isEmpty ? "none" : reasons.joined(separator: ", "))",
      "faults: \(kinds.isEmpty ? "none" : kinds.joined(separator: ", ")); \(stale) reports of superseded leases",
      "\(edits) edits, \(renewed) renewals of leases, \(spoolFull) results too many for a disk",
      "\(outages) outages that had to be told, \(downs) times down",
      "told after the true start: p50 \(Self.seconds(delaysMs, 0.5)), p99 \(Self.seconds(delaysMs, 0.99)), most \(Self.seconds(delaysMs, 1))",
      "down time off the truth: p50 \(Self.seconds(errorsMs, 0.5)), p99 \(Self.seconds(errorsMs, 0.99)), most \(Self.seconds(errorsMs, 1)) (\(errorsMs.count) outages)",
    ]
  }

  private static func seconds(_ values: [Int64], _ share: Double) -> String {
    guard !values.isEmpty else { return "-" }
    let sorted = values.sorted()
    let ms = sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
    return "\(ms / 1000).\(ms % 1000 / 100) s"
  }
}

/// What came of one run.
public struct RunOutcome: Sendable {
  public let scenario: Scenario
  public let violations: [Violation]
  public let figures: Figures
  public let log: EventLog
}
