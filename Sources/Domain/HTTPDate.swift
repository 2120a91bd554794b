extension Instant {
  /// An HTTP date in any of its three writings (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`,
  /// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. A year of two digits is the one nearest before
  /// fifty years from `now`.
  public init?(httpDate text: String, now: Instant) {
    guard text.utf8.count <= 40 else { return nil }
    let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
    let month, day, year, clock: String
    if text.contains(",") {
      guard words.count == 6, words[5] == "GMT" else { return nil }
      (day, month, year, clock) = (words[1], words[2], words[3], words[4])
    } else {
      guard words.count == 5 else { return nil }
      (month, day, clock, year) = (words[1], words[2], words[3], words[4])
    }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = clock.split(separator: ":", omittingEmptySubsequences: false).map { Self.digits($0, 2...2) }
    guard let monthIndex = months.firstIndex(of: month), let day = Self.digits(day, 1...2),
      var year = Self.digits(year, 2...4), time.count == 3, let hour = time[0], let minute = time[1],
      let second = time[2], hour < 24, minute < 60, second <= 60
    else { return nil }
    if year < 100 {
      let thisYear = CivilTime(now).year
      year += thisYear / 100 * 100
      if year > thisYear + 50 { year -= 100 }
    }
    guard year >= 1900, (1...CivilTime.daysIn(month: monthIndex + 1, year: year)).contains(day) else { return nil }
    self =
      CivilTime(year: year, month: monthIndex + 1, day: day, hour: hour, minute: minute, second: second).instant
  }

  private static func digits(_ text: some StringProtocol, _ length: ClosedRange<Int>) -> Int? {
    guard length.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return Int(text)
  }
}
