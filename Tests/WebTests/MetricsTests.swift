import Testing

@testable import Web

@Suite("what the process counts, for Prometheus")
struct MetricsTests {
  @Test("a request that read the clock before another one kept its answer is answered with that")
  func order() async throws {
    let web = try WebWorld()
    let first = await web.send("GET", "/metrics", peer: "127.0.0.1")
    #expect(first.status == 200)
    web.base.clock.advance(ms: -300)
    let second = await web.send("GET", "/metrics", peer: "127.0.0.1")
    #expect(second.status == 200 && second.bytes == first.bytes)
  }
}
