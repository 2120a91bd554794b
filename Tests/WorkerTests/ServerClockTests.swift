import Domain
import Testing

@testable import Worker

@Suite("the control plane's clock as a worker sees it")
struct ServerClockTests {
  private let start: Int64 = 1_795_000_000_000
  private let ms: UInt64 = 1_000_000

  /// A clock that was answered every second for a minute, each answer 20 ms on its way after a wait of 4 s.
  private func steady() -> (clock: ServerClock, nowMs: UInt64) {
    var clock = ServerClock()
    var nowMs: UInt64 = 100_000
    clock.observe(Instant(ms: start + 100_010), askedNs: nowMs * ms, answeredNs: (nowMs + 20) * ms)
    for _ in 0..<60 {
      nowMs += 1000
      tell(&clock, nowMs, stepMs: 0)
    }
    return (clock, nowMs)
  }

  /// What is told at `nowMs` by a clock that was moved by `stepMs`.
  private func tell(_ clock: inout ServerClock, _ nowMs: UInt64, stepMs: Int64, waitedMs: UInt64 = 500) {
    let server = Instant(ms: start + Int64(nowMs) - 10 + stepMs)
    clock.observe(server, askedNs: nil, begunNs: (nowMs - waitedMs) * ms, answeredNs: nowMs * ms)
  }

  private func off(_ clock: ServerClock, _ nowMs: UInt64, stepMs: Int64) -> Int64 {
    abs(clock.now(nowMs * ms).ms - (start + Int64(nowMs) + stepMs))
  }

  @Test("it is right to half a round trip, and an answer that was late moves nothing")
  func late() {
    var (clock, nowMs) = steady()
    #expect(off(clock, nowMs, stepMs: 0) <= 10)
    nowMs += 500
    clock.observe(
      Instant(ms: start + Int64(nowMs) - 200), askedNs: nil, begunNs: (nowMs - 300) * ms, answeredNs: nowMs * ms)
    #expect(off(clock, nowMs, stepMs: 0) <= 10)
    #expect(!clock.wantsTrip(nowMs * ms))
  }

  @Test("after a step the next answer wins", arguments: [-3_600_000, -5000, 5000, 3_600_000] as [Int64])
  func step(_ stepMs: Int64) {
    var (clock, nowMs) = steady()
    nowMs += 1000
    tell(&clock, nowMs, stepMs: stepMs)
    #expect(off(clock, nowMs, stepMs: stepMs) <= 20)
  }

  @Test("a small step back, which a wait hides, is looked into and found at once")
  func small() {
    var (clock, nowMs) = steady()
    nowMs += 12_000
    tell(&clock, nowMs, stepMs: -600, waitedMs: 4000)
    #expect(off(clock, nowMs, stepMs: -600) > 500)
    #expect(clock.wantsTrip(nowMs * ms))
    let server = Instant(ms: start + Int64(nowMs) + 10 - 600)
    clock.observe(server, askedNs: nowMs * ms, answeredNs: (nowMs + 20) * ms)
    #expect(off(clock, nowMs + 20, stepMs: -600) <= 20)
    #expect(!clock.wantsTrip((nowMs + 20) * ms))
  }

  @Test("what was seen before a long silence is forgotten, and so is a round trip of long ago")
  func silence() {
    var (clock, nowMs) = steady()
    nowMs += 600_000
    #expect(clock.wantsTrip(nowMs * ms))
    // Ten minutes of drift, and a way that is longer now: the answer of then is no measure any more.
    tell(&clock, nowMs, stepMs: -200, waitedMs: 4000)
    #expect(off(clock, nowMs, stepMs: -200) <= 10)
    clock.observe(
      Instant(ms: start + Int64(nowMs) + 1000 - 200), askedNs: (nowMs + 900) * ms, answeredNs: (nowMs + 1100) * ms)
    #expect(off(clock, nowMs + 1100, stepMs: -200) <= 100)
  }
}
