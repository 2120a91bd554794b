import Domain
import HTTPServer
import Synchronization
import TestSupport
import Testing

@testable import Web

private let key = PublicPageCache.Key(slug: "a", view: "page")
private struct Away: Error {}

/// A page that counts its renderings; `hold` keeps them open.
private final class Source: Sendable {
  struct State {
    var text = "one"
    var count = 0
    var isAway = false
    var isHolding = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  let state = Mutex(State())
  let clock = TestWorld()

  var count: Int { state.withLock { $0.count } }
  func set(_ text: String) { state.withLock { $0.text = text } }
  func goAway() { state.withLock { $0.isAway = true } }
  func hold() { state.withLock { $0.isHolding = true } }
  func release() {
    let waiters = state.withLock { state in
      state.isHolding = false
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func render(_ key: PublicPageCache.Key) async throws -> PublicPageCache.Rendered? {
    let (text, isAway) = state.withLock { state in
      state.count += 1
      return (state.text, state.isAway)
    }
    await withCheckedContinuation { continuation in
      let mayGo = state.withLock { state in
        if state.isHolding { state.waiters.append(continuation) }
        return !state.isHolding
      }
      if mayGo { continuation.resume() }
    }
    if isAway { throw Away() }
    guard key.slug == "a" else { return nil }
    return .init(
      page: StatusPageID(1), response: CachedResponse(status: 200, headers: [], body: Array(text.utf8), etag: text))
  }

  /// Pauses move the clock instead of taking time; the patience of a reader never ends.
  func cache() -> PublicPageCache {
    PublicPageCache(
      world: clock.world, render: { try await self.render($0) },
      pause: { [clock] ms in
        if ms > PublicPageCache.pauseMs { try await Task.sleep(for: .seconds(3600)) }
        clock.advance(ms: ms)
      })
  }
}

private func etag(_ cache: PublicPageCache) async throws -> String? { try await cache.rendered(key)?.response.etag }

@Test("many readers at once cost one rendering")
func stampede() async throws {
  let source = Source()
  let cache = source.cache()
  let tags = try await withThrowingTaskGroup(of: String?.self) { group in
    for _ in 0..<500 { group.addTask { try await etag(cache) } }
    return try await group.reduce(into: []) { $0.append($1) }
  }
  #expect(tags.allSatisfy { $0 == "\"one\"" })
  #expect(source.count == 1)
}

@Test("however often a page changes, it is rendered once a second at most")
func oncePerSecond() async throws {
  let source = Source()
  let cache = source.cache()
  let start = source.clock.now
  for n in 1...10 {
    source.set("v\(n)")
    cache.outdate(StatusPageID(1))
    #expect(try await etag(cache) == "\"v\(n)\"")
  }
  #expect(source.count == 10)
  #expect(source.clock.now - start >= 9 * PublicPageCache.pauseMs)
}

@Test("a copy is good for a minute, as what was seen lately moves with time")
func minute() async throws {
  let source = Source()
  let cache = source.cache()
  _ = try await etag(cache)
  source.clock.advance(ms: PublicPageCache.freshMs - 1)
  #expect(cache.fresh(key) != nil)
  source.clock.advance(ms: 1)
  #expect(cache.fresh(key) == nil)
  _ = try await etag(cache)
  #expect(source.count == 2)
}

@Test("the last copy is served while the database does not answer")
func cachedWhileAway() async throws {
  let source = Source()
  let cache = source.cache()
  _ = try await etag(cache)
  source.goAway()
  cache.outdate(StatusPageID(1))
  #expect(try await etag(cache) == "\"one\"")
  source.clock.advance(ms: 3_600_000)
  #expect(try await etag(cache) == "\"one\"")
}

@Test("a hidden page is not served again, even without the database")
func hiddenCopy() async throws {
  let source = Source()
  let cache = source.cache()
  _ = try await etag(cache)
  source.goAway()
  cache.evict(StatusPageID(1))
  #expect(cache.fresh(key) == nil)
  await #expect(throws: Away.self) { try await cache.rendered(key) }
}

@Test("a copy that was being made while its page was hidden is thrown away")
func hiddenWhileRendering() async throws {
  let source = Source()
  let cache = source.cache()
  source.hold()
  let reader = Task { try await etag(cache) }
  try await eventually("it renders") { source.count == 1 }
  cache.evict(StatusPageID(1))
  source.set("two")
  source.release()
  #expect(try await reader.value == "\"two\"")
  #expect(cache.fresh(key)?.etag == "\"two\"")
}

@Test("a reader who heard of a change does not get a copy begun before it")
func newerThanTheChange() async throws {
  let source = Source()
  let cache = source.cache()
  source.hold()
  let first = Task { try await etag(cache) }
  try await eventually("it renders") { source.count == 1 }
  source.set("two")
  cache.outdate(StatusPageID(1))
  let second = Task { try await etag(cache) }
  source.release()
  #expect(try await first.value == "\"one\"")
  #expect(try await second.value == "\"two\"")
}

@Test("what does not exist is nobody's page")
func absent() async throws {
  let cache = Source().cache()
  #expect(try await cache.rendered(.init(slug: "b", view: "page")) == nil)
}
