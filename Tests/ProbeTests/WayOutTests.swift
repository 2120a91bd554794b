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

  private func answered(by roots: [Root], _ then: (Int) -> Void = { _ in }) async throws -> [Bool] {
    let servers = try roots.map(server)
    var configuration = ProbeEngine.Configuration()
    configuration.rootServers = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    configuration.isFar = { _ in true }
    let gathered = Gathered()
    let engine = try ProbeEngine(configuration: configuration, world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    // The first question is put as the engine begins.
    let end = ContinuousClock.now + .seconds(10)
    while servers.contains(where: { $0.connections == 0 }), ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(20))
    }
    try await Task.sleep(for: .milliseconds(300))
    var settings = MonitorSettings(name: "test", url: "http://127.0.0.1:1/")
    settings.timeoutMs = 1000
    settings.attempts = 2
    for token in UInt64(1)...2 {
      then(Int(token))
      engine.submit([
        ProbeRun(
          token: token, target: try ProbeTarget(settings), dueNs: 0, budgetMs: settings.slotBudgetMs,
          allowsPrivate: true, urgent: true)
      ])
      #expect(try await gathered.wait(for: 2 * Int(token)))
    }
    return gathered.reports.map(\.observation.hasWayOut)
  }

  @Test("is proved by two of three servers, for the first attempt of a run that fails")
  func proved() async throws {
    let roots = [Root(), Root(), Root()]
    roots[1].isSilent.withLock { $0 = true }
    #expect(try await answered(by: roots) == [true, false, true, false])
  }

  @Test("is not proved by one, nor by those that only pass on what they heard")
  func unproved() async throws {
    let roots = [Root(), Root()]
    roots[1].saysOwn.withLock { $0 = false }
    #expect(try await answered(by: roots) == [false, false, false, false])
  }

  @Test("is not proved any more when they fall silent, and the failure is told all the same")
  func silent() async throws {
    let roots = [Root(), Root()]
    let told = try await answered(by: roots) { run in
      if run == 2 { for root in roots { root.isSilent.withLock { $0 = true } } }
    }
    #expect(told == [true, false, false, false])
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
