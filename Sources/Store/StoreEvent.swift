import Domain
import SQLite
import Synchronization

/// What a committed write changed, for those who act on it after the commit.
public enum StoreEvent: Hashable, Sendable {
  /// Created, edited, paused, resumed or deleted by a person.
  case monitorChanged(MonitorID)
  /// Others' trouble may come from this monitor: it is to be looked at once.
  case lookWanted(MonitorID)
  case feedChanged(feed: Int64)
  case notificationsDue
  case pageChanged(StatusPageID)
  /// Hidden, shown, renamed or deleted: announced beside `pageChanged`, and no copy is served once the write is answered.
  case pageVisibilityChanged(StatusPageID)
  /// All sessions of the account but those still in the table are over.
  case sessionsEnded(AccountID)
  case membersChanged(OrganizationID)
}

extension Connection {
  /// Says what this write changed. Delivered after its commit to everyone subscribed; forgotten when it rolls back.
  public func announce(_ event: StoreEvent) { note(event) }
}

/// Handlers of committed events, called in order of commits on the writer's thread: they hand over and return.
final class StoreSubscribers: Sendable {
  private let handlers = Mutex<[@Sendable ([StoreEvent]) -> Void]>([])

  func add(_ handler: @escaping @Sendable ([StoreEvent]) -> Void) { handlers.withLock { $0.append(handler) } }

  func deliver(_ notes: [any Sendable]) {
    let events = notes.compactMap { $0 as? StoreEvent }
    for handler in handlers.withLock({ $0 }) { handler(events) }
  }
}
