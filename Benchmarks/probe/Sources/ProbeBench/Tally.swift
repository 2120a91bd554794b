import CLinux
import Domain
import Glibc
import Probe
import Synchronization

/// What the process has spent so far, or between two moments.
struct Spent {
  var cpuUs = clinux_cpu_us()
  var wallNs = clinux_monotonic_ns()

  static func - (a: Spent, b: Spent) -> Spent {
    var difference = a
    difference.cpuUs -= b.cpuUs
    difference.wallNs -= b.wallNs
    return difference
  }
}

/// Counts the reports of a run, and how late each check began.
final class Tally: Sendable {
  private struct State {
    var done = 0
    var failures = 0
    var firstFailure = ""
    var lateUs: [Int] = []
    var connectUs: [Int32] = []
    var totalUs: [Int32] = []
  }

  /// By token; empty where nothing is due at a moment of its own.
  private let dueNs: [UInt64]
  private let state = Mutex(State())

  init(dueNs: [UInt64]) { self.dueNs = dueNs }

  func take(_ reports: [ProbeReport]) {
    state.withLock { state in
      for report in reports {
        state.done += 1
        if let failure = report.observation.failure {
          state.failures += 1
          if state.firstFailure.isEmpty { state.firstFailure = "\(failure.reason)" }
        }
        guard let due = dueNs.isEmpty ? nil : dueNs[Int(report.token)] else { continue }
        state.lateUs.append(Int(Int64(report.startedNs) - Int64(due)) / 1000)
        state.connectUs.append(report.observation.timing.connectUs ?? 0)
        state.totalUs.append(report.observation.timing.totalUs)
      }
    }
  }

  /// Looks ten times a second, which costs nothing beside the checks.
  func wait(for count: Int) {
    while state.withLock({ $0.done }) < count { usleep(100_000) }
  }

  func summary(spent: Spent, _ statistics: ProbeEngine.Statistics) -> Summary {
    state.withLock { state in
      let late = state.lateUs.sorted()
      let connect = state.connectUs.sorted()
      let total = state.totalUs.sorted()
      return Summary(fields: [
        ("checks", "\(state.done)"), ("failures", "\(state.failures)"), ("first_failure", "\"\(state.firstFailure)\""),
        ("cpu_us", "\(spent.cpuUs)"), ("wall_us", "\(spent.wallNs / 1000)"),
        ("late_starts", "\(statistics.startedLate)"),
        ("late_us_p50", "\(percentile(late, 50))"), ("late_us_p99", "\(percentile(late, 99))"),
        ("late_us_max", "\(late.last ?? 0)"), ("early", "\(late.count { $0 < 0 })"),
        ("connect_us_p50", "\(percentile(connect, 50))"), ("connect_us_p99", "\(percentile(connect, 99))"),
        ("total_us_p50", "\(percentile(total, 50))"), ("total_us_p99", "\(percentile(total, 99))"),
      ])
    }
  }

  private func percentile<Value: FixedWidthInteger>(_ sorted: [Value], _ percent: Int) -> Value {
    sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
  }
}

/// One line of JSON for the report.
struct Summary {
  let fields: [(name: String, value: String)]
  var json: String { "{" + fields.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + "}" }
}
