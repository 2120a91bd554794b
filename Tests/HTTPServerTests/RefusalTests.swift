import HTTPServer
import Testing

/// A request that must be refused: what is wrong with it, the bytes, the status.
struct Refusal: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: String
  let status: Int
  var testDescription: String { name }

  init(_ name: String, _ bytes: String, _ status: Int = 400) {
    self.name = name
    self.bytes = bytes
    self.status = status
  }

  static let post = "POST / HTTP/1.1\r\nHost: x\r\n"
  static let all = [
    Refusal("no Host", "GET / HTTP/1.1\r\n\r\n"),
    Refusal("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    Refusal("two Hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    Refusal("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Refusal("a Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    Refusal("a folded header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n  2\r\n\r\n"),
    Refusal("an unknown Transfer-Encoding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    Refusal("gzip before chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    Refusal(
      "two Transfer-Encodings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Refusal("Content-Length, then chunked", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Refusal("chunked, then Content-Length", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
    Refusal("chunked on HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Refusal("Content-Lengths that differ", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
    Refusal("a Content-Length with a sign", post + "Content-Length: +4\r\n\r\nabcd"),
    Refusal("a negative Content-Length", post + "Content-Length: -1\r\n\r\n"),
    Refusal("a Content-Length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n"),
    Refusal("a bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
    Refusal("chunks with bare line feeds", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"),
    Refusal("a chunk longer than it says", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
    Refusal("trailer fields", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nCookie: a\r\n\r\n"),
    Refusal("an endless chunk line", post + "Transfer-Encoding: chunked\r\n\r\n1;" + many("a", 8192)),
    Refusal("a space before the colon", "GET / HTTP/1.1\r\nHost: x\r\nX-A : 1\r\n\r\n"),
    Refusal("bare line feeds", "GET / HTTP/1.1\nHost: x\n\n"),
    Refusal("a bare line feed between headers", "GET / HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n"),
    Refusal("a bare carriage return", "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n"),
    Refusal("a NUL in a header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n"),
    Refusal("a control byte in a header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\u{1}b\r\n\r\n"),
    Refusal("a header without a name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
    Refusal("a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n"),
    Refusal("the start of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n"),
    Refusal("a method that is no token", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"),
    Refusal("an absolute target of another host", "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("an absolute target of another scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("a target without a slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("an asterisk without OPTIONS", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("a fragment in the target", "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("a control byte in the target", "GET /\u{7f} HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("a target that is not ASCII", "GET /é HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("a space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
    Refusal("no version", "GET /\r\nHost: x\r\n\r\n"),
    Refusal("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Refusal("HTTP/0.9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n"),
    Refusal("an expectation nobody knows", post + "Expect: wonders\r\nContent-Length: 1\r\n\r\na", 417),
    Refusal("101 headers", "GET / HTTP/1.1\r\nHost: x\r\n" + many("X-A: b\r\n", 100) + "\r\n", 431),
    Refusal("a 17 kB header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + many("a", 17 * 1024) + "\r\n\r\n", 431),
    Refusal("a 1 MB header without an end", "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + many("a", 1 << 20), 431),
    Refusal("a 64 kB target", "GET /" + many("a", 64 * 1024) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    Refusal("a body over the limit", post + "Content-Length: 2097152\r\n\r\n" + many("a", 2_097_152), 413),
    Refusal("a body over the limit that is never sent", post + "Content-Length: 2097152\r\n\r\n", 413),
    Refusal(
      "a body over the limit that waits for a word",
      post + "Expect: 100-continue\r\nContent-Length: 1025\r\n\r\n", 413),
    Refusal(
      "a chunked body over the limit",
      post + "Transfer-Encoding: chunked\r\n\r\n" + many("100\r\n" + many("a", 256) + "\r\n", 5) + "0\r\n\r\n", 413),
  ]
}

private func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

@Suite("What is refused") struct RefusalTests {
  @Test("Bad input gets its status, a problem document and a closed connection", arguments: Refusal.all)
  func refused(_ refusal: Refusal) async throws {
    let handled = Recorder<String>()
    let handler = TestHandler(respond: { request in
      handled.add(request.target)
      return Response(status: 200)
    })
    try await withServer(handler) { server in
      let client = try RawClient(port: server.port)
      // What follows a refused request must never be taken for another one.
      try client.send(refusal.bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
      let reply = try client.response()
      #expect(reply.status == refusal.status)
      #expect(reply.headers["connection"] == "close")
      #expect(reply.headers["content-type"] == "application/problem+json")
      #expect(reply.body.contains("\"status\":\(refusal.status)"))
      #expect(try client.readAll() == "")
      #expect(handled.all == [])
      #expect(server.statistics().refused == 1)
    }
  }

  @Test("The same bytes one by one get the same refusal", arguments: Refusal.all.filter { $0.bytes.utf8.count < 120 })
  func refusedByteByByte(_ refusal: Refusal) async throws {
    try await withServer { server in
      let client = try RawClient(port: server.port)
      for byte in refusal.bytes.utf8 {
        // The refusal may come before the last byte; what is sent after it goes nowhere.
        do { try client.send([byte]) } catch { break }
      }
      #expect(try client.response().status == refusal.status)
      #expect(try client.readAll() == "")
    }
  }
}
