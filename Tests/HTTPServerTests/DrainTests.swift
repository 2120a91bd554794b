import Glibc
import HTTPServer
import Testing

@Suite("The end, and what must not be one") struct DrainTests {
  private static func configuration() -> HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration(
      host: "127.0.0.1", port: 0, connectionsMax: 1000, connectionsPerAddressMax: 1000)
    configuration.secondMilliseconds = 1000
    return configuration
  }

  @Test("Draining closes what is idle, tells sockets 1001 and finishes what runs") func drain() async throws {
    let gate = Gate()
    let streams = Streams()
    var handler = streams.handler
    let inner = handler.respond
    handler.respond = { request in
      if request.target == "/wait" { await gate.wait() }
      return request.target == "/wait" ? Response(status: 200, body: [111, 107]) : await inner(request)
    }
    let server = try HTTPServer(Self.configuration(), handler: handler)
    let clients = try await onThread { try Clients(server) }
    try await onThread { try eventually("all are served") { server.statistics().requests == 4 } }
    async let drained: Void = server.drain(seconds: 30)
    try await onThread {
      #expect(try clients.idle.readAll() == "")
      #expect(try clients.events.readAll() == "")
      let frame = try clients.socket.message()
      #expect(frame.opcode == .close && frame.code == 1001)
      try clients.socket.send(.close, frame.payload)
      #expect(throws: Failure.self) { _ = try RawClient(port: server.port) }
      gate.open()
      let reply = try clients.running.response()
      #expect(reply.body == "ok" && reply.headers["connection"] == "close")
      #expect(try clients.running.readAll() == "")
      clients.close()
    }
    await drained
    #expect(server.statistics().connections == 0)
    #expect(streams.closed.all.count == 2)
  }

  @Test("Draining ends at its deadline and cancels the handlers") func deadline() async throws {
    let events = Recorder<String>()
    let handler = TestHandler(respond: { _ in
      events.add("started")
      try? await Task.sleep(for: .seconds(60))
      events.add("cancelled \(Task.isCancelled)")
      return Response(status: 200)
    })
    var configuration = Self.configuration()
    configuration.secondMilliseconds = 10
    configuration.headSeconds = 10_000
    configuration.handlerSeconds = 10_000
    let server = try HTTPServer(configuration, handler: handler)
    let client = try RawClient(port: server.port)
    try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try await onThread { try eventually("the handler starts") { events.all.count == 1 } }
    await server.drain(seconds: 3)
    #expect(server.statistics().connections == 0)
    try await onThread { try eventually("the handler is cancelled") { events.all.last == "cancelled true" } }
    await server.drain(seconds: 3)
  }

  @Test("Many servers start, serve and end in one process") func many() async throws {
    for index in 0..<50 {
      let server = try HTTPServer(Self.configuration(), handler: TestHandler())
      try await onThread {
        let client = try RawClient(port: server.port)
        try client.send("GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try client.response().body == "/\(index)")
      }
      // Every other one is only let go.
      if index.isMultiple(of: 2) { await server.drain(seconds: 1) }
    }
  }

  @Test("A handle of one server does nothing on another") func foreign() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient.webSocket(port: server.port)
      try eventually("it is open") { streams.opened.all.count == 1 }
      let other = try HTTPServer(Self.configuration(), handler: TestHandler())
      other.close(streams.opened.all[0], code: 4001)
      server.send(Array("still here".utf8), to: streams.opened.all[0])
      #expect(try client.frame().text == "still here")
    }
  }

  @Test("An address that cannot be bound is an error with the system's words") func bind() throws {
    let server = try HTTPServer(Self.configuration(), handler: TestHandler())
    var taken = Self.configuration()
    taken.port = server.port
    let error = #expect(throws: ServerError.self) { _ = try HTTPServer(taken, handler: TestHandler()) }
    #expect(error?.operation == "bind" && error?.code == EADDRINUSE)
    var wrong = Self.configuration()
    wrong.host = "nowhere"
    #expect(throws: ServerError.self) { _ = try HTTPServer(wrong, handler: TestHandler()) }
  }

  @Test("Without descriptors left the server waits without spinning, and serves again later") func descriptors() async {
    await #expect(processExitsWith: .success) {
      var configuration = HTTPServer.Configuration(
        host: "127.0.0.1", port: 0, connectionsMax: 1000, connectionsPerAddressMax: 1000)
      configuration.secondMilliseconds = 50
      let server = try HTTPServer(configuration, handler: TestHandler())
      let opened = dup(0)
      var limit = rlimit(rlim_cur: rlim_t(opened) + 40, rlim_max: rlim_t(opened) + 40)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      var clients: [RawClient] = []
      while let client = try? RawClient(port: server.port) { clients.append(client) }
      var before = timespec()
      var after = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before)
      usleep(500_000)
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after)
      let spent = (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec
      #expect(spent < 200_000_000)
      clients.removeAll()
      let client = try RawClient(port: server.port)
      try client.send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try client.response().body == "/again")
    }
  }
}

/// One client of each kind. Used by one thread at a time.
private final class Clients: @unchecked Sendable {
  let idle, running, events, socket: RawClient

  init(_ server: HTTPServer) throws {
    idle = try RawClient(port: server.port)
    try idle.send("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = try idle.response()
    running = try RawClient(port: server.port)
    try running.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    events = try EventStreamTests.open(server)
    socket = try RawClient.webSocket(port: server.port)
  }

  func close() {
    for client in [idle, running, events, socket] { client.disconnect() }
  }
}
