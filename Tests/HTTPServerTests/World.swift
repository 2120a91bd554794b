import Foundation
import HTTPServer
import Synchronization
import Testing

/// A handler whose parts a test fills in.
struct TestHandler: RequestHandler {
  var cache: @Sendable (RequestHead) -> CachedResponse? = { _ in nil }
  var bodyMax = 1024
  var waits: @Sendable (RequestHead) -> Bool = { _ in false }
  var respond: @Sendable (Request) async -> Response = { Response(status: 200, body: Array($0.target.utf8)) }

  func cached(_ head: RequestHead) -> CachedResponse? { cache(head) }
  func mayWait(_ head: RequestHead) -> Bool { waits(head) }
  func bodyBytesMax(_ head: RequestHead) -> Int { bodyMax }
  func respond(to request: Request) async -> Response { await respond(request) }
}

/// A server on a free port, drained at the end; no connection may be left then. `secondMilliseconds` is how long the
/// server's seconds are; `body` has a thread of its own.
func withServer(
  _ handler: TestHandler = TestHandler(), secondMilliseconds: Int = 1000,
  configure: (inout HTTPServer.Configuration) -> Void = { _ in },
  _ body: @escaping @Sendable (HTTPServer) throws -> Void
) async throws {
  var configuration = HTTPServer.Configuration(
    host: "127.0.0.1", port: 0, connectionsMax: 1000, connectionsPerAddressMax: 1000)
  configuration.secondMilliseconds = secondMilliseconds
  if secondMilliseconds < 1000 {
    // Only what the test shortens may pass: a busy machine must not bring on another time-out.
    configuration.headSeconds = 100_000
    configuration.bodySeconds = 100_000
    configuration.idleSeconds = 100_000
    configuration.writeStallSeconds = 100_000
    configuration.handlerSeconds = 100_000
    configuration.heartbeatSeconds = 100_000
    configuration.webSocketIdleSeconds = 100_000
  }
  configure(&configuration)
  let server = try HTTPServer(configuration, handler: handler)
  do {
    try await onThread { try body(server) }
  } catch {
    await server.drain(seconds: 0)
    throw error
  }
  await server.drain(seconds: 0)
  #expect(server.statistics().connections == 0)
  #expect(server.statistics().webSockets == 0)
  #expect(server.statistics().eventStreams == 0)
}

/// Runs blocking work on a thread of its own: blocked threads of the cooperative pool would starve the handlers.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}

/// Waits for something another thread does. Fails after ten seconds.
func eventually(_ what: Comment, _ condition: () -> Bool) throws {
  let deadline = ContinuousClock.now + .seconds(10)
  while !condition() {
    if ContinuousClock.now > deadline {
      Issue.record("never happened: \(what)")
      throw Failure("never happened")
    }
    usleep(1000)
  }
}

/// Values recorded by callbacks of any thread.
final class Recorder<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  var all: [Value] { values.withLock { $0 } }
  func add(_ value: Value) { values.withLock { $0.append(value) } }
}

/// Holds tasks back until it is opened.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func wait() async {
    await withCheckedContinuation { waiter in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(waiter) }
        return state.isOpen
      }
      if isOpen { waiter.resume() }
    }
  }

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
