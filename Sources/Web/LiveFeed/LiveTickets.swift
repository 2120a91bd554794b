import Domain
import Store
import Synchronization

/// Who may hear an organization's feed, and by what right.
public struct LiveHolder: Hashable, Sendable {
  public let scope: TenantScope
  public let listener: FeedListener

  public init(scope: TenantScope, listener: FeedListener) {
    self.scope = scope
    self.listener = listener
  }
}

/// Tickets that open one organization socket each, within 30 seconds. In memory: a restart ends them.
public final class LiveTickets: Sendable {
  private struct Ticket {
    let holder: LiveHolder
    let expires: Instant
  }

  private let world: World
  private let tickets = Mutex<[String: Ticket]>([:])

  public init(world: World) { self.world = world }

  /// Nil when too many are waiting.
  public func issue(_ holder: LiveHolder) -> (token: String, expires: Instant)? {
    let now = world.now()
    let token = Base32.encode(world.random(32))
    let expires = now + Limits.liveTicketMs
    let isKept = tickets.withLock { tickets in
      if tickets.count >= Limits.liveTicketsMax { tickets = tickets.filter { $0.value.expires > now } }
      guard tickets.count < Limits.liveTicketsMax else { return false }
      tickets[token] = Ticket(holder: holder, expires: expires)
      return true
    }
    return isKept ? (token, expires) : nil
  }

  /// Each works once; nil for an unknown, used or expired one.
  public func redeem(_ token: String) -> LiveHolder? {
    let now = world.now()
    guard let ticket = tickets.withLock({ $0.removeValue(forKey: token) }), ticket.expires > now else { return nil }
    return ticket.holder
  }
}
