extension Command {
  static let version = Command(
    name: "version", usage: "", summary: "Prints the version.", settings: [],
    body: { _ in
      Console.line("martlet \(Martlet.version)")
      return ExitCode.ok
    })
}
