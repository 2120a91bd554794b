import Domain

/// What a run left behind, as read back from the store and as those outside saw it.
struct History: Sendable {
  /// A monitor's state as it was told over the organization's feed.
  struct Told: Hashable, Sendable {
    var seq: Int64
    var at: Instant
    var monitor: Int
    var status: MonitorStatus
    var since: Instant
    /// It goes up and down too often for each time to be an incident of its own.
    var flapping = false
  }

  struct State: Hashable, Sendable {
    var monitor: Int
    var since: Instant
    var until: Instant?
    var state: MonitorStatus
    /// It was learned from results that came late.
    var isLearned = false
  }

  struct Incident: Hashable, Sendable {
    var id: Int64
    var monitor: Int
    var startedAt: Instant
    var createdAt: Instant
    var resolvedAt: Instant?
  }

  struct Message: Hashable, Sendable {
    var id: Int64
    var incident: Int64
    enum Kind: Sendable { case down, flapping, resolved }
    var kind: Kind
    var createdAt: Instant
    var state: String
  }

  /// A message as the channel saw it.
  struct Carrying: Hashable, Sendable {
    var at: Instant
    var id: Int64
  }

  /// A stretch in which nothing ran, and no worker looked at the monitor by itself either.
  struct Unseen: Hashable, Sendable {
    var monitor: Int
    var span: Span
  }

  /// An attempt that was lost on its way, while the target was well.
  struct Lost: Hashable, Sendable {
    var monitor: Int
    var at: Instant
  }

  var lost: [Lost] = []
  var told: [Told] = []
  var unseen: [Unseen] = []
  var states: [State] = []
  var incidents: [Incident] = []
  var messages: [Message] = []
  var carried: [Carrying] = []
  /// Marks of reports that came only under leases that another had taken the place of, and of those that came before that:
  /// they may wait for the store and be sent again.
  var stale: Set<Int64> = []
  var inTime: Set<Int64> = []

  /// When a monitor was down by its own word: from the change's moment to the next one's.
  func downs(of monitor: Int) -> [(span: Span, since: Instant)] {
    var out: [(Span, Instant)] = []
    var began: Told?
    for one in told where one.monitor == monitor {
      if one.status == .down {
        began = began ?? one
      } else if let start = began {
        out.append((Span(start.at, one.at), start.since))
        began = nil
      }
    }
    if let began { out.append((Span(began.at, Instant(ms: .max)), began.since)) }
    return out
  }
}

/// Part of the result log and of the missed slots, as stored.
struct SlotHistory: Sendable {
  struct Row: Hashable, Sendable {
    var slot: Slot
    var isFinal: Bool
    /// Names the attempt of the run that was stored.
    var mark: Int64
    var startedAt: Instant
    /// It went well.
    var isGood = true
  }

  var window: Span
  var plan: [PlanRow]
  /// Stretches in which the control plane did not run.
  var gaps: [Span]
  var rows: [Row]
  var missed: [Slot: MissedReason]
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable {
  /// `I2` … `I10`, or the name of a figure.
  public let invariant: String
  public let monitor: Int?
  public let at: Instant
  public let words: String

  init(_ invariant: String, monitor: Int?, at: Instant, _ words: String) {
    self.invariant = invariant
    self.monitor = monitor
    self.at = at
    self.words = words
  }

  public var line: String {
    "\(invariant) at \(at.rfc3339)\(monitor.map { ", monitor-\($0)" } ?? ""): \(words)"
  }
}
