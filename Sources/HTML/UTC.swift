/// An instant split into the fields of the UTC calendar (proleptic Gregorian), for printing.
public struct UTC: Sendable, Equatable {
  public let year, month, day, hour, minute, second, millisecond: Int
  /// 0 is Sunday.
  public let weekday: Int

  /// Takes milliseconds since 1970-01-01T00:00Z; days by Howard Hinnant's `civil_from_days`.
  public init(ms: Int64) {
    let days = Self.floor(ms, by: 86_400_000)
    let rest = Int(ms - days * 86_400_000)
    let shifted = days + 719_468
    let era = Self.floor(shifted, by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    hour = rest / 3_600_000
    minute = rest / 60_000 % 60
    second = rest / 1_000 % 60
    millisecond = rest % 1_000
    weekday = Int((days % 7 + 11) % 7)
  }

  private static func floor(_ value: Int64, by divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }

  static let monthNames = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
}
