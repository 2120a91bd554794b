import HTTPServer
import Testing

@Test("a socket that joins a topic hears what is broadcast after, behind what was sent to it before")
func joinsInOrder() async throws {
  let opened = Recorder<ConnectionID>()
  let handler = TestHandler(respond: { _ in
    Response(status: 101, stream: .webSocket(topic: 0, WebSocketCallbacks(opened: { opened.add($0) })))
  })
  try await withServer(handler) { server in
    let client = try RawClient.webSocket(port: server.port)
    try eventually("the socket is open") { opened.all.count == 1 }
    server.broadcast(topic: 7, frame: Array("early".utf8), event: [], latest: nil)
    server.send(Array("missed".utf8), to: opened.all[0])
    server.join(opened.all[0], topic: 7)
    server.broadcast(topic: 7, frame: Array("new".utf8), event: [], latest: nil)
    server.join(opened.all[0], topic: 8)
    server.broadcast(topic: 7, frame: Array("gone".utf8), event: [], latest: nil)
    server.broadcast(topic: 8, frame: Array("other".utf8), event: [], latest: nil)
    #expect(try client.message().text == "missed")
    #expect(try client.message().text == "new")
    #expect(try client.message().text == "other")
  }
}
