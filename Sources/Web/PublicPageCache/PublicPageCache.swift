import Domain
import HTTPServer
import Store
import Synchronization

/// Public pages as bytes on the wire, served from the loop without the database.
///
/// A copy is valid for its page's revision and for a minute, as "seen lately" moves with time. One rendering per page and
/// view runs at a time, and none begins within a second of the last, however many ask. While the database does not
/// answer, the last copy is served, unless the page has been hidden meanwhile: what `evict` removed never comes back.
public final class PublicPageCache: Sendable {
  /// What a page looks like in one of its forms.
  public struct Key: Hashable, Sendable {
    public let slug: String
    /// What follows the slug: empty for the page itself, `history`, `badge.svg`, `incidents/inc_…`.
    public let view: String

    public init(slug: String, view: String) {
      self.slug = slug
      self.view = view
    }
  }

  public struct Rendered: Sendable {
    public let page: StatusPageID
    public let response: CachedResponse
    /// Those of `response` but its ETag, for an answer that does not come from the loop.
    public let headers: [Header]

    public init(page: StatusPageID, response: CachedResponse, headers: [Header] = []) {
      self.page = page
      self.response = response
      self.headers = headers
    }
  }

  /// Nil when there is no such public page.
  public typealias Render = @Sendable (Key) async throws -> Rendered?

  public static let freshMs: Int64 = 60_000
  public static let pauseMs: Int64 = 1000
  /// How long somebody waits for a rendering when there is an older copy.
  public static let patienceMs: Int64 = 2000
  private static let triesMax = 4

  private struct Entry {
    var rendered: Rendered?
    var renderedAt = Instant(ms: 0)
    var begunAt: Instant?
    /// Its page changed since: not to be served while a newer copy can be had.
    var isOutdated = false
    var running: Task<Rendered?, any Error>?
    /// Whether `running` has begun to read: what changes after that is not in its copy.
    var isReading = false
    var usedAt = Instant(ms: 0)
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    /// Raised when something is hidden: what began to render before is not kept.
    var generation = 0
  }

  private let world: World
  private let render: Render
  private let pause: @Sendable (_ ms: Int64) async throws -> Void
  private let state = Mutex(State())

  /// `pause` waits; tests move it by hand.
  public init(
    world: World, render: @escaping Render,
    pause: @escaping @Sendable (_ ms: Int64) async throws -> Void = { try await Task.sleep(for: .milliseconds($0)) }
  ) {
    self.world = world
    self.render = render
    self.pause = pause
  }

  /// Keeps the cache true to `store`: call once.
  public func follow(_ store: Store) {
    store.subscribe { [weak self] events in
      for event in events {
        switch event {
        case .pageChanged(let page): self?.outdate(page)
        case .pageVisibilityChanged(let page): self?.evict(page)
        default: break
        }
      }
    }
  }

  /// On the loop: a copy that is fresh, or nil.
  public func fresh(_ key: Key) -> CachedResponse? { freshCopy(key)?.response }

  private func freshCopy(_ key: Key) -> Rendered? {
    let now = world.now()
    return state.withLock { state in
      guard let entry = state.entries[key], !entry.isOutdated, now - entry.renderedAt < Self.freshMs else { return nil }
      state.entries[key]?.usedAt = now
      return entry.rendered
    }
  }

  /// A fresh copy, made now if need be; an older one when it cannot be made. Nil when there is no such public page.
  public func rendered(_ key: Key) async throws -> Rendered? {
    for _ in 0..<Self.triesMax {
      if let found = freshCopy(key) { return found }
      let turn = join(key)
      do {
        // What is being read is older than the change that this reader heard of: the next copy is wanted.
        if turn.isBehind {
          _ = try await withPatience(turn.task)
          continue
        }
        return try await (turn.hasOlder ? withPatience(turn.task) : turn.task.value)
      } catch is Evicted {
        continue
      } catch {
        // Looked up again: what was hidden while we waited is not served.
        if let copy = state.withLock({ $0.entries[key]?.rendered }) { return copy }
        throw error
      }
    }
    if let copy = state.withLock({ $0.entries[key]?.rendered }) { return copy }
    throw Evicted()
  }

  /// The page's content changed.
  public func outdate(_ page: StatusPageID) {
    state.withLock { state in
      for (key, entry) in state.entries where entry.rendered?.page == page || entry.running != nil {
        state.entries[key]?.isOutdated = true
      }
    }
  }

