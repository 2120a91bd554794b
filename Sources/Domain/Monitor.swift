/// What a person says about a monitor; the shape of CONTRACTS.md, checked by `MonitorSettings.problems`.
public struct MonitorSettings: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable { case http }
  public enum IPFamily: String, Sendable, CaseIterable { case auto, v4, v6 }
  public enum Quorum: Hashable, Sendable {
    case majority
    case count(Int)
  }
  public struct Header: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public var name: String
  public var kind: Kind = .http
  public var url: String
  public var method = "GET"
  public var headers: [Header] = []
  public var body: String?
  public var intervalS = 60
  public var timeoutMs = 10_000
  /// Slower than this is degraded; nil never.
  public var degradedAfterMs: Int?
  /// Consecutive slow checks before *degraded*.
  public var degradedChecks = 2
  public var attempts = 3
  public var regions = ["local"]
  /// Whether a stand-in may look while a region has no worker. Off unless somebody says so: a region is named for where it
  /// is, and another place may not reach what it reaches.
  public var allowsStandIn = false
  public var quorum = Quorum.majority
  public var recoveryChecks = 2
  public var followRedirects = true
  public var maxRedirects = 10
  public var verifyTLS = true
  public var certificateWarningDays = 14
  public var ipFamily = IPFamily.auto
  public var tags: [String] = []
  public var enabled = true
  public var assertions: [Assertion] = []
  /// What this one needs to work: while one of these is down, this one's trouble is told as part of theirs.
  public var dependsOn: [PublicID<MonitorTag>] = []

  public init(name: String, url: String) {
    self.name = name
    self.url = url
  }

  /// Attempts × timeout plus back-offs of 0.5, 1, 2 s …, cut to the interval: how long one slot may take.
  public var slotBudgetMs: Int64 {
    var budget: Int64 = 0
    for attempt in 0..<attempts {
      if attempt > 0 { budget += Self.backOffMs(beforeAttempt: attempt) }
      budget += Int64(timeoutMs)
    }
    return min(budget, Int64(intervalS) * 1000)
  }

  /// How far apart two failing attempts must start for both to count: the back-off, less what a clock may be drawn by.
  public static func distanceMs(beforeAttempt attempt: Int) -> Int64 { backOffMs(beforeAttempt: attempt) * 9 / 10 }

  /// Pause before the second, third … attempt (`attempt` counts from 0).
  public static func backOffMs(beforeAttempt attempt: Int) -> Int64 { 500 << Int64(min(max(attempt - 1, 0), 6)) }
}

/// One condition on what came back.
public struct Assertion: Hashable, Sendable {
  public enum Source: String, Sendable, CaseIterable {
    case statusCode = "status_code"
    case header, body, json
    case certificateDays = "certificate_days"
    case responseTimeMs = "response_time_ms"
  }
  public enum Comparison: String, Sendable, CaseIterable {
    case eq, ne, lt, le, gt, ge, `in`, contains, notContains = "not_contains", matches, empty, notEmpty = "not_empty",
      exists
  }

  public var source: Source
  /// Header name or JSONPath; empty for the other sources.
  public var target: String
  public var comparison: Comparison
  public var value: String

  public init(_ source: Source, target: String = "", _ comparison: Comparison, _ value: String = "") {
    self.source = source
    self.target = target
    self.comparison = comparison
    self.value = value
  }
}

/// What stands beside a monitor's name.
public enum MonitorStatus: String, Sendable, CaseIterable {
  case pending, up, degraded, down, unconfirmed, unknown, paused, maintenance

  /// The number stored in rows; never renumbered.
  public var code: Int64 { Int64(Self.allCases.firstIndex(of: self)!) }
  public init?(code: Int64) {
    guard Self.allCases.indices.contains(Int(clamping: code)) else { return nil }
    self = Self.allCases[Int(code)]
  }
}
