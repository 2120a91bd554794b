import Domain
import Testing

@Suite("The worst of several histories")
struct StateSpanTests {
  private func span(_ since: Int64, _ until: Int64?, _ state: MonitorStatus) -> StateSpan {
    StateSpan(since: Instant(ms: since), until: until.map(Instant.init(ms:)), state: state)
  }

  private func worst(_ things: [[StateSpan]]) -> [StateSpan] {
    StateSpan.worst(of: things, from: Instant(ms: 0), to: Instant(ms: 100))
  }

  @Test("overlapping outages count once, and down hides degraded")
  func overlap() {
    let a = [span(-50, 10, .up), span(10, 30, .down), span(30, nil, .up)]
    let b = [span(0, 20, .up), span(20, 40, .down), span(40, 50, .degraded), span(50, nil, .up)]
    #expect(
      worst([a, b]) == [span(0, 10, .up), span(10, 40, .down), span(40, 50, .degraded), span(50, 100, .up)])
  }

  @Test("one monitor that is known makes the service known; where there is none there is nothing")
  func unknown() {
    #expect(
      worst([[span(20, 60, .unknown)], [span(30, 40, .up)]]) == [
        span(20, 30, .unknown), span(30, 40, .up), span(40, 60, .unknown),
      ])
    #expect(worst([]) == [])
    #expect(worst([[span(10, 20, .up)], [span(30, 40, .up)]]) == [span(10, 20, .up), span(30, 40, .up)])
  }
}
