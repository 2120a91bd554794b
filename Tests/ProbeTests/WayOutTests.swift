import CLinux
import Domain
import Synchronization
import TestSupport
import Testing

@testable import Probe

/// Servers that answer for the root over TCP, or fall silent.
@Suite("The way out", .serialized)
struct WayOutTests {
  private final class Root: Sendable {
    let isSilent = Mutex(false)
    let saysOwn = Mutex(true)
  }

  private func server(_ root: Root) throws -> ScriptedServer {
    try ScriptedServer { connection in
      let size = connection.read(2)
      guard size.count == 2 else { return }
      let query = connection.read(Int(size[0]) << 8 | Int(size[1]))
      guard query.count > 16, !root.isSilent.withLock({ $0 }) else { return connection.waitForClose() }
      let own: UInt8 = root.saysOwn.withLock { $0 } ? 0x04 : 0
      // One record NS with the root as its value.
      let answer =
        [query[0], query[1], 0x80 | own, 0, 0, 1, 0, 1, 0, 0, 0, 0] + query[12..<17]
        + [0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0]
      _ = connection.send([UInt8(answer.count >> 8), UInt8(answer.count & 255)] + answer)
    }
  }

  /// What two attempts of a run say that fails, once a run before it was told that there is a way out, and then `change`
  /// happened.
  private func said(_ roots: [Root], after change: () -> Void = {}, attempts: Int = 2) async throws -> [Bool?] {
    let servers = try roots.map(server)
    var configuration = ProbeEngine.Configuration()
    configuration.rootServers = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    configuration.isFar = { _ in true }
    let gathered = Gathered()
    let engine = try ProbeEngine(configuration: configuration, world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    func fail(_ token: UInt64, attempts: Int) async throws -> [Bool?] {
      var settings = MonitorSettings(name: "test", url: "http://127.0.0.1:1/")
      settings.timeoutMs = 1000
      settings.attempts = attempts
      let before = gathered.reports.count
      engine.submit([
        ProbeRun(
          token: token, target: try ProbeTarget(settings), dueNs: 0, budgetMs: settings.slotBudgetMs,
          allowsPrivate: true, urgent: true)
      ])
      #expect(try await gathered.wait(for: before + attempts))
      return gathered.reports.dropFirst(before).map(\.observation.hasWayOut)
    }
    var isProved = false
    for token in UInt64(1)...20 where !isProved { isProved = try await fail(token, attempts: 2).contains(true) }
    #expect(isProved, "the servers answer, and nothing is proved by it")
    change()
    return try await fail(100, attempts: attempts)
  }

  @Test("is proved by two of three servers, for each attempt of a run that fails from its first one on")
  func proved() async throws {
    let roots = [Root(), Root(), Root()]
    roots[1].isSilent.withLock { $0 = true }
    #expect(try await said(roots) == [true, true])
    // A single attempt may have met a network that was away for just as long.
    #expect(try await said(roots, attempts: 1) == [nil])
  }

  @Test("is not proved by one, nor by those that only pass on what they heard")
  func unproved() async throws {
    let roots = [Root(), Root()]
    let passedOn = try await said(roots, after: { roots[1].saysOwn.withLock { $0 = false } })
    #expect(passedOn == [false, false])
    roots[1].saysOwn.withLock { $0 = true }
    #expect(try await said(roots, after: { roots[0].isSilent.withLock { $0 = true } }) == [false, false])
  }
}

@Test("the last attempt of a run has its time also after others that timed out")
func allAttemptsFit() async throws {
  let server = try ScriptedServer { $0.waitForClose() }
  let gathered = Gathered()
  let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
  defer { engine.stop() }
  var settings = MonitorSettings(name: "test", url: server.url)
  settings.timeoutMs = 200
  settings.attempts = 3
  engine.submit([
    ProbeRun(
      token: 1, target: try ProbeTarget(settings), dueNs: clinux_monotonic_ns(), budgetMs: settings.slotBudgetMs,
      allowsPrivate: true)
  ])
  #expect(try await gathered.wait(for: 3))
  #expect(gathered.reports.map(\.attempt) == [0, 1, 2])
  #expect(gathered.reports.map(\.isFinal) == [false, false, true])
}
