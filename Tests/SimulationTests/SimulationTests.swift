import Testing

@testable import Simulation

@Suite("The simulation")
struct SimulationTests {
  @Test("the same seed gives the same events, byte for byte")
  func replays() async throws {
    let first = try await Simulation.run(Scenario(seed: 7, days: 1), keep: .everything)
    let second = try await Simulation.run(Scenario(seed: 7, days: 1), keep: .everything)
    #expect(first.log.text == second.log.text)
    #expect(first.log.count > 1000)
  }
}
