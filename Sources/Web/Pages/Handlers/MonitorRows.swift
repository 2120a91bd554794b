import Domain
import HTML
import JSON
import SQLite
import Store

extension State {
  init(_ status: MonitorStatus) {
    switch status {
    case .pending: self = .pending
    case .up: self = .up
    case .degraded: self = .degraded
    case .down: self = .down
    case .unconfirmed: self = .unconfirmed
    case .unknown: self = .unknown
    case .paused: self = .paused
    case .maintenance: self = .maintenance
    }
  }

  init(_ status: CheckStatus) {
    switch status {
    case .up: self = .up
    case .degraded: self = .degraded
    case .down: self = .down
    }
  }
}

extension Phases {
  init(_ timing: Timing) {
    self.init(
      dns: timing.dnsUs.map(Int64.init), connect: timing.connectUs.map(Int64.init), tls: timing.tlsUs.map(Int64.init),
      firstByte: timing.firstByteUs.map(Int64.init), transfer: timing.transferUs.map(Int64.init))
  }
}

/// Reads what the monitor list shows, row by row only for the rows of one page.
enum MonitorRows {

  static func row(_ monitor: MonitorRowData, now: Instant) -> MonitorLine {
    let status = monitor.stored.status
    return MonitorLine(
      id: monitor.stored.publicID.text, name: monitor.stored.settings.name,
      address: address(monitor.stored.settings.url),
      state: State(status), isRecovering: monitor.stored.recovering, isFlapping: monitor.stored.flapping,
      stateForMs: status == .pending ? nil : now - monitor.stored.statusSince, note: note(monitor),
      spark: spark(monitor, now),
      uptime: monitor.uptime, p95Us: monitor.p95Us, regionsUp: nil,
      checkedAgoMs: monitor.last.map { now - $0.startedAt }, tags: monitor.stored.settings.tags)
  }

  static func address(_ url: String) -> String {
    for scheme in ["https://", "http://"] where url.hasPrefix(scheme) { return String(url.dropFirst(scheme.count)) }
    return url
  }

  /// Why it is not up, in few words; nil when there is nothing to explain.
  private static func note(_ monitor: MonitorRowData) -> String? {
    switch monitor.stored.status {
    case .down, .unconfirmed: monitor.last?.failure?.message
    case .degraded: monitor.last.map { "Slow: \(Format.microseconds(Int64($0.timing.totalUs)))" }
    default: nil
    }
  }

  private static func spark(_ monitor: MonitorRowData, _ now: Instant) -> Sparkline? {
    guard let from = monitor.hours.first?.start, monitor.hours.contains(where: { $0.rollup.n > 0 }) else { return nil }
    return Sparkline(
      label: "Response time by the hour, one day", values: monitor.hours.map { $0.p50Us.map(Double.init) },
      stretches: Stretches.of(
        monitor.states, from: from, stepMs: Instant.hourMs, steps: monitor.hours.count, now: now),
      state: State(monitor.stored.status))
  }

  /// What one row needs beside the monitor itself.
  static func data(_ stored: MonitorRow, now: Instant, in db: Connection) throws -> MonitorRowData {
    let states = try ResultQueries.states(stored.id, from: now - 30 * Instant.dayMs, to: now, in: db)
    let hours = try MetricsQueries.metrics(
      MetricsQuestion(window: .day, granularity: .hour), of: stored.id, now: now, in: db)
    var day = Rollup()
    for hour in hours { day.merge(hour.rollup) }
    return MonitorRowData(
      stored: stored, last: try ResultQueries.recent(stored, before: now + 60_000, limit: 1, in: db).first,
      hours: hours, states: states,
      uptime: ResultQueries.share(states, from: now - 30 * Instant.dayMs, to: now).uptime,
      p95Us: day.quantile(0.95))
  }
}

/// A monitor of the list with what its row shows.
struct MonitorRowData: Sendable {
  var stored: MonitorRow
  var last: ResultRow?
  /// The last 24 hours of the clock, oldest first.
  var hours: [MetricsBucket]
  var states: [StateSpan]
  var uptime: Double?
  var p95Us: Int64?
}

/// Where a chart says why there is no answer.
enum Stretches {
  static func of(
    _ spans: [StateSpan], from: Instant, stepMs: Int64, steps: Int, now: Instant
  ) -> [Stretch] {
    spans.compactMap { span in
      let kind: Stretch.Kind
      switch span.state {
      case .down: kind = .down
      case .degraded: kind = .degraded
      case .unknown: kind = .unknown
      case .maintenance: kind = .maintenance
      default: return nil
      }
      let first = max(0, Int((span.since - from) / stepMs))
      let last = min(steps - 1, Int(((span.until ?? now) - from) / stepMs))
      return first <= last && last >= 0 && first < steps ? Stretch(kind: kind, steps: first..<(last + 1)) : nil
    }
  }
}
