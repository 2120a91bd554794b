import HTML

/// One day of a service, UTC: its worst state and how long it was in it.
struct Day: Sendable, Equatable {
  /// `up`, `degraded`, `partial`, `down`, `maintenance`, or `unknown` when there is no data.
  var state: State
  var minutes: Int

  static let quiet = Day(state: .up, minutes: 0)
}

/// The last days as bars, today on the right: colour says how bad, height how long, the root below the line says outage.
///
/// Quiet days are one path; the others carry a title. Narrow screens crop the view to its right end.
struct DayBars: Component {
  var name: String
  /// Oldest first; the last is today.
  var days: [Day]
  /// An instant of the last day.
  var today: Int64

  private static let slot = 6, top = 2, base = 24

  var body: HTML {
    """
    <svg class="days" viewBox="0 0 \(days.count * Self.slot) 30" preserveAspectRatio="xMaxYMid slice" role="img" \
    aria-label="\(name), \(days.count) days: \(summary)"><path class="d-up" d="\(quietPath)"/>\
    \(days.indices.filter { days[$0].state != .up }, loud)</svg>
    """
  }

  /// What a screen reader says.
  var summary: String {
    var said = [Format.count(days.count { $0.state == .up }, "day") + " without trouble"]
    for state in [State.down, .partial, .degraded, .maintenance, .unknown] {
      let count = days.count { $0.state == state }
      if count > 0 { said.append("\(count) with \(state.publicWord.lowercased())") }
    }
    return said.joined(separator: ", ")
  }

  private func x(_ index: Int) -> Int { index * Self.slot + Self.slot / 2 }

  private var quietPath: String {
    var path = ""
    var pen: Int?
    for index in days.indices where days[index].state == .up {
      path += pen.map { "m\(x(index) - $0)-22v22" } ?? "M\(x(index)) \(Self.top)v22"
      pen = x(index)
    }
    return path
  }

  private func loud(_ index: Int) -> HTML {
    let day = days[index]
    let ago = Int64(days.count - 1 - index)
    let length = day.minutes > 0 ? ", " + Format.span(ms: Int64(day.minutes) * 60_000) : ""
    let said = "\(Format.day(today - ago * 86_400_000)): \(day.state.publicWord.lowercased())\(length)"
    return "<g><title>\(said)</title>\(bar(day, x(index)))</g>"
  }

  private func bar(_ day: Day, _ x: Int) -> HTML {
    switch day.state {
    case .up: return HTML()
    case .unknown, .paused, .pending, .unconfirmed: return "<path class=\"d-none\" d=\"M\(x) 20v4\"/>"
    case .maintenance:
      return "<path class=\"d-maintenance\" stroke-dasharray=\"2.5 1.5\" d=\"M\(x) \(Self.top)v22\"/>"
    case .degraded, .partial, .down: return troubled(day, x)
    }
  }

  private func troubled(_ day: Day, _ x: Int) -> HTML {
    let height =
      switch day.minutes {
      case ..<10: 6
      case ..<60: 10
      case ..<240: 15
      default: 22
      }
    let root = day.state == .down ? 6 : day.state == .partial ? 3 : 0
    return """
      \(if: height < 20, "<path class=\"d-up\" d=\"M\(x) \(Self.top)v\(20 - height)\"/>")\
      <path class="d-\(day.state.rawValue)" d="M\(x) \(Self.base - height)v\(height + root)"/>
      """
  }
}

/// What the bars mean.
struct DayBarsKey: Component {
  var body: HTML {
    """
    <ul class="key-days">\
    \(item("Operational", "<path class=\"d-up\" d=\"M4 0v20\"/>"))\
    \(item("Degraded", "<path class=\"d-up\" d=\"M4 0v8\"/><path class=\"d-degraded\" d=\"M4 10v10\"/>"))\
    \(item("Partial outage", "<path class=\"d-up\" d=\"M4 0v8\"/><path class=\"d-partial\" d=\"M4 10v13\"/>"))\
    \(item("Major outage", "<path class=\"d-up\" d=\"M4 0v8\"/><path class=\"d-down\" d=\"M4 10v16\"/>"))\
    \(item("Maintenance", "<path class=\"d-maintenance\" stroke-dasharray=\"2.5 1.5\" d=\"M4 0v20\"/>"))\
    \(item("No data", "<path class=\"d-none\" d=\"M4 16v4\"/>"))\
    <li>The taller the lower part, the longer it lasted.</li></ul>
    """
  }

  private func item(_ word: String, _ bar: HTML) -> HTML {
    "<li><svg viewBox=\"0 -1 8 28\" aria-hidden=\"true\">\(bar)</svg>\(word)</li>"
  }
}
