import Domain

/// What is simulated: everything follows from it, down to the last event.
public struct Scenario: Hashable, Sendable {
  public var seed: UInt64
  public var days: Int
  public var monitors = 3
  public var regions = 3
  /// Of every monitor; nil mixes.
  public var intervalS: Int?
  public var workersPerRegion = 2
  /// Attempts that are lost on their way, per thousand, in each region by itself.
  public var lostPerMille: Int64 = 10
  public var hasFaults = true
  /// Votes that make *down*; nil for the majority.
  public var quorum: Int?

  public init(seed: UInt64, days: Int) {
    self.seed = seed
    self.days = days
  }

  static let start = Instant(ms: 20_700 * Instant.dayMs)
  var end: Instant { Self.start + Int64(days) * Instant.dayMs }
  /// From here on nothing of ours fails any more: what is left over has to drain.
  var calmFrom: Instant { end - 3 * Instant.hourMs }
  /// No target changes any more, so that each outage has had its time to be seen and told.
  var quietFrom: Instant { end - Instant.hourMs }

  /// Region 0 is the control plane's own.
  func regionName(_ region: Int) -> String { region == 0 ? "local" : "region-\(region)" }

  static let intervals = [300, 600, 900, 1800]
  /// Whether people edit monitors meanwhile.
  var hasEdits: Bool { hasFaults && mixed(seed, 71) % 2 == 0 }
  /// No attempt is lost on its way in some: then one attempt may be all there is, as long as a minute.
  var losesAttempts: Bool { lostPerMille > 0 && mixed(seed, 61) % 4 != 0 }

  /// Whether the workers of a region have places that always answer to look at.
  func hasCanaries(region: Int) -> Bool { hasFaults && mixed(mixed(seed, 51), Int64(region)) % 3 == 0 }

  /// Whether all regions reach servers of the DNS's root, which prove that there is a way out while targets fail. Only then
  /// many targets may be down at once and be called so.
  var hasRoot: Bool { hasFaults && mixed(seed, 91) % 2 == 0 }

  func settings(of monitor: Int) -> MonitorSettings {
    var random = Seeded(mixed(mixed(seed, 11), Int64(monitor)))
    var settings = MonitorSettings(name: "monitor-\(monitor)", url: "http://monitor-\(monitor).test/")
    settings.intervalS = intervalS ?? random.pick(Self.intervals)
    settings.timeoutMs = intervalS == nil ? random.pick([2000, 5000, 10_000]) : 10_000
    settings.timeoutMs = min(settings.timeoutMs, settings.intervalS * 1000)
    settings.attempts = intervalS == nil ? random.pick([2, 3, 3, 4]) : 3
    settings.recoveryChecks = intervalS == nil ? random.pick([1, 2, 2, 3]) : 2
    if intervalS == nil, !losesAttempts, random.below(2) == 0 {
      settings.attempts = 1
      settings.timeoutMs = random.pick([30_000, 60_000])
    }
    settings.degradedAfterMs = 1000
    settings.regions = (0..<regions).map(regionName)
    if let quorum { settings.quorum = .count(quorum) }
    return settings
  }
}
