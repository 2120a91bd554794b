import HTML

/// Response times over a window: the median and p95, with gaps drawn as gaps and a lane that says why.
struct ResponseChart: Component {
  /// The start of the first step; UTC milliseconds.
  var from: Int64
  var stepMs: Int64
  /// Microseconds per step; nil where nothing was measured.
  var p50: [Double?]
  var p95: [Double?]
  /// The median of each region; drawn instead of that of all when there are several.
  var regions: [(name: String, p50: [Double?])] = []
  var stretches: [Stretch] = []
  /// `over 24 hours`, for those who cannot see it.
  var windowWords: String

  private static let width = 1000.0, height = 220.0

  private var count: Int { max(p95.count, 1) }
  private var to: Int64 { from + Int64(count) * stepMs }
  /// The top of the plot in microseconds.
  private var top: Double {
    let highest = (medians.flatMap(\.values) + p95).compactMap { $0 }.max() ?? 0
    return Line.roundTop(max(highest, 1_000) / 1_000) * 1_000
  }

  private static let styles = [1, 2, 4]

  /// The lines of medians: one, or one of each of two or three regions.
  private var medians: [(name: String, style: Int, values: [Double?])] {
    guard (2...Self.styles.count).contains(regions.count) else { return [("p50", 1, p50)] }
    return zip(regions, Self.styles).map { ($0.name + " p50", $1, $0.p50) }
  }

  var body: HTML {
    """
    <div class="card-body"><ul class="legend" aria-label="Latest values">\(medians, { key($0.name, $0.style, $0.values) })\(key("p95", 3, p95))</ul></div>
    <div class="card-body"><figure class="plot plot-220"><div class="y" aria-hidden="true">\([4, 3, 2, 1, 0], yLabel)</div>
    <svg class="pl" viewBox="0 0 1000 220" preserveAspectRatio="none" role="img" aria-label="\(summary)">\(grid)\
    \(stretches.filter { $0.kind == .down }, outage)\
    \(medians, { "<path class=\"ln k\($0.style)\" d=\"\(line($0.values))\"/>" })<path class="ln k3" d="\(line(p95))"/>\(hits)</svg>
    <span class="lane-label" aria-hidden="true">State</span>\(lane)
    <div class="x" aria-hidden="true">\(0...6, xLabel)</div></figure></div>
    """
  }

  private func line(_ values: [Double?]) -> String {
    Line.path(values, top: top, width: Self.width, height: Self.height)
  }

  private func key(_ name: String, _ style: Int, _ values: [Double?]) -> HTML {
    let latest = values.last { $0 != nil } ?? nil
    return """
      <li><svg class="key" viewBox="0 0 22 8" aria-hidden="true"><path class="ln k\(style)" d="M0 4h22"/></svg>\(name) \
      <b>\(latest.map { Format.microseconds(Int64($0)) } ?? "none")</b></li>
      """
  }

  private func yLabel(_ quarter: Int) -> HTML {
    if quarter == 0 { return "<span>0\(Format.space)ms</span>" }
    let milliseconds = top / 1_000 * Double(quarter) / 4
    return "<span>\(milliseconds < 10 ? Format.coordinate(milliseconds) : Format.count(Int(milliseconds)))</span>"
  }

  private func xLabel(_ sixth: Int) -> HTML {
    let at = from + (to - from) * Int64(sixth) / 6
    return "<span>\(to - from > 2 * 86_400_000 ? Format.day(at) : Format.clock(at))</span>"
  }

  private var grid: HTML {
    """
    \(0..<4, { "<path class=\"g\" d=\"M0 \($0 * 55)H1000\"/>" })<path class="g0" d="M0 220H1000"/>\
    \(0...6, { "<path class=\"g0\" d=\"M\(Format.coordinate(Double($0) * 1000 / 6)) 220v5\"/>" })
    """
  }

  /// A step is drawn at its place on the line, so a stretch of steps reaches half a step around it.
  private func edges(_ steps: Range<Int>, _ width: Double) -> (from: Double, width: Double) {
    guard count > 1 else { return (0, width) }
    let step = width / Double(count - 1)
    let start = max(0, (Double(steps.lowerBound) - 0.5) * step)
    let end = min(width, (Double(steps.upperBound) - 0.5) * step)
    return (start, max(end - start, width / 400))
  }

  private func outage(_ stretch: Stretch) -> HTML {
    let (start, wide) = edges(stretch.steps, Self.width)
    return """
      <rect class="inc" x="\(Format.coordinate(start))" y="0" width="\(Format.coordinate(wide))" height="220"/>\
      <path class="inc-line" d="M\(Format.coordinate(start)) 0V220"/>
      """
  }

