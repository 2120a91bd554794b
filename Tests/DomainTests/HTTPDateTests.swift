import Domain
import Testing

@Suite("An HTTP date")
struct HTTPDateTests {
  private let now = Instant(ms: 1_790_000_000_000)

  @Test(
    "is read in each of its three writings",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
  func writings(_ text: String) {
    #expect(Instant(httpDate: text, now: now)?.rfc3339 == "1994-11-06T08:49:37.000Z")
  }

  @Test("with two digits of a year is at most fifty years ahead")
  func shortYears() {
    #expect(
      Instant(httpDate: "Sunday, 06-Nov-26 08:49:37 GMT", now: now)?.rfc3339 == "2026-11-06T08:49:37.000Z")
    #expect(Instant(httpDate: "Sunday, 06-Nov-77 08:49:37 GMT", now: now)?.rfc3339.prefix(4) == "1977")
  }

  @Test(
    "is refused when it is anything else",
    arguments: [
      "", "120", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
      "Sun, 0x Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun, 06 Nov 19940 08:49:37 GMT",
    ])
  func refused(_ text: String) {
    #expect(Instant(httpDate: text, now: now) == nil)
  }
}
