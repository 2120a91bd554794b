import Simulation

extension Command {
  /// The whole of Martlet in virtual time, against targets of which the truth is known.
  static let simulate = Command(
    name: "simulate", usage: "",
    summary: "Runs Martlet in virtual time under faults, and checks what it says against the truth.",
    settings: [
      Setting("seed", "N", standard: "1", help: "The first seed; the same seed gives the same run.") {
        number($0, in: 0...Int.max)
      },
      Setting("days", "D", standard: "2", help: "Virtual days of each run.") { number($0, in: 1...10_000) },
      Setting("runs", "K", standard: "1", help: "How many seeds, one after the other.") {
        number($0, in: 1...1_000_000)
      },
      Setting("monitors", "M", standard: "3", help: "Monitors of each run.") { number($0, in: 1...10_000) },
      Setting("regions", "R", standard: "3", help: "Regions of each monitor.") { number($0, in: 1...9) },
      Setting("interval", "S", help: "Interval of every monitor in seconds; a mix without it.") {
        number($0, in: 5...86_400)
      },
      Setting("width", "W", standard: "2", help: "Runs side by side.") { number($0, in: 1...64) },
      Setting("calm", nil, help: "No faults of ours."),
      Setting("events", nil, help: "Prints every event of the first seed."),
    ],
    body: { arguments in
      var scenario = Scenario(seed: UInt64(arguments["seed"] ?? "") ?? 1, days: Int(arguments["days"] ?? "") ?? 2)
      scenario.monitors = Int(arguments["monitors"] ?? "") ?? scenario.monitors
      scenario.regions = Int(arguments["regions"] ?? "") ?? scenario.regions
      scenario.intervalS = arguments["interval"].flatMap(Int.init)
      scenario.hasFaults = !arguments.isOn("calm")
      if arguments.isOn("events") {
        let outcome = try await Simulation.run(scenario, keep: .everything)
        Console.line(outcome.log.text)
        return outcome.violations.isEmpty ? ExitCode.ok : ExitCode.failure
      }
      let (figures, failed) = try await Simulation.run(
        scenario, runs: Int(arguments["runs"] ?? "") ?? 1, width: Int(arguments["width"] ?? "") ?? 2
      ) { outcome in
        guard let first = outcome.violations.first else { return }
        Console.note("seed \(outcome.scenario.seed): \(outcome.violations.count) violations, the first: \(first.line)")
      }
      for line in figures.lines { Console.line(line) }
      Console.line(failed.isEmpty ? "All invariants held." : "\(failed.count) seeds failed.")
      if let outcome = failed.first { try await explain(outcome) }
      return failed.isEmpty ? ExitCode.ok : ExitCode.failure
    })
}

/// What happened around the first violation of a seed, by running it again.
private func explain(_ outcome: RunOutcome) async throws {
  Console.line("")
  Console.line("seed \(outcome.scenario.seed), \(outcome.log.count) events, digest \(outcome.log.digest):")
  for violation in outcome.violations.prefix(20) { Console.line("  \(violation.line)") }
  guard let first = outcome.violations.first else { return }
  Console.line("around the first:")
  for event in try await Simulation.events(around: first, of: outcome.scenario).suffix(80) {
    Console.line("  \(event.text())")
  }
}
