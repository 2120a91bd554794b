import Domain
import Synchronization
import TestSupport
import Testing

@testable import Probe

@Suite("Resolving")
struct ResolvingTests {
  private func configuration(_ dns: DNSServer) -> ProbeEngine.Configuration {
    var configuration = ProbeEngine.Configuration()
    configuration.dnsServers = dns.configuration
    return configuration
  }

  @Test("times the lookup and connects to the address it brought")
  func resolved() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let dns = try DNSServer(delayMs: 50) { _, isV6 in isV6 ? .addresses([]) : .addresses(["127.0.0.1"]) }
    let seen = try await probe("http://www.probe.test:\(server.port)/", configuration: configuration(dns))
    #expect(seen.failure == nil)
    #expect(seen.remoteAddress == "127.0.0.1")
    #expect((seen.timing.dnsUs ?? 0) >= 49_000)
    #expect(dns.questions.sorted() == ["www.probe.test A", "www.probe.test AAAA"])
  }

  @Test(
    "tells a name that does not exist from servers that fail",
    arguments: [("gone.probe.test", FailureReason.dnsNotFound), ("broken.probe.test", .dnsError)])
  func failures(name: String, reason: FailureReason) async throws {
    let dns = try DNSServer { name, _ in name.hasPrefix("gone") ? .nameError : .serverFailure }
    let seen = try await probe("http://\(name)/", configuration: configuration(dns))
    #expect(seen.failure?.reason == reason)
    #expect(seen.failure?.phase == .dns)
    #expect(seen.timing.connectUs == nil)
  }

  @Test("ends a lookup that nobody answers at the deadline")
  func silence() async throws {
    let dns = try DNSServer { _, _ in .silence }
    let seen = try await probe("http://silent.probe.test/", configuration: configuration(dns)) { $0.timeoutMs = 300 }
    #expect(seen.failure?.reason == .dnsError)
    #expect(seen.failure?.phase == .dns)
  }

  @Test(
    "servers that fail everybody are our trouble, servers that fail one name are the target's",
    arguments: [
      (DNSServer.Answer.serverFailure, true), (.nameError, true), (.silence, true), (.refused, false),
      (.addresses([]), false),
    ])
  func ownTrouble(root: DNSServer.Answer, isOwn: Bool) async throws {
    for failing in [DNSServer.Answer.serverFailure, .nameError, .silence] {
      let dns = try DNSServer { name, _ in name.isEmpty ? root : failing }
      let seen = try await probeReport("http://www.probe.test/", configuration: configuration(dns)) {
        $0.timeoutMs = 300
      }
      #expect(seen.status == .down)
      #expect(seen.observation.failure?.phase == .dns)
      #expect(seen.isOwnTrouble == isOwn, "root \(root), name \(failing)")
    }
  }

  /// A moment after the first name was found the root is asked for.
  private func known(_ engine: ProbeEngine) async throws {
    let end = ContinuousClock.now + .seconds(15)
    while engine.statistics.resolverWorks != true, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(engine.statistics.resolverWorks == true)
  }

  @Test("asks for the root once for many names that fail together")
  func oneQuestion() async throws {
    let isOut = Mutex(false)
    let dns = try DNSServer { name, isV6 in
      isOut.withLock { $0 } ? (name.isEmpty ? .serverFailure : .silence) : .addresses(isV6 ? [] : ["127.0.0.1"])
    }
    let gathered = Gathered()
    let engine = try ProbeEngine(configuration: configuration(dns), world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    func run(_ token: UInt64) throws -> ProbeRun {
      var settings = MonitorSettings(name: "test", url: "http://n\(token).probe.test:1/")
      settings.timeoutMs = 300
      settings.attempts = 1
      return ProbeRun(
        token: token, target: try ProbeTarget(settings), dueNs: 0, budgetMs: 300, allowsPrivate: true, urgent: true)
    }
    engine.submit([try run(1)])
    #expect(try await gathered.wait(for: 1))
    try await known(engine)
    let before = dns.rootQuestions
    isOut.withLock { $0 = true }
    engine.submit(try (2...40).map { try run($0) })
    #expect(try await gathered.wait(for: 40))
    #expect(gathered.reports.filter(\.isOwnTrouble).count == 39)
    // Each by itself would ask at least three times.
    #expect(dns.rootQuestions - before < 39)
    #expect(engine.statistics.resolverWorks == false)
  }

  @Test(
    "a target that cannot be reached while the DNS cannot either is our trouble, once the DNS was seen to work",
    arguments: [true, false])
  func ownNetwork(wasSeen: Bool) async throws {
    let isOut = Mutex(!wasSeen)
    let dns = try DNSServer { name, isV6 in
      isOut.withLock { $0 } && name.isEmpty ? .silence : .addresses(isV6 || name.isEmpty ? [] : ["127.0.0.1"])
    }
    let gathered = Gathered()
    var configuration = configuration(dns)
    configuration.isFar = { $0 == "127.0.0.1" }
    let engine = try ProbeEngine(configuration: configuration, world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    func run(_ token: UInt64, _ host: String) async throws -> ProbeReport {
      // Nobody listens there.
      var settings = MonitorSettings(name: "test", url: "http://\(host):1/")
      settings.timeoutMs = 500
      settings.attempts = 1
      let target = try ProbeTarget(settings)
      engine.submit([
        ProbeRun(token: token, target: target, dueNs: 0, budgetMs: 500, allowsPrivate: true, urgent: true)
      ])
      #expect(try await gathered.wait(for: Int(token)))
      return gathered.reports[Int(token) - 1]
    }
    #expect(try await run(1, "www.probe.test").isOwnTrouble == false)
    if wasSeen { try await known(engine) }
    isOut.withLock { $0 = true }
    #expect(try await run(2, "www.probe.test").isOwnTrouble == wasSeen)
    // What is near is reached another way.
    #expect(try await run(3, "[::1]").isOwnTrouble == false)
  }

  @Test("notices by itself that the servers answer again")
  func recovery() async throws {
    let heals = Mutex(false)
    let dns = try DNSServer { _, _ in heals.withLock { $0 } ? .addresses([]) : .serverFailure }
    let gathered = Gathered()
    let engine = try ProbeEngine(configuration: configuration(dns), world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    var settings = MonitorSettings(name: "test", url: "http://www.probe.test/")
    settings.timeoutMs = 300
    engine.submit([
      ProbeRun(token: 1, target: try ProbeTarget(settings), dueNs: 0, budgetMs: 300, allowsPrivate: true, urgent: true)
    ])
    #expect(try await gathered.wait(for: 1))
    #expect(engine.statistics.resolverWorks == false)
    heals.withLock { $0 = true }
    try await known(engine)
  }

  @Test("a name that leads to a private address gets no connection where that is not granted")
  func rebinding() async throws {
    let server = try ScriptedServer { $0.answer() }
    let dns = try DNSServer { _, isV6 in isV6 ? .addresses(["::1"]) : .addresses(["127.0.0.1", "169.254.169.254"]) }
    let seen = try await probe(
      "http://rebind.probe.test:\(server.port)/", allowsPrivate: false, configuration: configuration(dns))
    #expect(seen.failure?.reason == .policyBlocked)
    #expect(server.connections == 0)
  }

  @Test("a name that turns private between two hops is vetted anew, and one that was never public gets nothing")
  func rebindingBetweenHops() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer("302 Found", headers: ["Location: /again"])
    }
    // Loopback is granted here; the metadata address is granted to nobody, so the second hop must not leave.
    let turns = Turns()
    let dns = try DNSServer { _, isV6 in
      if isV6 { return .addresses([]) }
      return .addresses([turns.next() == 0 ? "127.0.0.1" : "169.254.169.254"])
    }
    let seen = try await probe("http://turn.probe.test:\(server.port)/", configuration: configuration(dns))
    #expect(seen.failure?.reason == .policyBlocked)
    #expect(seen.failure?.phase == .connect)
    #expect(seen.evidence?.hops.map(\.status) == [302, nil])
    #expect(server.connections == 1)
    #expect(dns.questions.filter { $0.hasSuffix(" A") }.count == 2)
  }

  @Test("asks once per check, so that what was vetted is what is contacted")
  func pinned() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let dns = try DNSServer { _, isV6 in isV6 ? .addresses([]) : .addresses(["127.0.0.1"]) }
    for _ in 0..<3 { _ = try await probe("http://flip.probe.test:\(server.port)/", configuration: configuration(dns)) }
    #expect(dns.questions.filter { $0.hasSuffix(" A") }.count == 3)
    #expect(server.connections == 3)
  }

  @Test("tries the next address where one refuses")
  func fallback() async throws {
    let server = try ScriptedServer(address: "127.0.0.3") { connection in
      connection.readHead()
      connection.answer()
    }
    let dns = try DNSServer { _, isV6 in isV6 ? .addresses([]) : .addresses(["127.0.0.2", "127.0.0.3"]) }
    let seen = try await probe("http://two.probe.test:\(server.port)/", configuration: configuration(dns))
    #expect(seen.failure == nil)
    #expect(seen.remoteAddress == "127.0.0.3")
  }

  @Test("does not wait for IPv6 once IPv4 is there")
  func lameFamily() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let dns = try DNSServer { _, isV6 in isV6 ? .silence : .addresses(["127.0.0.1"]) }
    let seen = try await probe("http://lame.probe.test:\(server.port)/", configuration: configuration(dns))
    #expect(seen.failure == nil)
    #expect((seen.timing.dnsUs ?? 0) < 1_000_000)
  }

  @Test("knows localhost without asking")
  func localhost() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let dns = try DNSServer { _, _ in .nameError }
    let seen = try await probe("http://localhost:\(server.port)/", configuration: configuration(dns)) {
      $0.ipFamily = .v4
    }
    #expect(seen.failure == nil)
    #expect(dns.questions.isEmpty)
  }
}
