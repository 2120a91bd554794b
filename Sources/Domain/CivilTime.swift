/// An instant taken apart into UTC calendar fields.
///
/// Days to dates and back after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public struct CivilTime: Hashable, Sendable {
  public var year: Int
  /// 1 to 12, 1 to 31.
  public var month: Int, day: Int
  public var hour: Int, minute: Int, second: Int, millisecond: Int

  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.millisecond = millisecond
  }

  public init(_ instant: Instant) {
    let days = instant.day
    let rest = Int(instant.ms - days * Instant.dayMs)
    let shifted = days + 719_468
    let era = shifted.flooredDivision(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
    self.init(
      year: Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month: month,
      day: Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1), hour: rest / 3_600_000, minute: rest / 60_000 % 60,
      second: rest / 1000 % 60, millisecond: rest % 1000)
  }

  public var instant: Instant {
    let y = Int64(month <= 2 ? year - 1 : year)
    let era = y.flooredDivision(by: 400)
    let yearOfEra = y - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return Instant(ms: days * Instant.dayMs + Int64(((hour * 60 + minute) * 60 + second) * 1000 + millisecond))
  }

  public static func daysIn(month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 0 is Sunday.
  public var weekday: Int { Int((instant.day + 4) - (instant.day + 4).flooredDivision(by: 7) * 7) }
}

extension Instant {
  /// RFC 3339 in UTC with milliseconds: `2026-11-21T01:15:00.000Z`.
  public var rfc3339: String {
    let c = CivilTime(self)
    var out: [UInt8] = []
    out.reserveCapacity(24)
    func put(_ value: Int, _ width: Int) {
      var divisor = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        out.append(UInt8(48 + value / divisor % 10))
        divisor /= 10
      }
    }
    put(c.year, 4)
    out.append(UInt8(ascii: "-"))
    put(c.month, 2)
    out.append(UInt8(ascii: "-"))
    put(c.day, 2)
    out.append(UInt8(ascii: "T"))
    put(c.hour, 2)
    out.append(UInt8(ascii: ":"))
    put(c.minute, 2)
    out.append(UInt8(ascii: ":"))
    put(c.second, 2)
    out.append(UInt8(ascii: "."))
    put(c.millisecond, 3)
    out.append(UInt8(ascii: "Z"))
    return String(decoding: out, as: UTF8.self)
  }

  /// Parses RFC 3339 with any offset and up to nine fractional digits (cut to milliseconds); nil for anything else.
  /// A leap second `:60` is read as the first moment of the next minute.
  public init?(rfc3339 text: String) {
    let b = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= b.count else { return nil }
      var value = 0
      for c in b[from..<from + count] {
        guard c >= 48, c <= 57 else { return nil }
        value = value * 10 + Int(c - 48)
      }
      return value
    }
    guard b.count >= 20, b.count <= 40, b[4] == 45, b[7] == 45, b[10] | 32 == 116, b[13] == 58, b[16] == 58,
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
      let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month),
      day >= 1, day <= CivilTime.daysIn(month: month, year: year), hour < 24, minute < 60, second <= 60
    else { return nil }
    var at = 19
    var millisecond = 0
    if b[at] == 46 {
      at += 1
      let start = at
      var scale = 100
      while at < b.count, b[at] >= 48, b[at] <= 57 {
        millisecond += Int(b[at] - 48) * scale
        scale /= 10
        at += 1
      }
      guard at > start, at - start <= 9, at < b.count else { return nil }
    }
    var offsetMinutes = 0
    if b[at] | 32 == 122 {
      guard at + 1 == b.count else { return nil }
    } else {
      guard b[at] == 43 || b[at] == 45, at + 6 == b.count, b[at + 3] == 58, let oh = number(at + 1, 2),
        let om = number(at + 4, 2), oh < 24, om < 60
      else { return nil }
      offsetMinutes = (oh * 60 + om) * (b[at] == 45 ? -1 : 1)
    }
    let civil = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: millisecond)
    self = civil.instant - Int64(offsetMinutes) * Instant.minuteMs
  }
}
