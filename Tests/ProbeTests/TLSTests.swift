import Domain
import Foundation
import Probe
import TestSupport
import Testing

@Suite("TLS")
struct TLSTests {
  private static let certificates = Result { try Certificates() }
  private let certificates: Certificates

  init() throws { certificates = try Self.certificates.get() }

  private func trusting() -> ProbeEngine.Configuration {
    var configuration = ProbeEngine.Configuration()
    configuration.caFile = certificates.authority
    return configuration
  }

  @Test("a trusted certificate is shown with its expiry, subject and issuer")
  func trusted() async throws {
    let server = try TLSServer(certificates, "good")
    let seen = try await probe(server.url, configuration: trusting())
    #expect(seen.failure == nil)
    #expect(seen.httpStatus == 200)
    #expect(seen.certificate?.expiresAt == Instant(ms: 4_070_908_800_000))
    #expect(seen.certificate?.subject.contains("good") == true)
    #expect(seen.certificate?.issuer.contains("Test authority") == true)
    let timing = seen.timing
    #expect((timing.tlsUs ?? 0) > 0)
    let parts = [timing.connectUs, timing.tlsUs, timing.firstByteUs, timing.transferUs].reduce(0) { $0 + ($1 ?? 0) }
    #expect(abs(timing.totalUs - parts) < 2000)
  }

  @Test(
    "a certificate that does not hold is told by what is wrong with it",
    arguments: [
      ("expired", FailureReason.tlsCertificateExpired), ("early", .tlsCertificateInvalid),
      ("other", .tlsHostnameMismatch), ("lone", .tlsCertificateInvalid),
    ])
  func refused(name: String, reason: FailureReason) async throws {
    let server = try TLSServer(certificates, name)
    let seen = try await probe(server.url, configuration: trusting())
    #expect(seen.failure?.reason == reason, "\(seen.failure?.message ?? "")")
    #expect(seen.failure?.phase == .tls)
    #expect(seen.timing.connectUs != nil)
    #expect(seen.timing.tlsUs != nil)
    #expect(seen.timing.firstByteUs == nil)
    #expect(seen.httpStatus == nil)
  }

  @Test("the same certificates pass where verification is off", arguments: ["expired", "early", "other", "lone"])
  func unverified(name: String) async throws {
    let server = try TLSServer(certificates, name)
    let seen = try await probe(server.url, configuration: trusting()) { $0.verifyTLS = false }
    #expect(seen.failure == nil, "\(seen.failure?.message ?? "")")
    #expect(seen.certificate != nil)
  }

  @Test("the name of the URL goes out as SNI and is what the certificate must hold")
  func names() async throws {
    let sni = ["-servername", "good.probe.test", "-servername_fatal", "-cert2", "good.pem", "-key2", "good.key"]
    let server = try TLSServer(certificates, "good", more: sni)
    let dns = try DNSServer { _, isV6 in isV6 ? .addresses([]) : .addresses(["127.0.0.1"]) }
    var configuration = trusting()
    configuration.dnsServers = dns.configuration
    let seen = try await probe("https://good.probe.test:\(server.port)/", configuration: configuration)
    #expect(seen.failure == nil, "\(seen.failure?.message ?? "")")
    let wrong = try await probe("https://bad.probe.test:\(server.port)/", configuration: configuration)
    #expect([.tlsHandshake, .tlsHostnameMismatch].contains(wrong.failure?.reason))
  }

  @Test("TLS 1.2 is spoken too", arguments: ["-tls1_2", "-tls1_3"])
  func versions(flag: String) async throws {
    let server = try TLSServer(certificates, "good", more: [flag])
    #expect(try await probe(server.url, configuration: trusting()).failure == nil)
  }

  @Test("a session is never resumed, so that each check sees the certificate")
  func resumption() async throws {
    let server = try TLSServer(certificates, "good")
    for _ in 0..<3 {
      let seen = try await probe(server.url, configuration: trusting())
      #expect(seen.certificate != nil)
    }
  }

  @Test("a peer that speaks no TLS is a failed handshake")
  func plain() async throws {
    let server = try ScriptedServer { connection in
      connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      connection.waitForClose()
    }
    let seen = try await probe("https://127.0.0.1:\(server.port)/", configuration: trusting())
    #expect(seen.failure?.reason == .tlsHandshake)
    #expect(seen.failure?.phase == .tls)
  }

  @Test("a close or a reset during the handshake is a failure of that phase", arguments: [true, false])
  func broken(withReset: Bool) async throws {
    let server = try ScriptedServer { connection in
      connection.pause(20)
      if withReset { connection.reset() }
    }
    let seen = try await probe("https://127.0.0.1:\(server.port)/", configuration: trusting())
    #expect([.tlsHandshake, .connectionReset].contains(seen.failure?.reason))
    #expect(seen.failure?.phase == .tls)
  }

  @Test("a handshake that does not go on ends at the deadline, in its own phase")
  func slow() async throws {
    let server = try ScriptedServer { $0.waitForClose() }
    let seen = try await probe("https://127.0.0.1:\(server.port)/", configuration: trusting()) { $0.timeoutMs = 300 }
    #expect(seen.failure?.reason == .timeout)
    #expect(seen.failure?.phase == .tls)
    #expect((seen.timing.tlsUs ?? 0) > 250_000)
    #expect(seen.timing.firstByteUs == nil)
    #expect(300_000..<2_000_000 ~= seen.timing.totalUs)
  }

  @Test("a redirect from HTTPS to HTTP is followed without secrets")
  func downgrade() async throws {
    let heads = Heads()
    let target = try ScriptedServer { connection in
      heads.note(connection.readHead())
      connection.answer()
    }
    let page = "HTTP/1.0 302 Found\r\nLocation: \(target.url)/\r\nContent-Length: 0\r\n\r\n"
    try page.write(to: certificates.folder.appending(path: "away"), atomically: true, encoding: .utf8)
    // -HTTP serves a file as the whole answer; -www would write a head of its own.
    let server = try TLSServer(certificates, "good", more: ["-HTTP"])
    let seen = try await probe("https://me:pw@127.0.0.1:\(server.port)/away", configuration: trusting()) {
      $0.headers = [.init(name: "Cookie", value: "session=abcdef")]
    }
    #expect(seen.failure == nil, "\(seen.failure?.message ?? "")")
    let asked = try #require(heads.all.first)
    #expect(!asked.contains("Authorization") && !asked.contains("Cookie"))
    #expect(seen.evidence?.hops.count == 2)
  }
}
