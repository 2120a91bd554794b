/// Numbers and instants as people read them; every unit has a narrow no-break space before it.
public enum Format {
  /// Narrow no-break space.
  public static let space = "\u{202F}"

  /// `1,291`
  public static func count(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var grouped = number < 0 ? "−" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.utf8.count - index) % 3 == 0 { grouped.append(",") }
      grouped.append(digit)
    }
    return grouped
  }

  /// `1 monitor`, `2 monitors`
  public static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? one : many ?? one + "s")"
  }

  /// Rounded to so many decimals, zeros kept.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "0" }
    var scale: Int64 = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int64(abs(value) * Double(scale) + 0.5)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % scale)
    return sign + String(scaled / scale) + "." + String(repeating: "0", count: decimals - fraction.utf8.count)
      + fraction
  }

  /// Rounded to one decimal, without a trailing zero: for coordinates.
  public static func coordinate(_ value: Double) -> String {
    let text = fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A share of time in per cent without its sign, cut and never rounded up: only exactly 1 prints 100.
  public static func uptimeFigure(_ share: Double) -> String {
    guard share < 1 else { return "100" }
    let cut = min(99_999, max(0, Int64(max(0, share) * 100_000 + 1e-6)))
    return fixed(Double(cut) / 1_000, 3)
  }

  /// `99.896 %`
  public static func uptime(_ share: Double) -> String { uptimeFigure(share) + space + "%" }

  /// A measured time: `0.4 ms`, `111 ms`, `1,184 ms`, `10.0 s`.
  public static func microseconds(_ us: Int64) -> String {
    switch us {
    case ..<10_000: fixed(Double(us) / 1_000, 1) + space + "ms"
    case ..<10_000_000: count((us + 500) / 1_000) + space + "ms"
    default: fixed(Double(us) / 1_000_000, 1) + space + "s"
    }
  }

  /// A measured time always with one decimal, as a waterfall lists it.
  public static func phase(_ us: Int64) -> String { fixed(Double(us) / 1_000, 1) + space + "ms" }

  /// A length of time in its two largest units: `6 s`, `45 min`, `1 h 7 min`, `26 days`.
  public static func span(ms: Int64) -> String {
    let seconds = max(0, ms) / 1_000
    switch seconds {
    case 0 where ms > 0: return "\(ms)\(space)ms"
    case ..<60: return "\(seconds)\(space)s"
    case ..<600 where seconds % 60 != 0: return "\(seconds / 60)\(space)min \(seconds % 60)\(space)s"
    case ..<3_600: return "\(seconds / 60)\(space)min"
    case ..<86_400:
      let minutes = seconds / 60 % 60
      return "\(seconds / 3_600)\(space)h" + (minutes > 0 ? " \(minutes)\(space)min" : "")
    default:
      let days = seconds / 86_400
      let hours = seconds / 3_600 % 24
      let rest = days < 3 && hours > 0 ? " \(hours)\(space)h" : ""
      return "\(days)\(space)\(days == 1 ? "day" : "days")" + rest
    }
  }

  /// A length of time in its largest unit, for narrow columns.
  public static func age(ms: Int64) -> String {
    let seconds = max(0, ms) / 1_000
    switch seconds {
    case ..<60: return "\(seconds)\(space)s"
    case ..<3_600: return "\(seconds / 60)\(space)min"
    case ..<86_400: return "\(seconds / 3_600)\(space)h"
    case ..<172_800: return "1\(space)day"
    default: return "\(seconds / 86_400)\(space)days"
    }
  }

  /// A size: `512 B`, `1.4 kB`, `1 MiB` is printed in thousands as `1.0 MB`.
  public static func bytes(_ number: Int64) -> String {
    switch number {
    case ..<1_000: "\(number)\(space)B"
    case ..<1_000_000: fixed(Double(number) / 1_000, 1) + space + "kB"
    default: fixed(Double(number) / 1_000_000, 1) + space + "MB"
    }
  }

  /// `14:32`
  public static func clock(_ ms: Int64) -> String {
    let t = UTC(ms: ms)
    return two(t.hour) + ":" + two(t.minute)
  }

  /// `14:32:06`
  public static func clockSeconds(_ ms: Int64) -> String { clock(ms) + ":" + two(UTC(ms: ms).second) }

  /// `20 Nov`
  public static func day(_ ms: Int64) -> String {
    let t = UTC(ms: ms)
    return "\(t.day)\(space)\(UTC.monthNames[t.month - 1].prefix(3))"
  }

  /// `20 Nov 2026`
  public static func date(_ ms: Int64) -> String { day(ms) + " \(UTC(ms: ms).year)" }

  /// `Tue 24 Nov`
  public static func weekday(_ ms: Int64) -> String { UTC.weekdayNames[UTC(ms: ms).weekday] + " " + day(ms) }

  /// `November 2026`
  public static func month(_ ms: Int64) -> String {
    let t = UTC(ms: ms)
    return "\(UTC.monthNames[t.month - 1]) \(t.year)"
  }

  /// RFC 3339 in UTC, with milliseconds only where there are any.
  public static func rfc3339(_ ms: Int64) -> String {
    let t = UTC(ms: ms)
    let year = String(repeating: "0", count: max(0, 4 - String(t.year).utf8.count)) + String(t.year)
    let milliseconds = String(t.millisecond)
    let fraction =
      t.millisecond == 0 ? "" : "." + String(repeating: "0", count: 3 - milliseconds.utf8.count) + milliseconds
    return "\(year)-\(two(t.month))-\(two(t.day))T\(two(t.hour)):\(two(t.minute)):\(two(t.second))\(fraction)Z"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
