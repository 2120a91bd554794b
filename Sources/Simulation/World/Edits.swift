import Domain

/// Something that a person does to a monitor.
struct Edit: Sendable {
  enum Change: Sendable {
    case interval(Int)
    case attempts(Int)
    case regions([Int])
    case rename
    case pause
    case resume
    case delete
    case create
  }

  let at: Instant
  let monitor: Int
  let change: Change
}

/// What people do and when, fixed by the seed before anything runs.
struct Edits: Sendable {
  let all: [Edit]
  /// Those of the beginning, and those made later.
  let monitors: Int

  init(_ scenario: Scenario) {
    var all: [Edit] = []
    var monitors = scenario.monitors
    if scenario.hasEdits {
      var random = Seeded(mixed(scenario.seed, 81))
      for monitor in 0..<scenario.monitors { all += Self.edits(of: monitor, scenario, &random) }
      if random.below(2) == 0 {
        let at = Scenario.start + random.between(Instant.minuteMs...scenario.calmFrom - Scenario.start)
        all.append(Edit(at: at, monitor: monitors, change: .create))
        monitors += 1
      }
    }
    self.all = all.sorted { ($0.at, $0.monitor) < ($1.at, $1.monitor) }
    self.monitors = monitors
  }

  /// Some follow at once, some after a day. The first monitor stays, so that there always is one.
  private static func edits(of monitor: Int, _ scenario: Scenario, _ random: inout Seeded) -> [Edit] {
    var out: [Edit] = []
    func edit(_ at: Instant, _ change: Edit.Change) { out.append(Edit(at: at, monitor: monitor, change: change)) }
    var at = Scenario.start + random.spread(Instant.minuteMs...Instant.dayMs)
    while at < scenario.calmFrom {
      switch random.below(12) {
      case 0..<3: edit(at, .interval(scenario.intervalS ?? random.pick(Scenario.intervals)))
      case 3..<5: edit(at, .attempts(random.pick([2, 3, 4])))
      case 5..<8: edit(at, .regions(someRegions(scenario.regions, &random)))
      case 8: edit(at, .rename)
      case 9..<11:
        edit(at, .pause)
        at = min(at + random.spread(Instant.secondMs...3 * Instant.hourMs), scenario.calmFrom)
        edit(at, .resume)
      default:
        if monitor > 0 {
          edit(at, .delete)
          return out
        }
      }
      at = at + random.spread(Instant.secondMs...20 * Instant.hourMs)
    }
    return out
  }

  /// All of them, or all but one: two that agree are needed in either case.
  private static func someRegions(_ count: Int, _ random: inout Seeded) -> [Int] {
    let without = Int(random.below(Int64(count) + 1))
    return (0..<count).filter { count < 3 || $0 != without }
  }
}

/// What a monitor was told to do, and since when. Owned by the run.
struct Timeline: Sendable {
  /// Nil while nobody is to look at it.
  private(set) var changes: [(at: Instant, settings: MonitorSettings?)] = []
  private(set) var deletedAt: Instant?

  init() {}
  init(_ settings: MonitorSettings) { changes = [(Scenario.start, settings)] }

  mutating func change(_ settings: MonitorSettings, at: Instant) {
    changes.append((at, settings.enabled ? settings : nil))
  }
  mutating func delete(at: Instant) {
    changes.append((at, nil))
    deletedAt = at
  }

  func settings(at: Instant) -> MonitorSettings? { changes.last { $0.at <= at }?.settings ?? nil }
  /// Whether it was looked at by the same rules from one end to the other.
  func isSteady(_ span: Span) -> Bool {
    settings(at: span.from) != nil && !changes.contains { span.from < $0.at && $0.at <= span.to }
  }
  /// Stretches in which it was looked at by the same rules.
  func stretches(until end: Instant) -> [(span: Span, settings: MonitorSettings)] {
    changes.indices.compactMap { n in
      let to = n + 1 < changes.count ? min(changes[n + 1].at, end) : end
      guard let settings = changes[n].settings, changes[n].at < to else { return nil }
      return (Span(changes[n].at, to), settings)
    }
  }
  var all: [MonitorSettings] { changes.compactMap(\.settings) }
}
