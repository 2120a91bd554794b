import CLinux
import Domain
import Foundation
import Probe
import Synchronization

let testWorld = World(
  now: { Instant(ms: clinux_realtime_us() / 1000) }, monotonicNs: { clinux_monotonic_ns() },
  random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } })

/// What one attempt of a monitor on `url` saw; private addresses are allowed unless the test says otherwise.
func probe(
  _ url: String, allowsPrivate: Bool = true, configuration: ProbeEngine.Configuration = .init(),
  _ change: (inout MonitorSettings) -> Void = { _ in }
) async throws -> Observation {
  try await probeReport(url, allowsPrivate: allowsPrivate, configuration: configuration, change).observation
}

func probeReport(
  _ url: String, allowsPrivate: Bool = true, configuration: ProbeEngine.Configuration = .init(),
  _ change: (inout MonitorSettings) -> Void = { _ in }
) async throws -> ProbeReport {
  var settings = MonitorSettings(name: "test", url: url)
  settings.timeoutMs = 5000
  change(&settings)
  return try await ProbeOnce.check(
    ProbeTarget(settings), allowsPrivate: allowsPrivate, world: testWorld, configuration: configuration)
}

/// Gathers reports and lets a test wait for a number of them.
final class Gathered: Sendable {
  private let state = Mutex<[ProbeReport]>([])
  var reports: [ProbeReport] { state.withLock { $0 } }

  func take(_ batch: [ProbeReport]) { state.withLock { $0 += batch } }

  /// False when the wait was in vain.
  func wait(for count: Int, seconds: Double = 10) async throws -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while reports.count < count {
      if Date() > end { return false }
      try await Task.sleep(for: .milliseconds(5))
    }
    return true
  }
}

/// Request heads that a server was sent.
final class Heads: Sendable {
  private let heads = Mutex<[String]>([])
  var all: [String] { heads.withLock { $0 } }
  func note(_ head: String) { heads.withLock { $0.append(head) } }
}

/// Counts from 0.
final class Turns: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock { count in
      defer { count += 1 }
      return count
    }
  }
}

/// Delays as they really were.
final class Pauses: Sendable {
  private let longestUs = Mutex(0)

  func pause(_ ms: UInt32) {
    guard ms > 0 else { return }
    let startNs = clinux_monotonic_ns()
    usleep(ms * 1000)
    let tookUs = Int((clinux_monotonic_ns() - startNs) / 1000)
    longestUs.withLock { $0 = max($0, tookUs) }
  }

  /// The longest since the last call, in µs.
  func takeLongestUs() -> Int {
    longestUs.withLock { longest in
      defer { longest = 0 }
      return longest
    }
  }
}
