import Testing

@testable import HTML

@Suite("Numbers and instants as people read them")
struct FormatTests {
  @Test(
    "uptime is cut, never rounded up",
    arguments: [
      (1, "100"), (0.999999999, "99.999"), (0.99999999999999, "99.999"), (0.99896, "99.896"), (0.9, "90.000"),
      (0, "0.000"), (0.5, "50.000"), (0.968309, "96.830"), (1.0000001, "100"), (-1, "0.000"),
    ] as [(Double, String)])
  func uptime(share: Double, expected: String) { #expect(Format.uptimeFigure(share) == expected) }

  @Test(
    "lengths of time",
    arguments: [
      (0, "0_s"), (400, "400_ms"), (6_000, "6_s"), (63_000, "1_min 3_s"), (120_000, "2_min"), (2_700_000, "45_min"),
      (4_020_000, "1_h 7_min"), (7_200_000, "2_h"), (86_400_000, "1_day"), (97_200_000, "1_day 3_h"),
      (2_246_400_000, "26_days"), (-5, "0_s"),
    ] as [(Int64, String)])
  func spans(ms: Int64, expected: String) {
    #expect(
      Format.span(ms: ms)
        == expected.split(separator: "_", omittingEmptySubsequences: false).joined(separator: Format.space))
  }

  @Test(
    "measured times",
    arguments: [
      (0, "0.0_ms"), (400, "0.4_ms"), (9_949, "9.9_ms"), (111_400, "111_ms"), (1_184_000, "1,184_ms"),
      (10_000_000, "10.0_s"),
    ] as [(Int64, String)])
  func measured(us: Int64, expected: String) {
    #expect(Format.microseconds(us) == expected.split(separator: "_").joined(separator: Format.space))
  }

  @Test("counts are grouped", arguments: [(0, "0"), (999, "999"), (1_291, "1,291"), (-4_200_000, "−4,200,000")])
  func counts(number: Int, expected: String) { #expect(Format.count(number) == expected) }

  @Test(
    "fixed decimals round half away from zero",
    arguments: [
      (1.25, 1, "1.3"), (0.04, 1, "0.0"), (-0.04, 1, "0.0"), (-1.5, 0, "-2"), (3.006, 2, "3.01"), (12, 3, "12.000"),
    ] as [(Double, Int, String)])
  func fixed(value: Double, decimals: Int, expected: String) { #expect(Format.fixed(value, decimals) == expected) }

  @Test(
    "instants in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00Z", "Thu 1_Jan"), (1_795_185_126_000, "2026-11-20T14:32:06Z", "Fri 20_Nov"),
      (951_782_400_001, "2000-02-29T00:00:00.001Z", "Tue 29_Feb"), (-1, "1969-12-31T23:59:59.999Z", "Wed 31_Dec"),
      (4_102_444_799_000, "2099-12-31T23:59:59Z", "Thu 31_Dec"),
    ] as [(Int64, String, String)])
  func instants(ms: Int64, rfc3339: String, weekday: String) {
    #expect(Format.rfc3339(ms) == rfc3339)
    #expect(Format.weekday(ms) == weekday.split(separator: "_").joined(separator: Format.space))
  }
}
