import HTTPServer
import Synchronization
import Testing

/// A server whose `/socket` is a WebSocket and whose other paths are event streams, both of topic 7.
final class Streams: Sendable {
  let opened = Recorder<ConnectionID>()
  let messages = Recorder<String>()
  let closed = Recorder<ConnectionID>()
  let onOpen = Mutex<@Sendable (ConnectionID) -> Void>({ _ in })

  var handler: TestHandler {
    let callbacks = WebSocketCallbacks(
      opened: { id in
        self.opened.add(id)
        self.onOpen.withLock { $0 }(id)
      }, message: { _, text in self.messages.add(String(decoding: text, as: UTF8.self)) },
      closed: { self.closed.add($0) })
    return TestHandler(respond: { request in
      if request.target == "/plain" { return Response(status: 200, body: Array("plain".utf8)) }
      if request.target.hasSuffix("?late") { await Task.yield() }
      if request.target.hasPrefix("/socket") {
        return Response(status: 101, headers: [], stream: .webSocket(topic: 7, callbacks))
      }
      return Response(
        status: 200, headers: [Header("Content-Type", "text/event-stream")],
        stream: .events(
          topic: 7, first: Array("data: first\n\n".utf8), opened: callbacks.opened, closed: callbacks.closed))
    })
  }
}

