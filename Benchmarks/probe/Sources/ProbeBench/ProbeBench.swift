import CLinux
import Domain
import Glibc
import Probe

/// Runs checks through the product's probe engine for `scripts/bench-probe` and prints one line of JSON.
///
/// `ProbeBench closed CHECKS IN_FLIGHT CA_FILE URL…` keeps the engine's places taken until all checks are done;
/// `ProbeBench paced RATE SECONDS CA_FILE URL…` starts them on a fixed beat, handed over ahead of time as the scheduler
/// does.
@main enum ProbeBench {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count >= 5, let first = Int(words[1]), let second = Int(words[2]), first > 0, second > 0 else {
      return fail("usage: ProbeBench closed CHECKS IN_FLIGHT CA_FILE URL… | paced RATE SECONDS CA_FILE URL…")
    }
    do {
      let targets = try words[4...].map { try ProbeTarget(settings(of: $0)) }
      switch words[0] {
      case "closed": say(try closed(checks: first, inFlight: second, caFile: words[3], targets).json)
      case "paced": say(try paced(rate: first, seconds: second, caFile: words[3], targets).json)
      default: fail("no such mode: \(words[0])")
      }
    } catch {
      fail("\(error)")
    }
  }

  private static func settings(of url: String) -> MonitorSettings {
    var settings = MonitorSettings(name: url, url: url)
    settings.attempts = 1
    return settings
  }

  private static func closed(
    checks: Int, inFlight: Int, caFile: String, _ targets: [ProbeTarget]
  ) throws -> Summary {
    let tally = Tally(dueNs: [])
    let engine = try makeEngine(caFile: caFile, inFlight: inFlight, tally)
    defer { engine.stop() }
    let runs = (0..<checks).map { index in
      ProbeRun(
        token: UInt64(index), target: targets[index % targets.count], dueNs: 0, budgetMs: 60_000, allowsPrivate: true)
    }
    let before = Spent()
    engine.submit(runs)
    tally.wait(for: checks)
    return tally.summary(spent: Spent() - before, engine.statistics)
  }

  private static func paced(
    rate: Int, seconds: Int, caFile: String, _ targets: [ProbeTarget]
  ) throws -> Summary {
    let aheadNs = UInt64(Limits.jobsAheadMs) * 1_000_000
    // The first batch is handed over a moment before its first check is due, as after a start.
    let startNs = clinux_monotonic_ns() + 500_000_000
    let dueNs = (0..<rate * seconds).map { startNs + UInt64($0) * 1_000_000_000 / UInt64(rate) }
    let tally = Tally(dueNs: dueNs)
    let engine = try makeEngine(caFile: caFile, inFlight: 4096, tally)
    defer { engine.stop() }
    let before = Spent()
    var next = 0
    while next < dueNs.count {
      let until = clinux_monotonic_ns() + aheadNs
      var runs: [ProbeRun] = []
      while next < dueNs.count, dueNs[next] < until {
        let target = targets[next % targets.count]
        runs.append(
          ProbeRun(token: UInt64(next), target: target, dueNs: dueNs[next], budgetMs: 60_000, allowsPrivate: true))
        next += 1
      }
      engine.submit(runs)
      usleep(500_000)
    }
    tally.wait(for: dueNs.count)
    return tally.summary(spent: Spent() - before, engine.statistics)
  }

  private static func makeEngine(caFile: String, inFlight: Int, _ tally: Tally) throws -> ProbeEngine {
    var configuration = ProbeEngine.Configuration()
    configuration.caFile = caFile
    configuration.inFlightMax = inFlight
    let world = World(
      now: { Instant(ms: clinux_realtime_us() / 1000) }, monotonicNs: { clinux_monotonic_ns() },
      random: { count in [UInt8](repeating: 0, count: count) })
    return try ProbeEngine(configuration: configuration, world: world) { tally.take($0) }
  }

  private static func say(_ line: String) { write(1, line + "\n") }

  private static func fail(_ line: String) {
    write(2, line + "\n")
    exit(1)
  }

  private static func write(_ fd: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(fd, bytes, bytes.count)
  }
}
