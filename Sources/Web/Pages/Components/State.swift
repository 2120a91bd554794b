import HTML

/// How a monitor, a service or a region stands, as a person sees it: each has its own shape, word and colour.
enum State: String, Sendable, CaseIterable {
  case up, degraded, partial, down, maintenance, unknown, paused, unconfirmed, pending

  /// The word in the application.
  var word: String {
    switch self {
    case .up: "Up"
    case .degraded: "Degraded"
    case .partial: "Partial outage"
    case .down: "Down"
    case .maintenance: "Maintenance"
    case .unknown: "Unknown"
    case .paused: "Paused"
    case .unconfirmed: "Unconfirmed"
    case .pending: "Pending"
    }
  }

  /// The word on a status page; a service has only the states that contract names, or no data.
  var publicWord: String {
    switch self {
    case .up: "Operational"
    case .degraded: "Degraded performance"
    case .partial: "Partial outage"
    case .down: "Major outage"
    case .maintenance: "Under maintenance"
    case .unknown, .paused, .unconfirmed, .pending: "No data"
    }
  }

  /// How bad it is for a visitor; the worst service gives a page its state.
  var rank: Int {
    switch self {
    case .up: 0
    case .unknown, .paused, .unconfirmed, .pending: 1
    case .maintenance: 2
    case .degraded: 3
    case .partial: 4
    case .down: 5
    }
  }

  var favicon: Asset {
    switch self {
    case .up: .faviconUp
    case .degraded, .unconfirmed: .faviconDegraded
    case .partial: .faviconPartial
    case .down: .faviconDown
    case .maintenance: .faviconMaintenance
    case .unknown, .paused, .pending: .faviconUnknown
    }
  }

  /// The value of a service's status in the contract (`operational`, `major` …).
  init(serviceStatus: String) {
    switch serviceStatus {
    case "operational": self = .up
    case "degraded": self = .degraded
    case "partial": self = .partial
    case "major": self = .down
    case "maintenance": self = .maintenance
    default: self = .unknown
    }
  }
}

/// A state: shape, word, colour, always in this order.
struct StateMark: Component {
  var state: State
  var word: String?
  var isChip = false
  /// Stands after the word, such as a count.
  var extra: HTML?

  init(_ state: State, _ word: String? = nil, chip: Bool = false, extra: HTML? = nil) {
    self.state = state
    self.word = word
    isChip = chip
    self.extra = extra
  }

  var body: HTML {
    """
    <span class="st st-\(state.rawValue)\(if: isChip, " chip")">\(Icon(state))\(word ?? state.word)\(extra)</span>
    """
  }
}
