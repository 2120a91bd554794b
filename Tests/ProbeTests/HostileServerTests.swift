import Domain
import Foundation
import Probe
import TestSupport
import Testing

@Suite("Against hostile servers")
struct HostileServerTests {
  private func failure(
    timeoutMs: Int = 3000, _ script: @escaping @Sendable (ScriptedServer.Connection) -> Void
  ) async throws -> Failure? {
    let server = try ScriptedServer(script)
    return try await probe(server.url) { $0.timeoutMs = timeoutMs }.failure
  }

  /// What other tests of the same process may take meanwhile; what would be wrong here takes far more.
  private static let noiseBytes = 160 << 20

  private func rssBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
  }

  @Test("an endless head ends at its cap as a protocol error")
  func endlessHead() async throws {
    let failure = try await failure { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\n")
      while connection.send("X-Flood: \(String(repeating: "a", count: 500))\r\n") {}
    }
    #expect(failure?.reason == .protocolError)
    #expect(failure?.phase == .firstByte)
  }

  @Test("one endless header ends as a protocol error")
  func endlessHeader() async throws {
    let failure = try await failure { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\nX-Flood: ")
      while connection.send(String(repeating: "a", count: 4096)) {}
    }
    #expect(failure?.reason == .protocolError)
  }

  @Test("an endless body ends at its cap, with memory flat")
  func endlessBody() async throws {
    let before = rssBytes()
    let failure = try await failure { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      while connection.send([UInt8](repeating: 65, count: 65_536)) {}
    }
    #expect(failure?.reason == .bodyTooLarge)
    #expect(failure?.phase == .transfer)
    #expect(rssBytes() - before < Self.noiseBytes)
  }

  @Test("a body of a byte now and then ends at the total deadline")
  func drip() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
      while connection.send("x") { connection.pause(100) }
    }
    let seen = try await probe(server.url) { $0.timeoutMs = 600 }
    #expect(seen.failure?.reason == .timeout)
    #expect(seen.failure?.phase == .transfer)
    #expect(600_000..<2_000_000 ~= seen.timing.totalUs)
  }

  @Test("no answer at all ends at the deadline, waiting for the first byte")
  func silence() async throws {
    let failure = try await failure(timeoutMs: 300) { $0.waitForClose() }
    #expect(failure?.reason == .timeout)
    #expect(failure?.phase == .firstByte)
  }

  @Test(
    "answers that are no HTTP are protocol errors",
    arguments: [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
      "hello, I am no web server\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ])
  func malformed(answer: String) async throws {
    let failure = try await failure { connection in
      connection.readHead()
      connection.send(answer)
    }
    #expect(failure?.reason == .protocolError, "\(failure?.message ?? "")")
  }

  @Test("a decompression bomb ends at the cap on what it produces, with memory flat")
  func bomb() async throws {
    let before = rssBytes()
    let bomb = gzipOfZeros(megabytes: 256)
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n")
      connection.send(bomb)
    }
    let seen = try await probe(server.url)
    #expect(seen.failure?.reason == .bodyTooLarge)
    #expect(seen.bodyBytes < 2 << 20)
    #expect(rssBytes() - before < Self.noiseBytes)
  }

  @Test("a small compressed body is decoded and counted as it reads")
  func gzip() async throws {
    let body = gzipOfZeros(megabytes: 0, extraRuns: 8)
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n")
      connection.send(body)
    }
    let seen = try await probe(server.url)
    // The checksum at the end is wrong on purpose: what matters here is the count of what came out before it.
    #expect(seen.bodyBytes == 1 + 8 * 258)
  }

  @Test("a reset after accepting is a reset connection")
  func resetAtOnce() async throws {
    let failure = try await failure { connection in
      connection.readHead()
      connection.reset()
    }
    #expect(failure?.reason == .connectionReset)
    #expect(failure?.phase == .firstByte)
  }

  @Test("a close without an answer is a reset connection")
  func closed() async throws {
    let failure = try await failure { $0.readHead() }
    #expect(failure?.reason == .connectionReset)
    #expect(failure?.phase == .firstByte)
  }

  @Test("a body cut short is a reset connection in the transfer", arguments: [true, false])
  func cutShort(withReset: Bool) async throws {
    let failure = try await failure { connection in
      connection.readHead()
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
      connection.pause(50)
      if withReset { connection.reset() }
    }
    #expect(failure?.reason == .connectionReset)
    #expect(failure?.phase == .transfer)
  }

  @Test("nobody listening is a refused connection")
  func refused() async throws {
    let port = try { try ScriptedServer { _ in }.port }()
    let seen = try await probe("http://127.0.0.1:\(port)/")
    #expect(seen.failure?.reason == .connectRefused)
    #expect(seen.failure?.phase == .connect)
    #expect(seen.timing.connectUs != nil)
    #expect(seen.timing.firstByteUs == nil)
  }

  @Test(
    "a private address gets no connection where it is not granted", arguments: ["127.0.0.1", "2130706433", "0x7f.1"])
  func blocked(host: String) async throws {
    let server = try ScriptedServer { $0.answer() }
    let seen = try await probe("http://\(host):\(server.port)/", allowsPrivate: false)
    #expect(seen.failure?.reason == .policyBlocked)
    #expect(server.connections == 0)
  }

  @Test("a redirect to cloud metadata is blocked even where private addresses are granted")
  func metadata() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer("302 Found", headers: ["Location: http://169.254.169.254/latest/meta-data/"])
    }
    let seen = try await probe(server.url)
    #expect(seen.failure?.reason == .policyBlocked)
    #expect(seen.evidence?.hops.count == 2)
  }

  @Test("neither descriptors nor memory are left behind by what fails")
  func nothingLeftBehind() async throws {
    let server = try ScriptedServer { connection in
      let head = connection.readHead()
      if head.hasPrefix("GET /flood") {
        connection.send("HTTP/1.1 200 OK\r\n\r\n")
        while connection.send([UInt8](repeating: 65, count: 65_536)) {}
      } else {
        connection.reset()
      }
    }
    let gathered = Gathered()
    let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    func run(_ path: String, _ count: Int) async throws {
      var settings = MonitorSettings(name: "test", url: server.url + path)
      settings.attempts = 1
      let target = try ProbeTarget(settings)
      let before = gathered.reports.count
      engine.submit(
        (0..<count).map {
          ProbeRun(token: UInt64(before + $0), target: target, dueNs: 0, budgetMs: 9000, allowsPrivate: true)
        })
      #expect(try await gathered.wait(for: before + count))
    }
    // What the engine keeps on purpose (handles, buffers) is there after the first ones.
    try await run("/flood", 8)
    try await run("/", 8)
    let sockets = socketsTo(server.port)
    let bytes = rssBytes()
    for _ in 0..<50 {
      try await run("/flood", 8)
      try await run("/", 8)
    }
    #expect(gathered.reports.allSatisfy { $0.observation.failure != nil })
    #expect(sockets == 0 && socketsTo(server.port) == 0)
    // 400 floods of 1 MiB: kept bodies would be 400 MB.
    #expect(rssBytes() - bytes < Self.noiseBytes)
  }

  /// Connections of this machine to a port that are not closed on our side.
  private func socketsTo(_ port: UInt16) -> Int {
    let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
    let peer = ":" + String(port, radix: 16, uppercase: true).padded(to: 4)
    return table.split(separator: "\n").count { line in
      let words = line.split(separator: " ")
      // 01 is ESTABLISHED, 02 SYN_SENT, 08 CLOSE_WAIT.
      return words.count > 3 && words[2].hasSuffix(peer) && ["01", "02", "08"].contains(words[3])
    }
  }

  /// A gzip stream of zero bytes in one block with fixed codes: one literal, then runs of 258 at distance 1.
  private func gzipOfZeros(megabytes: Int, extraRuns: Int = 0) -> [UInt8] {
    var out: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    var bits: UInt32 = 0
    var count: UInt32 = 0
    func put(_ bit: UInt32) {
      bits |= bit << count
      count += 1
      if count == 8 {
        out.append(UInt8(bits))
        bits = 0
        count = 0
      }
    }
    func code(_ text: StaticString) {
      text.withUTF8Buffer { for byte in $0 { put(byte == 0x31 ? 1 : 0) } }
    }
    code("110")  // last block, fixed codes
    code("00110000")  // literal 0
    for _ in 0..<(megabytes * (1 << 20) / 258 + extraRuns) { code("1100010100000") }  // length 258, distance 1
    code("0000000")  // end of block
    while count != 0 { put(0) }
    return out + [0, 0, 0, 0, 0, 0, 0, 0]
  }
}

extension String {
  fileprivate func padded(to length: Int) -> String { String(repeating: "0", count: max(0, length - count)) + self }
}
