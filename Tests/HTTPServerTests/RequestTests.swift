import HTTPServer
import Testing

@Suite("Requests and responses") struct RequestTests {
  @Test("A GET reaches the handler and its answer the client") func get() async throws {
    let handler = TestHandler(respond: { request in
      Response(
        status: 201, headers: [Header("X-Seen", request.header("x-asked") ?? "-"), Header("Date", "never")],
        body: Array("\(request.method) \(request.target) from \(request.peer)".utf8))
    })
    try await withServer(handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /a/b?c=%20d HTTP/1.1\r\nHost: x\r\nX-Asked: yes\r\n\r\n")
      let reply = try client.response()
      #expect(reply.status == 201)
      #expect(reply.body == "GET /a/b?c=%20d from 127.0.0.1")
      #expect(reply.headers["x-seen"] == "yes")
      #expect(reply.headers["date"]?.hasSuffix("GMT") == true)
      #expect(reply.headers["connection"] == nil)
    }
  }
}
