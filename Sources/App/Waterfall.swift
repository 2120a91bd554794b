import Domain

/// One check drawn for a terminal: a line per phase, its bar where it happened in time, its length at the right.
struct Waterfall {
  let observation: Observation
  let isColorful: Bool
  let width = 44

  private struct Step {
    let name: String
    let startUs: Int
    let lengthUs: Int
    let color: Int
  }

  var lines: [String] {
    let timing = observation.timing
    var start = 0
    var steps: [Step] = []
    func add(_ name: String, _ length: Int32?, _ color: Int) {
      guard let length else { return }
      steps.append(Step(name: name, startUs: start, lengthUs: Int(length), color: color))
      start += Int(length)
    }
    add("DNS", timing.dnsUs, 36)
    add("Connect", timing.connectUs, 34)
    add("TLS", timing.tlsUs, 35)
    add("First byte", timing.firstByteUs, 33)
    add("Transfer", timing.transferUs, 32)
    let total = max(Int(timing.totalUs), start, 1)
    return steps.map { line($0, totalUs: total) } + [
      pad("Total", 12) + pad("", width) + "  " + length(Int(timing.totalUs))
    ]
  }

  private func line(_ step: Step, totalUs: Int) -> String {
    let from = min(width - 1, step.startUs * width / totalUs)
    let count = min(width - from, max(1, (step.lengthUs * width + totalUs / 2) / totalUs))
    let bar = String(repeating: "█", count: count)
    let colored = isColorful ? "\u{1B}[\(step.color)m\(bar)\u{1B}[0m" : bar
    let after = String(repeating: " ", count: width - from - count)
    return pad(step.name, 12) + String(repeating: " ", count: from) + colored + after + "  " + length(step.lengthUs)
  }

  /// Right-aligned: `12.3 ms`, `980 µs`, `1.24 s`.
  private func length(_ us: Int) -> String {
    let text: String
    switch us {
    case ..<1000: text = "\(us) µs"
    case ..<1_000_000: text = "\(us / 1000).\(us / 100 % 10) ms"
    default: text = "\(us / 1_000_000).\(us / 100_000 % 10)\(us / 10_000 % 10) s"
    }
    return String(repeating: " ", count: max(0, 9 - text.count)) + text
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
