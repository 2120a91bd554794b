import Domain
import JSON
import Notify
import SQLite
@_spi(Minting) import Store

/// From slots without an outcome to what the operator sees and hears, in one transaction: one message when it begins and
/// one when it is over, however many slots they are and however often the process starts meanwhile.
public enum SlotFlow {
  public static func apply(_ change: SlotAlarm.Change, in db: Connection, world: World) throws {
    try EngineQueries.noteSlotsOverdue(since: change.isOver ? nil : change.since, in: db)
    guard let operates = try OrganizationQueries.operates(in: db) else { return }
    let scope = TenantScope(minting: operates)
    try FeedQueries.append(
      .installation, ["slots": .string(change.isOver ? "accounted" : "overdue")], scope: scope, in: db, world: world)
    let kind: Notice.Kind = change.isOver ? .slotsAccounted : .slotsOverdue
    let notice = Notice(
      kind: kind, organization: try OrganizationQueries.find(scope: scope, in: db)?.name ?? "", at: change.at,
      name: "Martlet", since: change.since, until: change.isOver ? change.at : nil,
      reason: change.isOver ? "" : SlotWords.consequence)
    func key(_ kind: Notice.Kind) -> String { "slots/\(change.since.ms)/\(kind.rawValue)" }
    try NotificationQueries.enqueue(
      kind: kind.rawValue, incident: nil, dedup: key(kind), payload: notice.json.text, organization: operates,
      after: change.isOver ? [key(.slotsOverdue)] : [], in: db, world: world)
  }
}

/// What people read of slots without an outcome.
public enum SlotWords {
  public static let consequence =
    "Results cannot be stored, or the queue stands still: what is shown may be old. The log of the process says which."
}
