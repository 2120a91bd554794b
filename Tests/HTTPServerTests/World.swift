import HTTPServer
import Synchronization
import Testing

/// A handler whose parts a test fills in.
struct TestHandler: RequestHandler {
  var cache: @Sendable (RequestHead) -> CachedResponse? = { _ in nil }
  var bodyMax = 1024
  var respond: @Sendable (Request) async -> Response = { Response(status: 200, body: Array($0.target.utf8)) }

  func cached(_ head: RequestHead) -> CachedResponse? { cache(head) }
  func bodyBytesMax(_ head: RequestHead) -> Int { bodyMax }
  func respond(to request: Request) async -> Response { await respond(request) }
}

/// A server on a free port whose seconds take 20 ms, drained at the end; no connection may be left then.
func withServer(
  _ handler: TestHandler = TestHandler(), configure: (inout HTTPServer.Configuration) -> Void = { _ in },
  _ body: (HTTPServer) async throws -> Void
) async throws {
  var configuration = HTTPServer.Configuration(
    host: "127.0.0.1", port: 0, connectionsMax: 1000, connectionsPerAddressMax: 1000)
  configuration.secondMilliseconds = 20
  configure(&configuration)
  let server = try HTTPServer(configuration, handler: handler)
  do {
    try await body(server)
  } catch {
    await server.drain(seconds: 0)
    throw error
  }
  await server.drain(seconds: 0)
  #expect(server.statistics().connections == 0)
  #expect(server.statistics().webSockets == 0)
  #expect(server.statistics().eventStreams == 0)
}

/// Waits for something another thread does. Fails after ten seconds.
func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(10)
  while !condition() {
    if ContinuousClock.now > deadline {
      Issue.record("never happened: \(what)")
      throw Failure("never happened")
    }
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// Values recorded by callbacks of any thread.
final class Recorder<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  var all: [Value] { values.withLock { $0 } }
  func add(_ value: Value) { values.withLock { $0.append(value) } }
}
