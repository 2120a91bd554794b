import HTML

/// The path of a series: a missing value ends the line and the next one starts a new one, so a gap stays a gap.
enum Line {
  /// Values from the left edge to the right one, 0 at the bottom and `top` at the upper edge; higher ones are cut.
  static func path(_ values: [Double?], top: Double, width: Double, height: Double, pad: Double = 0) -> String {
    var path = ""
    var isDrawing = false
    for (index, value) in values.enumerated() {
      guard let value else {
        isDrawing = false
        continue
      }
      let x = Format.coordinate(self.x(index, of: values.count, width: width))
      let y = Format.coordinate(self.y(value, top: top, height: height, pad: pad))
      let standsAlone = !isDrawing && (index + 1 == values.count || values[index + 1] == nil)
      path += standsAlone ? "M\(x) \(y)h.01" : "\(isDrawing ? "L" : "M")\(x) \(y)"
      isDrawing = true
    }
    return path
  }

  static func x(_ index: Int, of count: Int, width: Double) -> Double {
    count > 1 ? Double(index) * width / Double(count - 1) : width
  }

  static func y(_ value: Double, top: Double, height: Double, pad: Double = 0) -> Double {
    height - pad - min(max(value, 0) / max(top, 1e-9), 1) * (height - 2 * pad)
  }

  /// The next round number above a maximum that four even grid lines divide well.
  static func roundTop(_ maximum: Double) -> Double {
    var power = 1.0
    while power * 10 <= maximum { power *= 10 }
    while power > maximum, power > 0.001 { power /= 10 }
    for step in [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10] where step * power >= maximum { return step * power }
    return 10 * power
  }
}

/// A stretch of a series in which there was no answer, and why.
struct Stretch: Sendable, Equatable {
  enum Kind: String, Sendable { case down, degraded, unknown, maintenance }

  var kind: Kind
  /// Steps of the series, the end not included.
  var steps: Range<Int>
}

/// A response time small enough for a table row.
struct Sparkline: Component {
  var label: String
  /// Microseconds per step, oldest first; nil where nothing was measured.
  var values: [Double?]
  var stretches: [Stretch] = []
  /// The present state colours the end of the line.
  var state: State

  private static let width = 132.0, height = 26.0

  var body: HTML {
    let top = max(values.compactMap { $0 }.max() ?? 0, 1) * 1.08
    return """
      <svg class="spark st-\(state.rawValue)" viewBox="0 0 132 26" preserveAspectRatio="none" role="img" aria-label="\(label)">\
      <path class="bs" d="M0 25.5H132"/>\(stretches, band)\
      <path class="ln" d="\(Line.path(values, top: top, width: Self.width, height: Self.height, pad: 1))"/>\(end(top))</svg>
      """
  }

  private func band(_ stretch: Stretch) -> HTML {
    let kind =
      switch stretch.kind {
      case .down: "dn"
      case .unknown: "gp"
      case .maintenance: "mt"
      case .degraded: ""
      }
    guard !kind.isEmpty, values.count > 1 else { return HTML() }
    let from = Line.x(stretch.steps.lowerBound, of: values.count, width: Self.width)
    let to = Line.x(min(stretch.steps.upperBound, values.count - 1), of: values.count, width: Self.width)
    let (start, wide) = (Format.coordinate(from), Format.coordinate(max(to - from, 1)))
    return """
      <rect class="\(kind)-band" x="\(start)" y="0" width="\(wide)" height="26"/>\
      <path class="\(kind)" d="M\(start) 25h\(wide)"/>
      """
  }

  private func end(_ top: Double) -> HTML? {
    guard let last = values.last, let last else { return nil }
    let y = Format.coordinate(Line.y(last, top: top, height: Self.height, pad: 1))
    return "<path class=\"en\" d=\"M132 \(y)h.01\"/>"
  }
}
