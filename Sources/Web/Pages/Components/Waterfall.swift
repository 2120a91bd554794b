import HTML

/// The phases of one request, each with its own length in microseconds; nil where the phase did not happen.
struct Phases: Sendable, Equatable {
  var dns: Int64?
  var connect: Int64?
  var tls: Int64?
  var firstByte: Int64?
  var transfer: Int64?

  var named: [(name: String, us: Int64?)] {
    [("DNS", dns), ("Connect", connect), ("TLS", tls), ("First byte", firstByte), ("Transfer", transfer)]
  }

  var sum: Int64 { named.reduce(0) { $0 + ($1.us ?? 0) } }
}

/// One check as bars: position says the phase, one block per redirect hop.
struct Waterfall: Component {
  struct Hop: Sendable {
    /// `200 from https://shop.example`
    var title: String
    var phases: Phases
  }

  /// `13:46:39 UTC from fra`
  var of: String
  var hops: [Hop]
  var totalUs: Int64

  private var scale: Double { 1000 / Double(max(totalUs, hops.reduce(0) { $0 + $1.phases.sum }, 1)) }

  var body: HTML {
    var begun: Int64 = 0
    var rows = HTML()
    for (index, hop) in hops.enumerated() {
      let number = hops.count > 1 ? "\(index + 1) · " : ""
      rows += "<tr class=\"hop\"><th colspan=\"3\" scope=\"rowgroup\">\(number)\(hop.title)</th></tr>"
      for (name, us) in hop.phases.named {
        guard let us else { continue }
        rows += row(name, from: begun, us: us)
        begun += us
      }
    }
    return """
      <table class="fall"><caption class="vh">Phases of the check at \(of)</caption>\
      <colgroup><col class="w1"><col><col class="w3"></colgroup><tbody>\(rows)\
      <tr class="sum"><th scope="row">Total</th><td></td><td>\(Format.phase(totalUs))</td></tr></tbody></table>
      """
  }

  private func row(_ name: String, from begun: Int64, us: Int64) -> HTML {
    let x = Format.coordinate(min(Double(begun) * scale, 997))
    let width = Format.coordinate(max(Double(us) * scale, 3))
    return """
      <tr><th scope="row">\(name)</th><td><svg viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">\
      <path class="g" d="M0 7H1000" vector-effect="non-scaling-stroke"/>\
      <rect class="f0" x="\(x)" y="2" width="\(width)" height="10"/></svg></td><td>\(Format.phase(us))</td></tr>
      """
  }
}

/// The same in a table cell.
struct PhaseStrip: Component {
  var phases: Phases

  var body: HTML {
    var x = 0.0
    var bars = HTML()
    let sum = Double(max(phases.sum, 1))
    for (index, phase) in phases.named.enumerated() {
      guard let us = phase.us, us > 0 else { continue }
      let width = Double(us) / sum * 120
      bars += """
        <rect class="f\(index + 1)" x="\(Format.coordinate(x))" width="\(Format.coordinate(max(width - 1, 1)))" height="8"/>
        """
      x += width
    }
    return "<svg class=\"phases\" viewBox=\"0 0 120 8\" aria-hidden=\"true\">\(bars)</svg>"
  }
}