  /// The page was hidden, renamed or deleted: nothing of it is served from here on.
  public func evict(_ page: StatusPageID) {
    state.withLock { state in
      state.generation += 1
      for (key, entry) in state.entries where entry.rendered?.page == page || entry.running != nil {
        state.bytes -= Self.size(entry.rendered)
        state.entries[key] = nil
      }
    }
  }

  // MARK: Private

  private struct Turn {
    let task: Task<Rendered?, any Error>
    let hasOlder: Bool
    let isBehind: Bool
  }

  private func join(_ key: Key) -> Turn {
    let now = world.now()
    return state.withLock { state in
      var entry = state.entries[key] ?? Entry()
      let hasOlder = entry.rendered != nil
      entry.usedAt = now
      if let running = entry.running {
        return Turn(task: running, hasOlder: hasOlder, isBehind: entry.isReading && entry.isOutdated)
      }
      let wait = entry.begunAt.map { max(0, $0 + Self.pauseMs - now) } ?? 0
      let generation = state.generation
      let task = Task { try await self.make(key, afterMs: wait, generation: generation) }
      entry.running = task
      entry.isReading = false
      state.entries[key] = entry
      return Turn(task: task, hasOlder: hasOlder, isBehind: false)
    }
  }

  /// Renders once; a change that arrives meanwhile leaves the copy outdated, so that the next who asks renders again.
  private func make(_ key: Key, afterMs wait: Int64, generation: Int) async throws -> Rendered? {
    do {
      if wait > 0 { try await pause(wait) }
      let begun = world.now()
      try state.withLock { state in
        guard state.generation == generation else { throw Evicted() }
        state.entries[key]?.begunAt = begun
        state.entries[key]?.isOutdated = false
        state.entries[key]?.isReading = true
      }
      let rendered = try await render(key)
      return try state.withLock { try settle(key, rendered, begun, generation, in: &$0) }
    } catch {
      state.withLock { state in
        guard state.generation == generation else { return }
        state.entries[key]?.running = nil
        state.entries[key]?.isOutdated = true
        if state.entries[key]?.rendered == nil { state.entries[key] = nil }
      }
      throw error
    }
  }

  private func settle(
    _ key: Key, _ rendered: Rendered?, _ begun: Instant, _ generation: Int, in state: inout State
  ) throws -> Rendered? {
    // Something was hidden while this was read: it may be this.
    guard state.generation == generation, var entry = state.entries[key] else { throw Evicted() }
    state.bytes += Self.size(rendered) - Self.size(entry.rendered)
    guard let rendered else {
      state.entries[key] = nil
      return nil
    }
    entry.rendered = rendered
    entry.renderedAt = begun
    entry.running = nil
    state.entries[key] = entry
    shrink(&state, keeping: key)
    return rendered
  }

  private func shrink(_ state: inout State, keeping kept: Key) {
    while state.entries.count > Limits.publicPagesCachedMax || state.bytes > Limits.publicPagesCachedBytesMax {
      let oldest = state.entries.filter { $0.key != kept && $0.value.running == nil }
        .min { $0.value.usedAt < $1.value.usedAt }
      guard let oldest else { return }
      state.bytes -= Self.size(oldest.value.rendered)
      state.entries[oldest.key] = nil
    }
  }

  private static func size(_ rendered: Rendered?) -> Int {
    rendered.map { $0.response.bytes.count + $0.response.notModified.count } ?? 0
  }

  /// The task's value, or `Slow` after a while; the task goes on.
  private func withPatience(_ task: Task<Rendered?, any Error>) async throws -> Rendered? {
    let race = Race<Rendered?>()
    Task { race.finish(await task.result) }
    let clock = Task { [pause] in
      try await pause(Self.pauseMs + Self.patienceMs)
      race.finish(.failure(Slow()))
    }
    defer { clock.cancel() }
    return try await race.value()
  }

  private struct Slow: Error {}
  private struct Evicted: Error {}
}

/// The first of several answers.
private final class Race<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, any Error>?
    var waiter: CheckedContinuation<Value, any Error>?
  }
  private let state = Mutex(State())

  func finish(_ result: Result<Value, any Error>) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard state.result == nil else { return nil }
      state.result = result
      return state.waiter.take()
    }
    waiter?.resume(with: result)
  }

  func value() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result = state.withLock { state -> Result<Value, any Error>? in
        if state.result == nil { state.waiter = continuation }
        return state.result
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
