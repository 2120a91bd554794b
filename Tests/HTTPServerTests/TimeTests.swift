import Glibc
import HTTPServer
import Testing

@Suite("Time-outs and caps") struct TimeTests {
  static let hello = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test("A head that is not finished in time gets 408, however often bytes arrive") func slowHead() async throws {
    try await withServer(secondMilliseconds: 20, configure: { $0.headSeconds = 50 }) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /a HTTP/1.1\r\nHost: x\r\n")
      for _ in 0..<4000 {
        do { try client.send("X") } catch { break }
        usleep(2000)
        if server.statistics().refused > 0 { break }
      }
      let reply = try client.response()
      #expect(reply.status == 408 && reply.headers["connection"] == "close")
    }
  }

  @Test("A body that is not finished in time gets 408") func slowBody() async throws {
    try await withServer(secondMilliseconds: 20, configure: { $0.bodySeconds = 3 }) { server in
      let client = try RawClient(port: server.port)
      try client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
      #expect(try client.response().status == 408)
      #expect(try client.readAll() == "")
    }
  }

  @Test("A connection that says nothing is closed without a word") func silent() async throws {
    try await withServer(secondMilliseconds: 20, configure: { $0.headSeconds = 3 }) { server in
      let client = try RawClient(port: server.port)
      #expect(try client.readAll() == "")
    }
  }

  @Test("An idle kept connection is closed without a word") func idle() async throws {
    try await withServer(secondMilliseconds: 20, configure: { $0.idleSeconds = 3 }) { server in
      let client = try RawClient(port: server.port)
      try client.send(Self.hello)
      #expect(try client.response().status == 200)
      #expect(try client.readAll() == "")
    }
  }

  @Test("A handler that takes too long is cancelled, its client gets 504, its late answer goes nowhere")
  func handlerDeadline() async throws {
    let cancelled = Recorder<Bool>()
    let handler = TestHandler(respond: { _ in
      try? await Task.sleep(for: .seconds(60))
      cancelled.add(Task.isCancelled)
      return Response(status: 200)
    })
    try await withServer(handler, secondMilliseconds: 20, configure: { $0.handlerSeconds = 3 }) { server in
      let client = try RawClient(port: server.port)
      try client.send(Self.hello)
      #expect(try client.response().status == 504)
      #expect(try client.readAll() == "")
      try eventually("the handler is cancelled") { cancelled.all == [true] }
    }
  }

  @Test("A peer that leaves cancels its handler", arguments: [true, false]) func peerGone(byReset: Bool) async throws {
    let events = Recorder<String>()
    let handler = TestHandler(respond: { _ in
      events.add("started")
      try? await Task.sleep(for: .seconds(60))
      events.add("cancelled \(Task.isCancelled)")
      return Response(status: 200)
    })
    try await withServer(handler, secondMilliseconds: 20, configure: { $0.handlerSeconds = 10000 }) { server in
      let client = try RawClient(port: server.port)
      try client.send(Self.hello)
      try eventually("the handler starts") { events.all == ["started"] }
      if byReset { client.abort() } else { client.disconnect() }
      try eventually("the handler is cancelled") { events.all == ["started", "cancelled true"] }
      try eventually("the connection is gone") { server.statistics().connections == 0 }
    }
  }

  @Test("A client that does not read its answer is dropped") func slowReader() async throws {
    let handler = TestHandler(respond: { _ in Response(status: 200, body: [UInt8](repeating: 7, count: 30_000_000)) })
    try await withServer(handler, secondMilliseconds: 20, configure: { $0.writeStallSeconds = 3 }) { server in
      let client = try RawClient(port: server.port, receiveBuffer: 4096)
      try client.send(Self.hello)
      try eventually("it is served") { server.statistics().requests == 1 }
      try eventually("it is dropped") { server.statistics().connections == 0 }
      client.disconnect()
    }
  }

  @Test("Slow heads on many connections leave others served") func slowLoris() async throws {
    try await withServer { server in
      let slow = try (0..<400).map { _ in try RawClient(port: server.port) }
      for client in slow { try client.send("GET / HTTP/1.1\r\nHost: x\r\nX-") }
      let honest = try RawClient(port: server.port)
      for _ in 0..<100 {
        try honest.send(Self.hello)
        #expect(try honest.response().status == 200)
      }
      #expect(server.statistics().connections == 401)
    }
  }

  @Test("Above the cap of an address a client gets 503 with Retry-After") func perAddress() async throws {
    try await withServer(configure: {
      $0.connectionsPerAddressMax = 3
    }) { server in
      let held = try (0..<3).map { _ in try RawClient(port: server.port) }
      try eventually("they are accepted") { server.statistics().connections == 3 }
      let reply = try RawClient(port: server.port).response()
      #expect(reply.status == 503 && reply.headers["retry-after"] != nil)
      #expect(reply.headers["connection"] == "close")
      held[0].disconnect()
      try eventually("there is room") { server.statistics().connections == 2 }
      let next = try RawClient(port: server.port)
      try next.send(Self.hello)
      #expect(try next.response().status == 200)
    }
  }

  @Test("At the total cap the oldest idle connection makes room, a busy one does not") func total() async throws {
    try await withServer(configure: {
      $0.connectionsMax = 3
    }) { server in
      let clients = try (0..<3).map { _ in try RawClient(port: server.port) }
      for client in clients {
        try client.send(Self.hello)
        #expect(try client.response().status == 200)
      }
      let fourth = try RawClient(port: server.port)
      try fourth.send("GET /half HTTP/1.1\r\n")
      #expect(try clients[0].readAll() == "")
      for client in clients.dropFirst() { try client.send("GET /half HTTP/1.1\r\n") }
      // A whole request elsewhere in the loop's order proves that the halves have been read.
      try fourth.send("Host: x\r\n\r\nGET /half HTTP/1.1\r\n")
      #expect(try fourth.response().body == "/half")
      let fifth = try RawClient(port: server.port).response()
      #expect(fifth.status == 503 && fifth.headers["retry-after"] != nil)
      try clients[1].send("Host: x\r\n\r\n")
      #expect(try clients[1].response().body == "/half")
    }
  }

  @Test("Requests that wait fill up their own room and leave everybody else's") func waiters() async throws {
    let gate = Gate()
    var handler = TestHandler(respond: { request in
      if request.target == "/wait" { await gate.wait() }
      return Response(status: 200)
    })
    handler.waits = { $0.target == "/wait" }
    try await withServer(
      handler,
      configure: {
        $0.handlersMax = 1
        $0.waitersMax = 3
      }
    ) { server in
      let waiting = try (0..<3).map { _ in try RawClient(port: server.port) }
      for client in waiting { try client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n") }
      try eventually("they wait") { server.statistics().waiters == 3 }
      let fourth = try RawClient(port: server.port)
      try fourth.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try fourth.response().status == 503)
      let person = try RawClient(port: server.port)
      for _ in 0..<3 {
        try person.send(Self.hello)
        #expect(try person.response().status == 200)
      }
      gate.open()
      for client in waiting { #expect(try client.response().status == 200) }
      try eventually("nobody waits any more") { server.statistics().waiters == 0 }
    }
  }

  @Test("Above the cap of running handlers a request gets 503") func handlers() async throws {
    let gate = Gate()
    let handler = TestHandler(respond: { request in
      if request.target == "/wait" { await gate.wait() }
      return Response(status: 200)
    })
    try await withServer(
      handler,
      configure: {
        $0.handlersMax = 2
      }
    ) { server in
      let waiting = try (0..<2).map { _ in try RawClient(port: server.port) }
      for client in waiting { try client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n") }
      try eventually("they run") { server.statistics().requests == 2 }
      let third = try RawClient(port: server.port)
      try third.send(Self.hello)
      let refused = try third.response()
      #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
      gate.open()
      for client in waiting { #expect(try client.response().status == 200) }
      try third.send(Self.hello)
      #expect(try third.response().status == 200)
    }
  }
}
