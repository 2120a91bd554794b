import Domain
import Glibc

/// Runs seeds, one after the other or side by side, and tells what did not hold.
public enum Simulation {
  /// One run in a folder of its own, which is removed afterwards.
  public static func run(_ scenario: Scenario, keep: EventLog.Keep = .nothing) async throws -> RunOutcome {
    try await run(scenario, wiring: Wiring(), keep: keep)
  }

  static func run(_ scenario: Scenario, wiring: Wiring, keep: EventLog.Keep = .nothing) async throws -> RunOutcome {
    let folder = try Folder()
    defer { folder.remove() }
    return try await Run(scenario, folder: folder.path, wiring: wiring, keep: keep).go()
  }

  /// Runs `runs` seeds from the scenario's on, `width` side by side; each outcome is told as soon as it is there.
  public static func run(
    _ scenario: Scenario, runs: Int, width: Int, told: @escaping @Sendable (RunOutcome) -> Void
  ) async throws -> (figures: Figures, failed: [RunOutcome]) {
    try await withThrowingTaskGroup(of: RunOutcome.self) { group in
      var figures = Figures()
      var failed: [RunOutcome] = []
      var next = 0
      func begin() {
        guard next < runs else { return }
        var one = scenario
        one.seed += UInt64(next)
        next += 1
        group.addTask { [one] in try await run(one) }
      }
      for _ in 0..<width { begin() }
      while let outcome = try await group.next() {
        figures.add(outcome.figures)
        if !outcome.violations.isEmpty { failed.append(outcome) }
        told(outcome)
        begin()
      }
      return (figures, failed.sorted { $0.scenario.seed < $1.scenario.seed })
    }
  }

  /// Runs a failed seed again and answers what happened around a violation.
  public static func events(around violation: Violation, of scenario: Scenario) async throws -> [Event] {
    let span = Span(violation.at - 10 * Instant.minuteMs, violation.at + 2 * Instant.minuteMs)
    return try await run(scenario, keep: .around(monitor: violation.monitor ?? -1, span)).log.kept
  }
}

/// A folder in memory where there is such a place, else among the temporary files.
private struct Folder {
  let path: String

  init() throws(FolderError) {
    for place in ["/dev/shm", "/tmp"] {
      var template = Array("\(place)/martlet-simulate-XXXXXX".utf8CString)
      if mkdtemp(&template) != nil {
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return
      }
    }
    throw FolderError(code: errno)
  }

  func remove() {
    guard let entries = opendir(path) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      unlink(path + "/" + name)
    }
    rmdir(path)
  }
}

struct FolderError: Error {
  let code: Int32
}
