import Domain

/// Something of ours that fails for a while.
public struct Fault: Hashable, Sendable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// A worker ends and begins again; what it held is lost, its spool is not.
    case workerCrash = 1
    /// A worker stands still and goes on as if nothing had been.
    case workerPause
    /// A worker reaches the targets but not the control plane.
    case partition
    /// Messages between a worker and the control plane are lost, doubled and overtake each other.
    case lossy
    /// A region reaches no target.
    case brokenPath
    /// The control plane ends without a word and begins again on the same file.
    case controlCrash
    /// The database refuses results.
    case storeRefuses
    /// Nobody takes our messages.
    case channelDown
    /// A worker is asked to end, does so, and begins again.
    case workerLeave
    /// A worker's token is revoked; its machine gets another.
    case workerRevoke
    /// The control plane is asked to end, does so, and begins again.
    case controlStop

    /// What ends as it should takes its time to do so.
    var shortestMs: Int64 {
      switch self {
      case .workerLeave: 20_000
      // Some of them are to outlast slots, so that there is something to keep.
      case .partition: Instant.minuteMs
      default: Instant.secondMs
      }
    }
  }

  public let kind: Kind
  public let span: Span
  /// The region, where the kind has one.
  public let region: Int
  /// The worker within its region; nil for all of them.
  public let worker: Int?

  /// Otherwise it is the control plane's.
  var isOfRegion: Bool { ![.controlCrash, .controlStop, .storeRefuses, .channelDown].contains(kind) }
}

/// What fails when, fixed by the seed before anything runs.
public struct Faults: Sendable {
  public let all: [Fault]
  private let regions: Int
  private let longestBudgetMs: Int64

  /// One serious fault after another (a region's path, a region's workers, the control plane, its disk), so that a
  /// majority of regions stays well; single workers and the channel fail beside them whenever they like.
  init(_ scenario: Scenario) {
    var random = Seeded(mixed(scenario.seed, 41))
    var all: [Fault] = []
    regions = scenario.regions
    longestBudgetMs =
      (0..<scenario.monitors).map { one in
        var settings = scenario.settings(of: one)
        // As much as an edit may make of it.
        settings.attempts = max(settings.attempts, 4)
        return settings.slotBudgetMs
      }.max() ?? 0
    if scenario.hasFaults {
      var at = Scenario.start + random.between(10 * Instant.minuteMs...6 * Instant.hourMs)
      while at < scenario.calmFrom {
        let fault = Self.serious(at, scenario, &random)
        all.append(fault)
        at = fault.span.to + random.spread(10 * Instant.minuteMs...16 * Instant.hourMs)
      }
      if scenario.regions > 1, scenario.workersPerRegion > 1 {
        at = Scenario.start + random.between(Instant.minuteMs...4 * Instant.hourMs)
        while at < scenario.calmFrom {
          let fault = Self.single(at, scenario, &random)
          all.append(fault)
          at = fault.span.to + random.spread(5 * Instant.minuteMs...10 * Instant.hourMs)
        }
      }
      at = Scenario.start + random.between(Instant.hourMs...Instant.dayMs)
      while at < scenario.calmFrom {
        let span = Span(at, min(at + random.spread(10_000...10 * Instant.minuteMs), scenario.calmFrom))
        all.append(Fault(kind: .channelDown, span: span, region: 0, worker: nil))
        at = span.to + random.between(Instant.hourMs...2 * Instant.dayMs)
      }
    }
    self.all = all.sorted { ($0.span.from, $0.kind.rawValue) < ($1.span.from, $1.kind.rawValue) }
  }

  private static func serious(_ at: Instant, _ scenario: Scenario, _ random: inout Seeded) -> Fault {
    let region = Int(random.below(Int64(scenario.regions)))
    let kind: Fault.Kind =
      switch random.below(12) {
      case 0..<3: .brokenPath
      case 3..<6: .controlCrash
      case 6: .storeRefuses
      case 7: region == 0 ? .controlCrash : .workerCrash
      case 8: region == 0 ? .brokenPath : .workerPause
      case 9: .controlStop
      case 10: region == 0 ? .controlStop : .workerLeave
      default: region == 0 ? .brokenPath : .partition
      }
    let longest: Int64 =
      switch kind {
      case .storeRefuses: 3 * Instant.minuteMs
      case .controlCrash, .controlStop: 20 * Instant.minuteMs
      // So long that a small disk is full.
      case .partition: 3 * Instant.hourMs
      default: 40 * Instant.minuteMs
      }
    let end = min(at + random.spread(kind.shortestMs...longest), scenario.calmFrom)
    return Fault(kind: kind, span: Span(at, end), region: region, worker: nil)
  }

  private static func single(_ at: Instant, _ scenario: Scenario, _ random: inout Seeded) -> Fault {
    let kind = random.pick([
      Fault.Kind.workerCrash, .workerPause, .workerPause, .partition, .lossy, .lossy, .workerLeave, .workerRevoke,
    ])
    let end = min(
      at + random.spread(kind.shortestMs...(kind == .partition ? 180 : 30) * Instant.minuteMs), scenario.calmFrom)
    return Fault(
      kind: kind, span: Span(at, end), region: 1 + Int(random.below(Int64(scenario.regions - 1))),
      worker: Int(random.below(Int64(scenario.workersPerRegion))))
  }

  func spans(_ kind: Fault.Kind) -> [Span] { all.filter { $0.kind == kind }.map(\.span).merged }

  /// When something begins that may take a region's voice, in order.
  var beginnings: [RegionID: [Instant]] {
    let own = all.filter {
      switch $0.kind {
      case .workerCrash, .workerPause, .workerLeave, .workerRevoke, .partition, .lossy, .brokenPath: true
      case .controlCrash, .controlStop, .storeRefuses, .channelDown: false
      }
    }
    return Dictionary(grouping: own) { RegionID(Int64($0.region) + 1) }.mapValues { $0.map(\.span.from) }
  }

  public var brokenPaths: [[Span]] {
    (0..<regions).map { region in
      all.filter { $0.kind == .brokenPath && $0.region == region }.map(\.span).merged
    }
  }

  /// When a region may not see what it should: a worker's job waits for its lease to end before another does it.
  public func impaired(region: Int) -> [Span] {
    let leaseMs = 2 * (longestBudgetMs + Limits.leaseGraceMs)
    return all.compactMap { fault in
      switch fault.kind {
      case .controlCrash, .controlStop, .storeRefuses: Span(fault.span.from - 10_000, fault.span.to + 20_000)
      case .channelDown: nil
      case .brokenPath where fault.region == region: Span(fault.span.from, fault.span.to)
      case .workerCrash, .workerPause, .partition, .lossy, .workerLeave, .workerRevoke:
        fault.region == region ? Span(fault.span.from - 10_000, fault.span.to + leaseMs + 60_000) : nil
      default: nil
      }
    }.merged
  }

  /// When fewer than a majority of these regions were well.
  public func blind(_ looking: [Int]) -> [Span] {
    let impaired = looking.map { self.impaired(region: $0) }
    let regions = looking.count
    let needed = regions / 2 + 1
    var edges: [(at: Instant, step: Int)] = []
    for span in impaired.joined() { edges += [(span.from, 1), (span.to, -1)] }
    edges.sort { ($0.at, $0.step) < ($1.at, $1.step) }
    var out: [Span] = []
    var ill = 0
    for (n, edge) in edges.enumerated() {
      ill += edge.step
      if regions - ill < needed, n + 1 < edges.count { out.append(Span(edge.at, edges[n + 1].at)) }
    }
    return out.merged
  }
}
