import Domain
import Foundation
import Probe
import TestSupport
import Testing

/// Delays of a known length in one phase each. A delayed and a prompt check take turns and the median of their
/// differences is judged, so that neither one bad moment of the machine nor one lucky check decides. What is wanted is the
/// delay as it was: a busy machine lets a sleeper oversleep, which is no error of the measurement.
@Suite("Phases", .serialized)
struct PhaseTests {
  private static let delayMs: UInt32 = 80
  private static let toleranceUs = 5000
  private static let pairs = 11

  private func phases(
    _ url: String, _ configuration: ProbeEngine.Configuration = .init(), verifies: Bool = true
  ) async throws -> [String: Int] {
    let one = try await probe(url, configuration: configuration) { $0.verifyTLS = verifies }
    #expect(one.failure == nil, "\(one.failure?.message ?? "")")
    let timing = one.timing
    let phases = [
      "dns": timing.dnsUs, "connect": timing.connectUs, "tls": timing.tlsUs, "firstByte": timing.firstByteUs,
      "transfer": timing.transferUs, "total": timing.totalUs,
    ]
    return phases.mapValues { Int($0 ?? 0) }
  }

  /// What is measured late is later than what is measured promptly by the delay in `phase` and in the total, and in
  /// nothing else.
  private func expectOnly(
    _ phase: String, _ pauses: Pauses, late: () async throws -> [String: Int],
    prompt: () async throws -> [String: Int]
  ) async throws {
    var differences: [String: [Int]] = [:]
    for _ in 0..<Self.pairs {
      let (a, injected, b) = (try await late(), pauses.takeLongestUs(), try await prompt())
      #expect(injected >= Int(Self.delayMs) * 1000)
      for (name, value) in a {
        let wanted = name == phase || name == "total" ? injected : 0
        differences[name, default: []].append(value - b[name, default: 0] - wanted)
      }
    }
    for (name, values) in differences {
      let error = values.sorted()[values.count / 2]
      #expect(abs(error) <= Self.toleranceUs, "\(name) is off by \(error) µs")
    }
  }

  @Test("a slow handshake shows as TLS and nowhere else")
  func tls() async throws {
    let certificates = try Certificates()
    let server = try TLSServer(certificates, "good")
    let pauses = Pauses()
    func front(_ delayMs: UInt32) throws -> ScriptedServer {
      try ScriptedServer { connection in
        pauses.pause(delayMs)
        relay(connection, to: server.port)
      }
    }
    let (late, prompt) = (try front(Self.delayMs), try front(0))
    try await expectOnly(
      "tls", pauses, late: { try await phases("https://127.0.0.1:\(late.port)/", verifies: false) },
      prompt: { try await phases("https://127.0.0.1:\(prompt.port)/", verifies: false) })
  }

  @Test("a slow answer shows as first byte, a slow rest as transfer, and nowhere else", arguments: [true, false])
  func answer(isHeadSlow: Bool) async throws {
    let pauses = Pauses()
    func server(_ delayMs: UInt32) throws -> ScriptedServer {
      try ScriptedServer { connection in
        connection.readHead()
        if isHeadSlow { pauses.pause(delayMs) }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        if !isHeadSlow { pauses.pause(delayMs) }
        connection.send("half")
      }
    }
    let (late, prompt) = (try server(Self.delayMs), try server(0))
    try await expectOnly(
      isHeadSlow ? "firstByte" : "transfer", pauses, late: { try await phases(late.url) },
      prompt: { try await phases(prompt.url) })
  }

  @Test("a head that comes byte by byte begins with its first byte")
  func slowHead() async throws {
    let pauses = Pauses()
    func server(_ delayMs: UInt32) throws -> ScriptedServer {
      try ScriptedServer { connection in
        connection.readHead()
        connection.send("H")
        pauses.pause(delayMs)
        connection.send("TTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let (late, prompt) = (try server(Self.delayMs), try server(0))
    try await expectOnly(
      "transfer", pauses, late: { try await phases(late.url) }, prompt: { try await phases(prompt.url) })
  }

  @Test("a slow name server shows as DNS and nowhere else")
  func dns() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let pauses = Pauses()
    func resolver(_ delayMs: UInt32) throws -> (DNSServer, ProbeEngine.Configuration) {
      let dns = try DNSServer(delayMs: delayMs, pauses: pauses) { _, isV6 in
        isV6 ? .addresses([]) : .addresses(["127.0.0.1"])
      }
      var configuration = ProbeEngine.Configuration()
      configuration.dnsServers = dns.configuration
      return (dns, configuration)
    }
    let (late, prompt) = (try resolver(Self.delayMs), try resolver(0))
    let url = "http://phase.probe.test:\(server.port)/"
    try await expectOnly(
      "dns", pauses, late: { try await phases(url, late.1) }, prompt: { try await phases(url, prompt.1) })
    #expect(!late.0.questions.isEmpty && !prompt.0.questions.isEmpty)
  }
}
