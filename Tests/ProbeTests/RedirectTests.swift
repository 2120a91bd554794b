import Domain
import Probe
import TestSupport
import Testing

@Suite("Redirects")
struct RedirectTests {
  /// Answers each path by what the table says: a redirect to the target, or `ok`.
  private func serve(_ table: [String: String], status: String = "302 Found") throws -> (ScriptedServer, Heads) {
    let heads = Heads()
    let server = try ScriptedServer { connection in
      let head = connection.readHead()
      heads.note(head)
      let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
      if let target = table[path] {
        connection.answer(status, headers: ["Location: \(target)"])
      } else {
        connection.answer()
      }
    }
    return (server, heads)
  }

  @Test("are followed one by one, each hop shown with its own times")
  func chain() async throws {
    let (server, heads) = try serve(["/a": "/b", "/b": "c?x=1"])
    let seen = try await probe("\(server.url)/a")
    #expect(seen.failure == nil)
    #expect(seen.httpStatus == 200)
    #expect(heads.all.count == 3)
    #expect(seen.evidence?.hops.map(\.status) == [302, 302, 200])
    #expect(seen.evidence?.hops.last?.url == "\(server.url)/c?x=1")
    let total = seen.evidence?.hops.reduce(0) { $0 + $1.timing.totalUs }
    #expect(total == seen.timing.totalUs)
  }

  @Test("end at their limit")
  func loop() async throws {
    let (server, heads) = try serve(["/": "/"])
    let seen = try await probe(server.url) { $0.maxRedirects = 5 }
    #expect(seen.failure?.reason == .tooManyRedirects)
    #expect(heads.all.count == 6)
  }

  @Test("are not followed where that is not wanted")
  func off() async throws {
    let (server, heads) = try serve(["/": "/b"])
    let seen = try await probe(server.url) { $0.followRedirects = false }
    #expect(seen.failure?.reason == .statusCode)
    #expect(seen.httpStatus == 302)
    #expect(heads.all.count == 1)
  }

  @Test("keep secrets within an origin and drop them on the way to another, for good")
  func secrets() async throws {
    let (other, otherHeads) = try serve(["/x": "HOME"])
    let back = Heads()
    let home = try ScriptedServer { connection in
      let head = connection.readHead()
      back.note(head)
      switch head.split(separator: " ").dropFirst().first {
      case "/": connection.answer("302 Found", headers: ["Location: /same"])
      case "/same": connection.answer("302 Found", headers: ["Location: \(other.url)/y"])
      default: connection.answer()
      }
    }
    let seen = try await probe("http://me:pw@127.0.0.1:\(home.port)/") {
      $0.headers = [
        .init(name: "Cookie", value: "session=abcdef"), .init(name: "X-Api-Key", value: "key-123456"),
        .init(name: "Accept", value: "text/plain"),
      ]
    }
    #expect(seen.failure == nil)
    #expect(back.all.count == 2)
    #expect(
      back.all.allSatisfy { $0.contains("Authorization: Basic bWU6cHc=") && $0.contains("Cookie: session=abcdef") })
    #expect(otherHeads.all.count == 1)
    let asked = try #require(otherHeads.all.first)
    #expect(!asked.contains("Authorization") && !asked.contains("Cookie") && !asked.contains("X-Api-Key"))
    #expect(asked.contains("Accept: text/plain"))
  }

  @Test(
    "rewrite the method as browsers do",
    arguments: [
      ("301 Moved Permanently", "GET"), ("302 Found", "GET"), ("303 See Other", "GET"),
      ("307 Temporary Redirect", "POST"), ("308 Permanent Redirect", "POST"),
    ])
  func methods(status: String, expected: String) async throws {
    let (server, heads) = try serve(["/": "/next"], status: status)
    let seen = try await probe(server.url) {
      $0.method = "POST"
      $0.body = "hello"
    }
    #expect(seen.failure == nil)
    #expect(heads.all.map { $0.split(separator: " ").first ?? "" } == ["POST", Substring(expected)])
    #expect(heads.all[1].contains("Content-Length: 5") == (expected == "POST"))
  }

  @Test(
    "to what cannot be fetched are a protocol error", arguments: ["ftp://127.0.0.1/", "http://", "file:///etc/passwd"])
  func unfetchable(target: String) async throws {
    let (server, _) = try serve(["/": target])
    #expect(try await probe(server.url).failure?.reason == .protocolError)
  }

  @Test("never take longer than the one deadline for all")
  func deadline() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.pause(150)
      connection.answer("302 Found", headers: ["Location: /again"])
    }
    let seen = try await probe(server.url) { $0.timeoutMs = 400 }
    #expect(seen.failure?.reason == .timeout)
    // The total is the hops' sum, without the moments between them.
    #expect(390_000..<2_000_000 ~= seen.timing.totalUs)
  }
}