  private var lane: HTML {
    """
    <svg class="lane" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true"><path class="g" d="M0 4H1000"/>\
    \(stretches, { stretch in
      let (start, wide) = edges(stretch.steps, 1000)
      let isTall = stretch.kind == .down
      return "<rect class=\"ev-\(stretch.kind.rawValue)\" x=\"\(Format.coordinate(start))\" y=\"\(isTall ? 0 : 2)\" width=\"\(Format.coordinate(wide))\" height=\"\(isTall ? 8 : 4)\"/>"
    })</svg>
    """
  }

  /// Up to 48 places to point at, each with its figures.
  private var hits: HTML {
    let each = max(1, (count + 47) / 48)
    return stride(from: 0, to: count, by: each).map { first -> HTML in
      let range = first..<min(first + each, count)
      let (start, wide) = edges(range, Self.width)
      let middle = Format.coordinate(start + wide / 2)
      return """
        <rect class="hit" x="\(Format.coordinate(start))" y="0" width="\(Format.coordinate(wide))" height="220">\
        <title>\(moment(from + Int64(first) * stepMs)): \(said(range))</title></rect>\
        <line x1="\(middle)" x2="\(middle)" y1="0" y2="220"/>
        """
    }.joined()
  }

  private func moment(_ ms: Int64) -> String {
    (to - from > 86_400_000 ? Format.day(ms) + " " : "") + Format.clock(ms) + " UTC"
  }

  private func said(_ range: Range<Int>) -> String {
    guard let (middle, high) = figures(range) else { return "no data" }
    return "p50 \(middle), p95 \(high)"
  }

  /// The worst of the range: a mean of percentiles would be none.
  private func figures(_ range: Range<Int>) -> (String, String)? {
    guard let high = p95[range].compactMap({ $0 }).max() else { return nil }
    let middle = p50[range].compactMap { $0 }.max()
    return (middle.map { Format.microseconds(Int64($0)) } ?? "none", Format.microseconds(Int64(high)))
  }

  private var summary: String {
    let highest =
      p95.compactMap { $0 }.max().map { "p95 at most \(Format.microseconds(Int64($0)))" } ?? "nothing measured"
    let outages = stretches.count { $0.kind == .down }
    let gaps = stretches.count { $0.kind == .unknown }
    var said = "Response time \(windowWords), p50 and p95: \(highest)"
    if outages > 0 { said += ", \(Format.count(outages, "outage"))" }
    if gaps > 0 { said += ", \(Format.count(gaps, "gap")) without data" }
    return said + "."
  }

  /// The same in at most twelve rows.
  var table: HTML {
    let each = max(1, (count + 11) / 12)
    return """
      <details class="texts"><summary class="chev">The same as a table</summary><table class="table">\
      <caption class="vh">Response time \(windowWords)</caption><thead><tr><th scope="col">From</th>\
      \(medians, { "<th scope=\"col\" class=\"num\">\($0.name), highest</th>" })<th scope="col" class="num">p95, highest</th></tr></thead><tbody>\
      \(stride(from: 0, to: count, by: each), { first in
        let found = figures(first..<min(first + each, count))
        let range = first..<min(first + each, count)
        let middles = medians.map { $0.values[range].compactMap { $0 }.max().map { Format.microseconds(Int64($0)) } ?? "none" }
        return "<tr><td>\(moment(from + Int64(first) * stepMs))</td>\(middles, { "<td class=\"num\">\($0)</td>" })<td class=\"num\">\(found?.1 ?? "none")</td></tr>"
      })</tbody></table></details>
      """
  }

  /// What the lane's colours mean.
  static let key: HTML = """
    <ul class="legend"><li><svg class="sw" viewBox="0 0 10 10" aria-hidden="true"><rect class="ev-down" y="0" width="10" height="10"/>\
    </svg>down</li><li><svg class="sw" viewBox="0 0 10 10" aria-hidden="true"><rect class="ev-degraded" y="2.5" width="10" height="5"/>\
    </svg>degraded</li><li><svg class="sw" viewBox="0 0 10 10" aria-hidden="true"><rect class="ev-maintenance" y="2.5" width="10" \
    height="5"/></svg>maintenance</li><li><svg class="sw" viewBox="0 0 10 10" aria-hidden="true"><rect class="ev-unknown" y="2.5" \
    width="10" height="5"/></svg>no data</li></ul>
    """
}
