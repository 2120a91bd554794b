import Domain

/// How the targets really are, and from where they can be reached. Fixed by the seed before anything runs.
public struct Truth: Sendable {
  public enum Condition: UInt8, Sendable { case up, slow, down }

  /// A time in which a target is not simply up.
  public struct Stretch: Hashable, Sendable {
    public var span: Span
    public var condition: Condition
    /// A target that is down refuses at once, or answers nothing until the attempt's time is over.
    public var refuses: Bool
    /// A slow one that takes most of the attempt's time.
    public var crawls = false
  }

  /// What one attempt meets.
  struct Outcome {
    var status: CheckStatus
    var lastsMs: Int64
    var failure: Failure?
    /// The target was well: it was lost on its way.
    var isLost = false
  }

  /// By monitor; sorted, not overlapping.
  public internal(set) var targets: [[Stretch]]
  /// By region: when its own path to the world is broken, while the targets are fine.
  public internal(set) var brokenPaths: [[Span]]
  private let seed: UInt64
  private let lostPerMille: Int64

  init(_ scenario: Scenario, brokenPaths: [[Span]]) {
    seed = mixed(scenario.seed, 21)
    lostPerMille = scenario.losesAttempts ? scenario.lostPerMille : 0
    self.brokenPaths = brokenPaths
    let shared = Self.sharedOutages(scenario)
    targets = (0..<Edits(scenario).monitors).map { monitor in
      let own = Self.stretches(monitor, scenario)
      // One in ten is elsewhere.
      return monitor % 10 == 9 ? own : Self.with(shared, own)
    }
  }

  /// The regions that a monitor looks from.
  func regions(_ settings: MonitorSettings) -> [Int] {
    brokenPaths.indices.filter { settings.regions.contains($0 == 0 ? "local" : "region-\($0)") }
  }

  func stretch(of monitor: Int, at: Instant) -> Stretch? {
    let all = targets[monitor]
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle].span.to <= at { low = middle + 1 } else { high = middle }
    }
    return low < all.count && all[low].span.contains(at) ? all[low] : nil
  }

  public func outages(of monitor: Int) -> [Span] {
    targets[monitor].filter { $0.condition == .down }.map(\.span)
  }

  /// A pure function of who looks, from where and when: the order in which things happen moves no packet.
  func outcome(of monitor: Int, from region: Int, at: Instant, timeoutMs: Int64) -> Outcome {
    let dice = mixed(mixed(mixed(seed, Int64(monitor)), Int64(region)), at.ms)
    if brokenPaths[region].holding(at) != nil {
      return Outcome(
        status: .down, lastsMs: timeoutMs, failure: Failure(.connectTimeout, .connect, "no answer: path broken"))
    }
    let stretch = stretch(of: monitor, at: at)
    if let stretch, stretch.condition == .down {
      return stretch.refuses
        ? Outcome(
          status: .down, lastsMs: 5 + Int64(dice % 60), failure: Failure(.connectRefused, .connect, "refused"))
        : Outcome(status: .down, lastsMs: timeoutMs, failure: Failure(.timeout, .firstByte, "no answer"))
    }
    if Int64(dice >> 20 & 0xFFFF) * 1000 / 0x10000 < lostPerMille {
      return Outcome(
        status: .down, lastsMs: timeoutMs, failure: Failure(.connectTimeout, .connect, "lost"), isLost: true)
    }
    if let stretch, stretch.condition == .slow {
      if stretch.crawls {
        return Outcome(status: .degraded, lastsMs: timeoutMs * (60 + Int64(dice % 36)) / 100, failure: nil)
      }
      return Outcome(status: .degraded, lastsMs: min(1100 + Int64(dice % 800), timeoutMs), failure: nil)
    }
    return Outcome(status: .up, lastsMs: 15 + Int64(dice % 300), failure: nil)
  }

  /// What a look at a place that always answers meets.
  func canary(from region: Int, at: Instant, timeoutMs: Int64) -> Outcome {
    guard brokenPaths[region].holding(at) == nil else {
      return Outcome(status: .down, lastsMs: timeoutMs, failure: Failure(.connectTimeout, .connect, "path broken"))
    }
    return Outcome(status: .up, lastsMs: 40, failure: nil)
  }

  /// Whether servers of the DNS's root answer over a while.
  func reachesRoot(from region: Int, _ span: Span) -> Bool { !brokenPaths[region].touch(span) }

  /// When the one provider of nearly all targets is down.
  private static func sharedOutages(_ scenario: Scenario) -> [Span] {
    guard scenario.hasRoot else { return [] }
    var random = Seeded(mixed(scenario.seed, 41))
    var out: [Span] = []
    var at = Scenario.start + random.between(Instant.hourMs...2 * Instant.dayMs)
    while at < scenario.quietFrom - Instant.hourMs {
      out.append(Span(at, at + random.between(5 * Instant.minuteMs...Instant.hourMs)))
      at = at + random.between(Instant.dayMs...3 * Instant.dayMs)
    }
    return out
  }

  private static func with(_ shared: [Span], _ own: [Stretch]) -> [Stretch] {
    guard !shared.isEmpty else { return own }
    let rest = own.filter { one in !shared.contains { $0.from < one.span.to && one.span.from < $0.to } }
    return (rest + shared.map { Stretch(span: $0, condition: .down, refuses: $0.from.ms % 2 == 0) })
      .sorted { $0.span.from < $1.span.from }
  }

  /// Steady targets fail now and then, some are slow at times, some flap for an hour.
  private static func stretches(_ monitor: Int, _ scenario: Scenario) -> [Stretch] {
    var random = Seeded(mixed(mixed(scenario.seed, 31), Int64(monitor)))
    let intervalMs = Int64(scenario.settings(of: monitor).intervalS) * 1000
    var out: [Stretch] = []
    var at = Scenario.start + random.between(5 * Instant.minuteMs...Instant.dayMs)
    while at < scenario.quietFrom {
      let kind = random.below(10)
      if kind < 6 {
        let ms = random.spread(2 * Instant.secondMs...3 * Instant.hourMs)
        out.append(Stretch(span: Span(at, at + ms), condition: .down, refuses: random.below(2) == 0))
      } else if kind < 8 {
        let ms = random.spread(Instant.minuteMs...4 * Instant.hourMs)
        out.append(Stretch(span: Span(at, at + ms), condition: .slow, refuses: false, crawls: random.below(3) == 0))
      } else {
        let end = at + random.between(10 * Instant.minuteMs...Instant.hourMs)
        var next = at
        while next < end {
          let ms = random.spread(intervalMs / 10...2 * intervalMs)
          out.append(Stretch(span: Span(next, next + ms), condition: .down, refuses: true))
          next = next + ms + random.spread(intervalMs / 10...2 * intervalMs)
        }
      }
      at = (out.last?.span.to ?? at) + random.between(30 * Instant.minuteMs...18 * Instant.hourMs)
    }
    for i in out.indices { out[i].span.to = min(out[i].span.to, scenario.quietFrom) }
    return out.filter { $0.span.from < $0.span.to }
  }
}
