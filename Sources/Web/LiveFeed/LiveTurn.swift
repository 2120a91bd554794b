import Domain
import HTTPServer
import Store

/// What the hub's one task knows and does. An actor only so that the compiler sees one owner; commands come in turn.
actor LiveTurn {
  /// Each holds the other until `stop` ends the one task.
  private let hub: LiveHub
  private var windows: [Int64: FeedWindow] = [:]
  private var guests: [ConnectionID: LiveGuest] = [:]
  private var guestCounts: [Int64: Int] = [:]
  private var sampledAt: [MonitorID: Instant] = [:]
  private var organizationFeeds: [OrganizationID: Int64] = [:]
  /// Feeds that will be read again in a second.
  private var retries: Set<Int64> = []

  init(hub: LiveHub) { self.hub = hub }

  func handle(_ command: LiveHub.Command) async {
    switch command {
    case .changed(let feed): await changed(feed)
    case .opened(let guest, let connection): await opened(guest, connection)
    case .closed(let connection): forget(connection)
    case .pageChanged(let page): await pageChanged(page)
    case .revalidate: await revalidate()
    case .load(let feed, let continuation): continuation.resume(returning: await window(feed))
    case .sample(let scope, let monitor, let message): sample(scope, monitor, message)
    case .prune: await prune()
    }
  }

  /// Reads what follows the last broadcast event and broadcasts it. A feed that nobody asked for has no window yet.
  private func changed(_ feed: Int64) async {
    hub.began(feed)
    guard var window = windows[feed] else { return }
    do {
      while true {
        let last = window.seq
        let more = try await hub.store.read { db in
          try FeedQueries.events(feed: feed, after: last, limit: Limits.liveReplayEventsMax, in: db)
        }
        let fresh = window.append(more)
        windows[feed] = window
        for event in fresh {
          hub.server?.broadcast(topic: UInt64(feed), frame: event.message, event: event.framed, latest: nil)
        }
        if more.count < Limits.liveReplayEventsMax || fresh.isEmpty { break }
      }
    } catch {
      hub.failed("live_read_failed", error)
      retry(feed)
    }
  }

  /// One later try per feed stands at a time.
  private func retry(_ feed: Int64) {
    guard retries.insert(feed).inserted else { return }
    Task {
      try? await Task.sleep(for: .seconds(1))
      retries.remove(feed)
      hub.postChanged(feed)
    }
  }

  private func opened(_ guest: LiveGuest, _ connection: ConnectionID) async {
    guard let window = await window(guest.feed) else {
      hub.server?.close(connection, code: LiveClose.tryLater)
      return
    }
    guests[connection] = guest
    guestCounts[guest.feed, default: 0] += 1
    if let holder = guest.holder {
      organizationFeeds[holder.scope.organization] = guest.feed
      hub.listened.withLock { _ = $0.insert(holder.scope.organization) }
    }
    send(LiveMessage.hello(seq: window.seq, epoch: hub.epoch), name: "hello", guest.form, connection)
    switch window.replay(since: guest.since, epoch: guest.epoch, current: hub.epoch) {
    case .reset:
      send(LiveMessage.reset(seq: window.seq, epoch: hub.epoch), name: "reset", guest.form, connection)
    case .events(let events):
      for event in events {
        hub.server?.send(guest.form == .webSocket ? event.message : event.framed, to: connection)
      }
    }
    hub.server?.join(connection, topic: UInt64(guest.feed))
  }

  private func send(_ message: [UInt8], name: String, _ form: LiveGuest.Form, _ connection: ConnectionID) {
    hub.server?.send(form == .webSocket ? message : LiveMessage.frame(message, name: name), to: connection)
  }

  private func window(_ feed: Int64) async -> FeedWindow? {
    if let found = windows[feed] { return found }
    do {
      let tail = try await hub.store.read { db in
        try FeedQueries.tail(feed: feed, limit: Limits.liveReplayEventsMax, in: db)
      }
      if windows.count >= Limits.liveFeedsMax { windows = windows.filter { guestCounts[$0.key, default: 0] > 0 } }
      let window = FeedWindow(tail)
      windows[feed] = window
      return window
    } catch {
      hub.failed("live_read_failed", error)
      return nil
    }
  }

  private func forget(_ connection: ConnectionID) {
    guard let guest = guests.removeValue(forKey: connection) else { return }
    guestCounts[guest.feed, default: 1] -= 1
    guard guestCounts[guest.feed] == 0 else { return }
    guestCounts[guest.feed] = nil
    if let holder = guest.holder {
      organizationFeeds[holder.scope.organization] = nil
      hub.listened.withLock { _ = $0.remove(holder.scope.organization) }
    }
  }

  /// A page that is no longer public loses its listeners.
  private func pageChanged(_ page: StatusPageID) async {
    let listeners = guests.filter { $0.value.page == page.raw }.map(\.key)
    guard !listeners.isEmpty else { return }
    do {
      if try await hub.store.read({ db in try FeedQueries.isPublic(page, in: db) }) { return }
      for connection in listeners { dismiss(connection) }
    } catch {
      // Not knowing is no reason to go on telling.
      hub.failed("live_read_failed", error)
      for connection in listeners { dismiss(connection) }
    }
  }

  /// Closes the organization sockets whose session, membership or key has ended.
  private func revalidate() async {
    let holders = Set(guests.values.compactMap(\.holder))
    guard !holders.isEmpty else { return }
    let now = hub.store.world.now()
    do {
      let gone = try await hub.store.read { db in
        try Set(holders.filter { try !FeedQueries.isWelcome($0.listener, scope: $0.scope, in: db, now: now) })
      }
      for (connection, guest) in guests {
        if let holder = guest.holder, gone.contains(holder) { dismiss(connection) }
      }
    } catch {
      hub.failed("live_read_failed", error)
    }
  }

  private func dismiss(_ connection: ConnectionID) {
    hub.server?.close(connection, code: LiveClose.noAccess)
    forget(connection)
  }

  private func sample(_ scope: TenantScope, _ monitor: MonitorID, _ message: [UInt8]) {
    guard let feed = organizationFeeds[scope.organization] else { return }
    let now = hub.store.world.now()
    if let last = sampledAt[monitor], now - last < Limits.liveSampleMs { return }
    if sampledAt.count > 100_000 { sampledAt.removeAll() }
    sampledAt[monitor] = now
    hub.server?.broadcast(
      topic: UInt64(feed), frame: message, event: LiveMessage.frame(message, name: FeedEventType.monitor.rawValue),
      latest: UInt64(monitor.raw) | 1 << 63)
  }

  /// The stored backlog is a day; in pieces, so that no write holds up the others.
  private func prune() async {
    let before = hub.store.world.now() - Limits.liveBacklogMs
    do {
      _ = try await hub.store.write { db in try FeedQueries.prune(before: before, limit: 5000, in: db) }
    } catch {
      hub.failed("live_prune_failed", error)
    }
  }
}
