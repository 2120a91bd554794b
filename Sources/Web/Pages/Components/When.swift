import HTML

/// An instant, printed in UTC; the script adds the reader's own time as a title.
struct When: Component {
  enum Style: Sendable { case clock, clockSeconds, day, dayClock, date, weekday, full }

  var ms: Int64
  var style: Style

  init(_ ms: Int64, _ style: Style = .dayClock) {
    self.ms = ms
    self.style = style
  }

  var text: String {
    switch style {
    case .clock: Format.clock(ms) + " UTC"
    case .clockSeconds: Format.clockSeconds(ms) + " UTC"
    case .day: Format.day(ms)
    case .dayClock: Format.day(ms) + ", " + Format.clock(ms) + " UTC"
    case .date: Format.date(ms)
    case .weekday: Format.weekday(ms)
    case .full: Format.date(ms) + ", " + Format.clockSeconds(ms) + " UTC"
    }
  }

  var body: HTML { "<time datetime=\"\(Format.rfc3339(ms))\">\(text)</time>" }
}

/// Stands where there is nothing to show.
struct Nothing: Component {
  var body: HTML { "<span class=\"quiet\" aria-hidden=\"true\">–</span><span class=\"vh\">none</span>" }
}
