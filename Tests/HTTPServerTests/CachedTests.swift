import HTTPServer
import Testing

@Suite("The fast path") struct CachedTests {
  static let page = CachedResponse(
    status: 200, headers: [Header("Content-Type", "text/plain"), Header("Cache-Control", "max-age=5")],
    body: Array("hello".utf8), etag: "\"v1\"")
  static let handler = TestHandler(
    cache: { $0.target == "/page" && !$0.hasCookieOrAuthorization ? page : nil },
    respond: { _ in Response(status: 404) })

  @Test("A cached answer carries everything, and the handler is not asked") func cached() async throws {
    try await withServer(Self.handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
      let reply = try client.response()
      #expect(reply.status == 200 && reply.body == "hello")
      #expect(reply.headers["etag"] == "\"v1\"" && reply.headers["content-length"] == "5")
      #expect(reply.headers["content-type"] == "text/plain")
      #expect(reply.headers["date"] != nil)
      try client.send("GET /page HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nConnection: close\r\n\r\n")
      #expect(try client.response().status == 404)
      #expect(try client.readAll() == "")
    }
  }

  @Test("HEAD gets the head alone, and Connection: close is added when asked") func head() async throws {
    try await withServer(Self.handler) { server in
      let client = try RawClient(port: server.port)
      try client.send(
        "HEAD /page HTTP/1.1\r\nHost: x\r\n\r\nGET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      let head = try client.response(hasBody: false)
      #expect(head.status == 200 && head.headers["content-length"] == "5")
      let last = try client.response()
      #expect(last.headers["connection"] == "close" && last.body == "hello")
      #expect(try client.readAll() == "")
    }
  }

  @Test(
    "If-None-Match is compared weakly",
    arguments: [
      ("\"v1\"", 304), ("W/\"v1\"", 304), ("\"v0\", \"v1\"", 304), ("\"v0\" ,W/\"v1\" ", 304), ("*", 304),
      ("\"v2\"", 200),
      ("v1", 200), ("\"v1", 200),
    ])
  func notModified(tags: String, status: Int) async throws {
    try await withServer(Self.handler) { server in
      let client = try RawClient(port: server.port)
      try client.send("GET /page HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(tags)\r\n\r\n")
      let reply = try client.response()
      #expect(reply.status == status)
      if status == 304 {
        #expect(reply.headers["etag"] == "\"v1\"" && reply.headers["cache-control"] == "max-age=5")
        #expect(reply.headers["content-type"] == nil && reply.headers["content-length"] == nil)
      }
    }
  }

  @Test("A tag without quotes gets them") func quotes() {
    #expect(CachedResponse(status: 200, headers: [], body: [], etag: "a").etag == "\"a\"")
  }
}
