import HTTPServer
import Testing

@Suite("Event streams") struct EventStreamTests {
  static func open(_ server: HTTPServer, _ target: String = "/events", receiveBuffer: Int32? = nil) throws -> RawClient
  {
    let client = try RawClient(port: server.port, receiveBuffer: receiveBuffer)
    try client.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
    let head = try client.read(until: "\r\n\r\n")
    guard head.hasPrefix("HTTP/1.1 200 OK\r\nDate: "), head.contains("text/event-stream") else { throw Failure(head) }
    guard try client.read(until: "\n\n") == "data: first\n\n" else { throw Failure("the first event is missing") }
    return client
  }

  @Test(
    "A stream gets its first event, broadcasts and its own events in order", arguments: ["/events", "/events?late"])
  func order(target: String) async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try Self.open(server, target)
      try eventually("it is open") { streams.opened.all.count == 1 }
      server.broadcast(topic: 7, frame: [], event: Array("data: a\n\n".utf8), latest: nil)
      server.sendEvent(Array("data: b\n\n".utf8), to: streams.opened.all[0])
      server.broadcast(topic: 8, frame: [], event: Array("data: other\n\n".utf8), latest: nil)
      server.broadcast(topic: 7, frame: [], event: Array("data: c\n\n".utf8), latest: 1)
      #expect(try client.read(until: "c\n\n") == "data: a\n\ndata: b\n\ndata: c\n\n")
      #expect(server.statistics().eventStreams == 1)
      server.close(streams.opened.all[0], code: 1000)
      #expect(try client.readAll() == "")
      try eventually("closed is called") { streams.closed.all == streams.opened.all }
    }
    #expect(streams.closed.all.count == 1)
  }

  @Test("A silent stream gets comments") func heartbeat() async throws {
    try await withServer(Streams().handler, secondMilliseconds: 20, configure: { $0.heartbeatSeconds = 3 }) { server in
      let client = try Self.open(server)
      for _ in 0..<3 { #expect(try client.read(until: "\n\n") == ":\n\n") }
    }
  }

  @Test("A peer that leaves is noticed", arguments: [true, false]) func vanished(byReset: Bool) async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try Self.open(server)
      // What a client says on its stream is of no interest.
      try client.send("GET /more HTTP/1.1\r\nHost: x\r\n\r\n")
      if byReset { client.abort() } else { client.disconnect() }
      try eventually("closed is called") { streams.closed.all.count == 1 && streams.opened.all.count == 1 }
    }
  }

  @Test("A client that does not read is dropped, by bytes or by time", arguments: [true, false])
  func slow(byBytes: Bool) async throws {
    let streams = Streams()
    try await withServer(
      streams.handler, secondMilliseconds: byBytes ? 1000 : 20,
      configure: {
        $0.queueBytesMax = byBytes ? 65536 : 1 << 30
        $0.writeStallSeconds = byBytes ? 100_000 : 3
      }
    ) { server in
      let client = try Self.open(server, receiveBuffer: 2048)
      let event = [UInt8](repeating: 46, count: 30_000)
      // 30 MB: more than the kernel takes.
      for _ in 0..<1000 { server.broadcast(topic: 7, frame: [], event: event, latest: nil) }
      try eventually("it is dropped") { streams.closed.all.count == 1 }
      #expect(server.statistics().droppedSlow == 1)
      client.disconnect()
    }
  }

  @Test("HEAD of a stream gets the head and keeps the connection") func head() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\nGET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try client.response(hasBody: false).status == 200)
      #expect(try client.response().body == "plain")
    }
    #expect(streams.opened.all.isEmpty)
  }
}
