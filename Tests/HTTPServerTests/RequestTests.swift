import HTTPServer
import Testing

/// Bytes that are unusual and right, and what the handler is to see of them.
struct Accepted: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: String
  let seen: String
  var testDescription: String { name }

  init(_ name: String, _ bytes: String, _ seen: String) {
    self.name = name
    self.bytes = bytes
    self.seen = seen
  }

  static let all = [
    Accepted("an empty line before the request", "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a "),
    Accepted("HTTP/1.0 without Host", "GET /a HTTP/1.0\r\n\r\n", "GET /a "),
    Accepted("an absolute target", "GET http://x:8/a?b HTTP/1.1\r\nHost: X:8\r\n\r\n", "GET /a?b "),
    Accepted("an absolute target without a path", "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", "GET / "),
    Accepted("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * "),
    Accepted("an unknown method", "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", "BREW /pot "),
    Accepted("a body", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd", "POST /a abcd"),
    Accepted(
      "a chunked body with an extension",
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\n",
      "POST /a abc\r\n"),
    Accepted("an empty body", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "POST /a "),
    Accepted(
      "100 headers", "GET /a HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X-A: b\r\n", count: 99) + "\r\n", "GET /a "),
  ]
}

@Suite("Requests and responses") struct RequestTests {
  static let echo = TestHandler(respond: { request in
    Response(
      status: 201, headers: [Header("X-Seen", request.header("x-asked") ?? "-"), Header("Date", "never")],
      body: Array("\(request.method) \(request.target) ".utf8) + request.body)
  })

  @Test("A GET reaches the handler and its answer the client") func get() async throws {
    try await withServer(Self.echo) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /a/b?c=%20d HTTP/1.1\r\nHost: x\r\nX-Asked: yes\r\n\r\n")
      let reply = try client.response()
      #expect(reply.status == 201)
      #expect(reply.body == "GET /a/b?c=%20d ")
      #expect(reply.headers["x-seen"] == "yes")
      #expect(reply.headers["date"]?.hasSuffix("GMT") == true)
      #expect(reply.headers["connection"] == nil)
    }
  }

  @Test("What is unusual and right is served, whole and byte by byte", arguments: Accepted.all)
  func accepted(_ accepted: Accepted) async throws {
    try await withServer(Self.echo) { server in
      let whole = try RawClient(port: server.port)
      try whole.send(accepted.bytes)
      #expect(try whole.response().body == accepted.seen)
      let slow = try RawClient(port: server.port)
      for byte in accepted.bytes.utf8 { try slow.send([byte]) }
      #expect(try slow.response().body == accepted.seen)
    }
  }

  @Test("Pipelined requests are answered in order, also when the handlers suspend") func pipelining() async throws {
    let handler = TestHandler(respond: { request in
      if request.target.hasSuffix("0") { await Task.yield() }
      return Response(status: 200, body: Array(request.target.utf8))
    })
    try await withServer(handler) { server in
      let client = try RawClient(port: server.port)
      try client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
      for index in 0..<100 { #expect(try client.response().body == "/\(index)") }
      #expect(server.statistics().requests == 100)
    }
  }

  @Test(
    "A connection is kept or closed as asked",
    arguments: [
      ("1.1", "", nil, false), ("1.1", "Connection: close\r\n", "close", true), ("1.0", "", "close", true),
      ("1.0", "Connection: keep-alive\r\n", "keep-alive", false),
    ] as [(String, String, String?, Bool)])
  func keepAlive(version: String, header: String, answered: String?, isClosed: Bool) async throws {
    try await withServer { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /a HTTP/\(version)\r\nHost: x\r\n\(header)\r\n")
      #expect(try client.response().headers["connection"] == answered)
      if isClosed {
        #expect(try client.readAll() == "")
      } else {
        try client.send("GET /b HTTP/\(version)\r\nHost: x\r\n\(header)\r\n")
        #expect(try client.response().body == "/b")
      }
    }
  }

  @Test("HEAD tells the length and sends no body") func head() async throws {
    try await withServer { server in
      let client = try RawClient(port: server.port)
      try client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try client.response(hasBody: false).headers["content-length"] == "4")
      #expect(try client.response().body == "/next")
    }
  }

  @Test("A client that waits for 100 Continue gets it before the body") func continues() async throws {
    try await withServer(Self.echo) { server in
      let client = try RawClient(port: server.port)
      try client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      #expect(try client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      try client.send("hi")
      #expect(try client.response().body == "POST /a hi")
    }
  }

  @Test("A line break in a header value cannot start another header") func injection() async throws {
    let handler = TestHandler(respond: { _ in
      Response(status: 302, headers: [Header("Location", "/a\r\nSet-Cookie: b=c"), Header("X\r\nY", "d")])
    })
    try await withServer(handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let reply = try client.response()
      #expect(reply.headers["location"] == "/a  Set-Cookie: b=c")
      #expect(reply.headers["set-cookie"] == nil)
      #expect(reply.headers["xy"] == "d")
    }
  }

  @Test("An answer larger than the socket's buffers arrives whole") func large() async throws {
    let body = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
    try await withServer(TestHandler(respond: { _ in Response(status: 200, body: body) })) { server in
      let client = try RawClient(port: server.port, receiveBuffer: 4096)
      try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try client.read(until: "\r\n\r\n")
      #expect(try client.read(body.count) == body)
      try client.send("HEAD /again HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try client.response(hasBody: false).status == 200)
    }
  }
}
