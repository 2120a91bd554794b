import Domain
import Testing

@testable import Curl
@testable import Notify

@Suite("What a receiver asks for with Retry-After")
struct RetryAfterTests {
  // 2026-09-21T13:33:20Z
  private let now = Instant(ms: 1_789_997_600_000)

  @Test(
    "is kept to, in seconds and as a date, a day at most and never before now",
    arguments: [
      ("120", 120), ("0", 0), ("-5", 0), ("999999", 86_400), ("99999999999999999999", nil), ("soon", nil),
      ("Mon, 21 Sep 2026 13:35:20 GMT", 120), ("Mon, 21 Sep 2026 13:00:00 GMT", 0),
      ("Tue, 21 Sep 2027 13:35:20 GMT", 86_400),
    ] as [(String, Int?)])
  func asked(_ value: String, _ seconds: Int?) throws {
    let response = OutboundResponse(status: 429, headers: [("Retry-After", value)], body: [])
    guard case .later(_, let afterS) = Delivery(response, at: now) else {
      Issue.record("429 is for later")
      return
    }
    #expect(afterS == seconds)
  }
}
