import Domain
import TestSupport
import Testing

@testable import Engine
@testable import Store

@Suite("A worker leaves")
struct LeavingTests {
  @Test("while a turn hangs, the embedded worker's region keeps its voice")
  func onlyItsOwn() async throws {
    let test = try TestStore()
    let clock = test.clock
    let engine = Engine(
      store: test.store, probe: { _, sink in ScriptedProber(clock: clock, sink: sink) }, onChange: { _, _ in },
      report: { _, _ in })
    try await engine.begin(listens: false)
    await engine.turn()
    let local = try #require(await engine.local)
    clock.advance(ms: Limits.workersReturnMs + 1000)
    await engine.wait([(WorkerID(7), RegionID(2))], waitMs: 0)
    try await engine.leave(WorkerID(7))
    #expect(await engine.currentFleet.state(of: local) == .healthy)
    await engine.abandon()
  }
}
