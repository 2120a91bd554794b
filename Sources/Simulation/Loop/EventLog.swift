import Domain

/// Something that happened in a run, in numbers; text only when somebody reads it.
public struct Event: Hashable, Sendable {
  public enum Kind: UInt8, Sendable {
    case began = 1, claimed, attempt, sent, lost, arrived, stale, spooled, delivered, missed, changed, carried, refused,
      fault, faultEnded, offline, online, audited, renewed, edited
  }

  public var at: Instant
  public var kind: Kind
  public var monitor: Int = -1
  public var region: Int = -1
  public var worker: Int = -1
  public var a: Int64 = 0
  public var b: Int64 = 0

  /// Faults and what they do, rather than the traffic of other monitors.
  var concernsAll: Bool { [.began, .fault, .faultEnded, .offline, .online, .spooled, .delivered].contains(kind) }

  public func text() -> String {
    var out = at.rfc3339
    if monitor >= 0 { out += " monitor-\(monitor)" }
    if region >= 0 { out += region == 0 ? " local" : " region-\(region)" }
    if worker >= 0 { out += " worker \(worker)" }
    return out + ": " + words
  }

  private var words: String {
    switch kind {
    case .began: "control plane began, life \(a)"
    case .claimed: "claimed its slot of \(clock(a)), generation \(b)"
    case .attempt: "attempt \(a) \(CheckStatus(rawValue: Int16(b))?.name ?? "?")"
    case .sent: "sent message \(a) of \(b) reports"
    case .lost: "message \(a) lost"
    case .arrived: "message \(a) arrived with \(b) reports"
    case .stale: "report \(a) of a superseded lease arrived"
    case .spooled: "spooled \(a) reports"
    case .delivered: "delivered \(a) spooled reports"
    case .missed: "slot \(clock(a)) missed: \(MissedReason(rawValue: Int16(b))?.name ?? "?")"
    case .changed: "now \(MonitorStatus(code: a)?.rawValue ?? "?") since \(clock(b))"
    case .carried: "message \(a) carried: \(b == 1 ? "down" : "resolved")"
    case .refused: "message \(a) not taken by the channel"
    case .fault: "\(Fault.Kind(rawValue: UInt8(a)).map { "\($0)" } ?? "?") begins"
    case .faultEnded: "\(Fault.Kind(rawValue: UInt8(a)).map { "\($0)" } ?? "?") ends"
    case .offline: "works by its own plan"
    case .online: "is back"
    case .renewed: "asked to renew \(a) leases"
    case .edited: "edit \(a)"
    case .audited: "audited up to \(clock(a)), \(b) slots"
    }
  }

  private func clock(_ ms: Int64) -> String { ms > 0 ? Instant(ms: ms).rfc3339 : "no time" }
}

/// What happened, in order. Its digest names the whole of it in 64 bits.
public struct EventLog: Sendable {
  public enum Keep: Hashable, Sendable {
    case nothing
    case everything
    /// Of one monitor, and what is nobody's alone, in a stretch of time.
    case around(monitor: Int, Span)
  }

  public private(set) var digest: UInt64 = 0
  public private(set) var count = 0
  public private(set) var kept: [Event] = []
  let keep: Keep

  init(keep: Keep) { self.keep = keep }

  mutating func add(_ event: Event) {
    count += 1
    digest = mixed(digest, event.at.ms)
    digest = mixed(
      digest,
      Int64(event.kind.rawValue) << 48 | Int64(event.monitor + 1) << 24 | Int64(event.region + 1) << 12
        | Int64(event.worker + 1))
    digest = mixed(mixed(digest, event.a), event.b)
    switch keep {
    case .nothing: break
    case .everything: kept.append(event)
    case .around(let monitor, let span):
      if span.contains(event.at), event.monitor == monitor || event.concernsAll { kept.append(event) }
    }
  }

  public var text: String { kept.map { $0.text() + "\n" }.joined() }
}
