import Domain
import Engine
import HTTPServer
import Synchronization

/// `GET /metrics`: what the process counts, in Prometheus' text format (version 0.0.4). Only for those on this machine, or
/// with the operator's token: it tells of all organizations at once.
///
/// Counting goes through every job that waits: it is done once a second at most, however often it is asked for.
final class MetricsText: Sendable {
  private let context: WebContext
  private let kept = Mutex<(at: UInt64, bytes: [UInt8])?>(nil)
  private static let keptNs: UInt64 = 1_000_000_000

  init(context: WebContext) { self.context = context }

  func answer(_ visit: Visit) async -> Response {
    guard let fleet = context.fleet, await isAllowed(visit) else { return Problem.notFound.response }
    let now = context.world.monotonicNs()
    // Another request may have kept a later moment since the clock was read.
    let known = kept.withLock { $0.flatMap { now < $0.at + Self.keptNs ? $0.bytes : nil } }
    let bytes: [UInt8]
    if let known {
      bytes = known
    } else {
      bytes = await Self.counted(fleet.engine)
      kept.withLock { $0 = (now, bytes) }
    }
    return Response(
      status: 200, headers: [Header("content-type", "text/plain; version=0.0.4; charset=utf-8")], body: bytes)
  }

  private static func counted(_ engine: Engine) async -> [UInt8] {
    let text = text(
      await engine.currentStatistics(), fleet: await engine.currentFleet, names: await engine.regionNamesNow,
      now: await engine.now())
    return Array(text.utf8)
  }

  private func isAllowed(_ visit: Visit) async -> Bool {
    if case .key(let token) = visit.credential { return await context.metricsToken(token) }
    // A proxy on this machine speaks for strangers.
    let isForwarded = visit.request.header("x-forwarded-for") != nil || visit.request.header("forwarded") != nil
    return !isForwarded && (visit.request.peer.hasPrefix("127.") || visit.request.peer == "::1")
  }

  static func text(_ seen: Engine.Statistics, fleet: FleetSight, names: [RegionID: String], now: Instant) -> String {
    var out = Lines()
    out.add("martlet_monitors", "gauge", "Monitors that are watched.", [("", Double(seen.monitors))])
    out.add("martlet_results_total", "counter", "Results stored since the start.", [("", Double(seen.results))])
    out.add(
      "martlet_slots_missed_total", "counter", "Due times without a result since the start, by reason.",
      MissedReason.allCases.map { ("{reason=\"\($0.name)\"}", Double(seen.missed[$0] ?? 0)) })
    out.add("martlet_jobs_ready", "gauge", "Jobs that wait for a worker.", [("", Double(seen.queued))])
    out.add("martlet_jobs_leased", "gauge", "Jobs in the hands of workers.", [("", Double(seen.leased))])
    out.add("martlet_results_waiting", "gauge", "Results that wait for the store.", [("", Double(seen.buffered))])
    out.add(
      "martlet_oldest_open_slot_seconds", "gauge", "Age of the oldest due time that has neither result nor reason.",
      [("", seen.oldestOpenSlot.map { Double(max(now - $0, 0)) / 1000 } ?? 0)])
    out.add(
      "martlet_slots_overdue_seconds", "gauge",
      "How long due times stay without an outcome although their time is over; 0 while all is accounted for.",
      [("", fleet.slotsOverdueSince.map { Double(max(now - $0, 0)) / 1000 } ?? 0)])
    out.add("martlet_checks_in_flight", "gauge", "Attempts under way in this process.", [("", Double(seen.inFlight))])
    out.add("martlet_checks_late_total", "counter", "Attempts begun more than 10 ms late.", [("", Double(seen.late))])
    out.add(
      "martlet_check_lateness_p99_seconds", "gauge", "Lateness of starts, 99th percentile.",
      [("", Double(seen.latenessP99Ms) / 1000)])
    out.add(
      "martlet_probe_loop_lag_p99_seconds", "gauge", "Lag of the probe's loop, 99th percentile.",
      [("", Double(seen.loopLagP99Us) / 1e6)])
    out.add(
      "martlet_probe_busy_ratio", "gauge", "Share of time that the probe's thread works.", [("", seen.probeBusyShare)])
    out.add("martlet_store_up", "gauge", "Whether results can be stored.", [("", seen.storeFailing ? 0 : 1)])
    let regions = names.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    out.add(
      "martlet_region_healthy", "gauge", "Whether a region has a voice.",
      regions.map { ("{region=\"\($0.value)\",key=\"\($0.key.raw)\"}", fleet.state(of: $0.key) == .healthy ? 1 : 0) })
    out.add(
      "martlet_region_workers", "gauge", "Workers of a region that are there.",
      regions.map { ("{region=\"\($0.value)\",key=\"\($0.key.raw)\"}", Double(fleet.workers(in: $0.key))) })
    return out.text
  }

  private struct Lines {
    var text = ""

    mutating func add(_ name: String, _ kind: String, _ help: String, _ samples: [(String, Double)]) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
      for (labels, value) in samples {
        text +=
          "\(name)\(labels) \(value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value))\n"
      }
    }
  }
}