@Suite("WebSockets") struct WebSocketTests {
  @Test("Messages go both ways and a close is answered") func echo() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient.webSocket(port: server.port)
      try client.send(text: "hello")
      try eventually("the message arrives") { streams.messages.all == ["hello"] }
      #expect(server.statistics().webSockets == 1)
      server.send(Array("welcome".utf8), to: streams.opened.all[0])
      #expect(try client.frame() == .init(opcode: .text, payload: Array("welcome".utf8)))
      try client.send(.ping, [1, 2])
      #expect(try client.frame() == .init(opcode: .pong, payload: [1, 2]))
      try client.send(.close, [3, 232])
      #expect(try client.frame().code == 1000)
      #expect(try client.readAll() == "")
      try eventually("closed is called") { streams.closed.all == streams.opened.all }
      // The handle is dead now: nothing may happen.
      server.send([1], to: streams.opened.all[0])
      server.close(streams.opened.all[0], code: 4001)
    }
    #expect(streams.closed.all.count == 1)
  }

  @Test(
    "What breaks the rules is closed with its code",
    arguments: [
      (RawClient.Opcode.binary, 10, 1003), (.text, 65537, 1009), (.close, 1, 1002),
    ]) func rules(opcode: RawClient.Opcode, count: Int, code: Int) async throws
  {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient.webSocket(port: server.port)
      try client.send(opcode, [UInt8](repeating: 65, count: count))
      let frame = try client.message()
      #expect(frame.opcode == .close && frame.code == code)
      client.disconnect()
      try eventually("closed is called") { streams.closed.all.count == 1 }
      #expect(streams.messages.all == [])
    }
  }

  @Test("Text that is not UTF-8 is closed with 1007, a message of the full 64 kB arrives") func text() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient.webSocket(port: server.port)
      try client.send(.text, [UInt8](repeating: 65, count: 65536))
      try eventually("the message arrives") { streams.messages.all.first?.utf8.count == 65536 }
      try client.send(.text, [0xff])
      #expect(try client.message().code == 1007)
    }
  }

  @Test("A storm of pings is closed with 1008") func pings() async throws {
    try await withServer(Streams().handler) { server in
      let client = try RawClient.webSocket(port: server.port)
      // More than two seconds' worth, so that no change of second can save it.
      for _ in 0..<50 { try client.send(.ping, []) }
      #expect(try client.message().code == 1008)
    }
  }

  @Test("A silent peer is pinged, lives while it answers and is dropped when it does not") func idle() async throws {
    let streams = Streams()
    try await withServer(streams.handler, secondMilliseconds: 20, configure: { $0.webSocketIdleSeconds = 100 }) {
      server in
      let client = try RawClient.webSocket(port: server.port)
      for _ in 0..<2 {
        #expect(try client.frame().opcode == .ping)
        try client.send(.pong, [])
      }
      #expect(streams.closed.all.isEmpty)
      #expect(try client.frame().opcode == .ping)
      #expect(try client.readAll() == "")
      try eventually("closed is called") { streams.closed.all.count == 1 }
    }
  }

  @Test("A code of one's own reaches the client right after the handshake, after what was sent before it")
  func closeAtOnce() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      streams.onOpen.withLock {
        $0 = { id in
          server.send(Array("first".utf8), to: id)
          server.close(id, code: 4001)
          server.send(Array("never".utf8), to: id)
        }
      }
      let client = try RawClient.webSocket(port: server.port)
      #expect(try client.frame().text == "first")
      let frame = try client.frame()
      #expect(frame.opcode == .close && frame.code == 4001)
      try client.send(.close, frame.payload)
      let rest = try client.readAll()
      #expect(Array(rest.utf8) == [])
      try eventually("closed is called") { streams.closed.all.count == 1 }
      streams.onOpen.withLock { $0 = { _ in } }
    }
  }

  @Test("A handshake that is none gets 400 and its callbacks never run", arguments: ["GET", "POST"])
  func noHandshake(method: String) async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("\(method) /socket HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
      #expect(try client.response().status == 400)
      #expect(try client.readAll() == "")
    }
    #expect(streams.opened.all.isEmpty && streams.closed.all.isEmpty)
  }

  @Test("A client that does not read is closed as too slow, the others get every message in order")
  func slow() async throws {
    let streams = Streams()
    try await withServer(
      streams.handler,
      configure: {
        $0.queueBytesMax = 64 * 1024
      }
    ) { server in
      let slow = try RawClient.webSocket(port: server.port, receiveBuffer: 2048)
      let quick = try RawClient.webSocket(port: server.port)
      try eventually("both are open") { streams.opened.all.count == 2 }
      var count = 0
      while server.statistics().droppedSlow == 0, count < 20_000 {
        let text = Array("\(count) ".utf8) + [UInt8](repeating: 46, count: 8000)
        server.broadcast(topic: 7, frame: text, event: [], latest: nil)
        #expect(try quick.message().text.hasPrefix("\(count) "))
        count += 1
      }
      #expect(server.statistics().droppedSlow == 1)
      // What the kernel holds can still be read; then comes the close.
      var last = try slow.message()
      while last.opcode == .text { last = try slow.message() }
      #expect(last.code == 1013)
    }
  }

  @Test("The latest state replaces the one that waits") func latest() async throws {
    let streams = Streams()
    try await withServer(streams.handler) { server in
      let client = try RawClient.webSocket(port: server.port, receiveBuffer: 2048)
      try eventually("it is open") { streams.opened.all.count == 1 }
      // 80 MB of one state, and what has no key stays: nobody is too slow.
      for index in 0..<2000 {
        let text = Array("state \(index) ".utf8) + [UInt8](repeating: 46, count: 40_000)
        server.broadcast(topic: 7, frame: text, event: [], latest: 1)
        if index % 1000 == 0 { server.broadcast(topic: 7, frame: Array("event".utf8), event: [], latest: nil) }
      }
      var states: [Int] = []
      var events = 0
      while states.last != 1999 {
        let text = try client.message().text
        if text == "event" { events += 1 } else { states.append(Int(text.split(separator: " ")[1]) ?? -1) }
      }
      #expect(states == states.sorted() && states.count < 2000 && events == 2)
      #expect(server.statistics().droppedSlow == 0)
    }
  }

  @Test("A broadcast to more than a slice reaches each subscriber once, and no other topic") func slices() async throws
  {
    let streams = Streams()
    try await withServer(
      streams.handler,
      configure: {
        $0.connectionsMax = 1500
        $0.connectionsPerAddressMax = 1500
      }
    ) { server in
      let clients = try (0..<1100).map { _ in try RawClient.webSocket(port: server.port) }
      try eventually("all are open") { streams.opened.all.count == clients.count }
      server.broadcast(topic: 8, frame: Array("other".utf8), event: [], latest: nil)
      server.broadcast(topic: 7, frame: Array("one".utf8), event: [], latest: nil)
      server.broadcast(topic: 7, frame: Array("two".utf8), event: [], latest: nil)
      for id in streams.opened.all { server.send(Array("three".utf8), to: id) }
      for client in clients {
        #expect(try [client.frame().text, client.frame().text, client.frame().text] == ["one", "two", "three"])
      }
      for client in clients { client.disconnect() }
      try eventually("all are gone") { server.statistics().connections == 0 }
      #expect(streams.closed.all.count == clients.count)
    }
  }
}
