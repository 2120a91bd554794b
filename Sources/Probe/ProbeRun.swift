import Domain

/// One slot, or one run asked for, that an engine is to fill.
public struct ProbeRun: Sendable {
  /// The caller's own mark; comes back in each report.
  public var token: UInt64
  public var target: ProbeTarget
  /// CLOCK_MONOTONIC nanoseconds of the start; a moment in the past starts at once.
  public var dueNs: UInt64
  /// Attempts and back-offs end this long after the start.
  public var budgetMs: Int64
  public var allowsPrivate: Bool
  /// Counts from 0; above 0 where a run carries on the attempts of the slot before.
  public var firstAttempt: Int
  /// Its reports leave at once instead of with the next batch.
  public var urgent: Bool

  public init(
    token: UInt64, target: ProbeTarget, dueNs: UInt64, budgetMs: Int64, allowsPrivate: Bool, firstAttempt: Int = 0,
    urgent: Bool = false
  ) {
    self.token = token
    self.target = target
    self.dueNs = dueNs
    self.budgetMs = budgetMs
    self.allowsPrivate = allowsPrivate
    self.firstAttempt = firstAttempt
    self.urgent = urgent
  }
}

/// What one attempt of a run saw.
public struct ProbeReport: Sendable {
  public var token: UInt64
  /// Counts from 0.
  public var attempt: Int
  /// No further attempt follows.
  public var isFinal: Bool
  /// CLOCK_MONOTONIC nanoseconds of this attempt's start.
  public var startedNs: UInt64
  /// How long after its due time the attempt began, in whole milliseconds.
  public var lateMs: Int32
  public var status: CheckStatus
  public var observation: Observation
  /// Not even the DNS servers answer: this says nothing about the target.
  public var isOwnTrouble: Bool

  public init(
    token: UInt64, attempt: Int, isFinal: Bool, startedNs: UInt64, lateMs: Int32, status: CheckStatus,
    observation: Observation, isOwnTrouble: Bool = false
  ) {
    self.token = token
    self.attempt = attempt
    self.isFinal = isFinal
    self.startedNs = startedNs
    self.lateMs = lateMs
    self.status = status
    self.observation = observation
    self.isOwnTrouble = isOwnTrouble
  }
}

/// The engine could not be set up.
public struct ProbeEngineError: Error, CustomStringConvertible {
  public let description: String
}

/// A monitor's settings that no probe can be made of.
public struct TargetError: Error, Hashable, CustomStringConvertible {
  /// JSON pointer into the monitor, such as `/url` or `/assertions/0/value`.
  public let pointer: String
  /// One sentence for people.
  public let detail: String
  public var description: String { detail }

  public init(pointer: String, detail: String) {
    self.pointer = pointer
    self.detail = detail
  }
}
