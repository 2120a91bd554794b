import CLinux
import Domain
import Probe
import TestSupport
import Testing

@Suite("The probe engine")
struct ProbeEngineTests {
  @Test("reports an answer with its status, address, version, size and phases")
  func answer() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer(body: "hello")
    }
    let seen = try await probe("\(server.url)/health")
    #expect(seen.failure == nil)
    #expect(seen.httpStatus == 200)
    #expect(seen.remoteAddress == "127.0.0.1")
    #expect(seen.httpVersion == "1.1")
    #expect(seen.bodyBytes == 5)
    #expect(seen.timing.dnsUs == nil)
    #expect(seen.timing.connectUs != nil)
    #expect(seen.timing.tlsUs == nil)
    #expect(seen.timing.firstByteUs != nil)
    #expect(seen.timing.totalUs > 0)
    #expect(seen.evidence == nil)
  }

  @Test("reports each failing attempt at once and stops after the last that fits")
  func attempts() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer("503 Service Unavailable")
    }
    let gathered = Gathered()
    let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    var settings = MonitorSettings(name: "test", url: server.url)
    settings.timeoutMs = 500
    settings.attempts = 3
    let target = try ProbeTarget(settings)
    engine.submit([
      ProbeRun(token: 7, target: target, dueNs: clinux_monotonic_ns(), budgetMs: 1400, allowsPrivate: true)
    ])
    #expect(try await gathered.wait(for: 2))
    let reports = gathered.reports
    #expect(reports.map(\.attempt) == [0, 1])
    #expect(reports.map(\.isFinal) == [false, true])
    #expect(reports.allSatisfy { $0.token == 7 && $0.status == .down && $0.observation.failure?.reason == .statusCode })
    #expect(reports[1].startedNs - reports[0].startedNs >= 500_000_000)
    #expect(server.connections == 2)
  }

  @Test("starts a run when it is due and not before")
  func due() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let gathered = Gathered()
    let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    let target = try ProbeTarget(MonitorSettings(name: "test", url: server.url))
    let due = clinux_monotonic_ns() + 200_000_000
    engine.submit([ProbeRun(token: 1, target: target, dueNs: due, budgetMs: 10_000, allowsPrivate: true)])
    #expect(try await gathered.wait(for: 1))
    #expect(gathered.reports[0].startedNs >= due)
    #expect(gathered.reports[0].status == .up)
    #expect(engine.statistics.started == 1)
  }

  @Test("says nothing more of a run that was cancelled")
  func cancelled() async throws {
    let server = try ScriptedServer { connection in connection.waitForClose() }
    let gathered = Gathered()
    let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
    let target = try ProbeTarget(MonitorSettings(name: "test", url: server.url))
    engine.submit([ProbeRun(token: 1, target: target, dueNs: 0, budgetMs: 10_000, allowsPrivate: true)])
    engine.cancel([1])
    engine.stop()
    #expect(gathered.reports.isEmpty)
  }

  @Test("counts what is slower than its limit as degraded")
  func degraded() async throws {
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.pause(60)
      connection.answer()
    }
    let gathered = Gathered()
    let engine = try ProbeEngine(world: testWorld) { gathered.take($0) }
    defer { engine.stop() }
    var settings = MonitorSettings(name: "test", url: server.url)
    settings.degradedAfterMs = 50
    engine.submit([
      ProbeRun(token: 1, target: try ProbeTarget(settings), dueNs: 0, budgetMs: 9000, allowsPrivate: true, urgent: true)
    ])
    #expect(try await gathered.wait(for: 1))
    #expect(gathered.reports[0].status == .degraded)
    #expect(gathered.reports[0].observation.failure == nil)
  }
}
