import CLinux
import Glibc

/// Chooses the subcommand; each is one file in Commands.
@main
struct Martlet {
  static let version = "0.1.0"

  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    clinux_few_heaps()
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }
}

/// A subcommand: its words, its settings, and one function that does it.
struct Command: Sendable {
  let name: String
  /// What stands after the name in the usage line.
  let usage: String
  let summary: String
  let settings: [Setting]
  /// Answers the exit code.
  let body: @Sendable (Arguments) async throws -> Int32

  static let all: [Command] = [.serve, .worker, .check, .demo, .migrate, .simulate, .gallery, .version]
}

/// Parses and runs; answers the exit code.
func run(_ arguments: [String]) async -> Int32 {
  guard let name = arguments.first, !["help", "--help", "-h"].contains(name) else {
    Console.line(Help.overview(Command.all))
    return arguments.isEmpty ? ExitCode.usage : ExitCode.ok
  }
  let wanted = name == "--version" ? "version" : name
  guard let command = Command.all.first(where: { $0.name == wanted }) else {
    Console.note("martlet has no command \(name). martlet help lists them.")
    return ExitCode.usage
  }
  let rest = Array(arguments.dropFirst())
  if rest.contains("--help") || rest.contains("-h") {
    Console.line(Help.page(command))
    return ExitCode.ok
  }
  do {
    return try await command.body(
      Arguments(rest, settings: command.settings, environment: Environment.variables))
  } catch let error as UsageError {
    Console.note("martlet \(command.name): \(error.message)")
    return ExitCode.usage
  } catch let error as CommandFailure {
    Console.note("martlet \(command.name): \(error.message)")
    return error.code
  } catch {
    Console.note("martlet \(command.name): \(error)")
    return ExitCode.failure
  }
}
