import Domain
import Testing

@Test("the pauses between tries add up to three days and a bit, then it is over")
func pauses() {
  let now = Instant(ms: 0)
  var total: Int64 = 0
  for attempt in 1...DeliveryPolicy.pausesMs.count {
    guard case .again(let at) = DeliveryPolicy.after(failures: attempt, now: now, askedS: nil, jitter: 0) else {
      Issue.record("gave up after \(attempt)")
      return
    }
    total += at.ms
  }
  #expect((74 * 3_600_000...78 * 3_600_000).contains(total))
  #expect(DeliveryPolicy.after(failures: 13, now: now, askedS: nil, jitter: 0) == .giveUp)
}

@Test("a receiver that asks for patience gets it")
func retryAfter() {
  #expect(
    DeliveryPolicy.after(failures: 1, now: Instant(ms: 0), askedS: 600, jitter: 1) == .again(at: Instant(ms: 600_000)))
}
