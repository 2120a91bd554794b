import Domain
import SQLite

/// What became of the slots of one hour in one region: due = results + missed + open.
public struct SlotAccount: Hashable, Sendable {
  public let region: RegionID
  public let hour: Int64
  public var due = 0
  public var results = 0
  public var missed: [MissedReason: Int] = [:]
  /// Due by now, and neither answered nor given up yet.
  public var open: Int { due - results - missed.values.reduce(0, +) }
}

/// Every slot accounted for.
public enum AccountingQueries {
  /// By hour and region, oldest first, for the slots of `from ..< to` that are due by `to`. A slot is counted once,
  /// wherever it stands: log, chunk, table of missed slots, or a stretch in which nothing ran.
  public static func accounts(
    of monitor: MonitorID, from: Instant, to: Instant, in db: Connection
  ) throws -> [SlotAccount] {
    let plan = try PlanQueries.touching(monitor, from: from, to: to, in: db)
    guard from < to, !plan.isEmpty else { return [] }
    let logged = try HistoryQueries.logged(monitor, hours: from.hour...(to - 1).hour, in: db)
    let ran = try HistoryQueries.lastRan(in: db) ?? from
    let gaps = from < min(to, ran) ? try EngineQueries.gaps(from: from, to: min(to, ran), in: db) : []
    var out: [SlotAccount] = []
    for hour in from.hour...(to - 1).hour {
      let start = max(from, Instant(ms: hour * Instant.hourMs))
      let end = min(to, Instant(ms: (hour + 1) * Instant.hourMs))
      let known = try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db)
      for (region, rows) in Dictionary(grouping: plan, by: \.region).sorted(by: { $0.key < $1.key }) {
        let slots = Set(rows.flatMap { $0.slots(from: start, to: end) })
        guard !slots.isEmpty else { continue }
        var account = SlotAccount(region: region, hour: hour)
        account.due = slots.count
        let filled = Set(
          (known[region]?.entries ?? []).lazy.filter(\.counts).compactMap { $0.slotMs.map(Instant.init(ms:)) })
        var left = slots.subtracting(filled)
        account.results = slots.count - left.count
        for one in known[region]?.missed ?? [] where left.remove(one.slot) != nil {
          account.missed[one.reason, default: 0] += 1
        }
        let silent = left.count { slot in gaps.contains { $0.from <= slot && slot < $0.to } }
        if silent > 0 { account.missed[.notRunning, default: 0] += silent }
        out.append(account)
      }
    }
    return out
  }
}
