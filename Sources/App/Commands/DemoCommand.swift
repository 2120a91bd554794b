import HTTPServer

extension Command {
  /// Everything at once, measured live, gone when it ends.
  static let demo = Command(
    name: "demo", usage: "",
    summary: "Shows Martlet with its own targets, one of each kind of trouble; nothing is kept.",
    settings: [
      Setting("port", "PORT", standard: "8080", help: "The port on 127.0.0.1; 0 picks a free one.") {
        number($0, in: 0...65_535)
      }
    ],
    body: { arguments in
      let demo: Demo
      do {
        demo = try await Demo(port: Int(arguments["port"] ?? "") ?? 8080, log: Log(world: .system))
      } catch let error as ServerError {
        throw CommandFailure(
          code: ExitCode.failure, message: "cannot listen: \(error.message). Name another port with --port.")
      }
      Console.line("Listening on \(demo.instance.url)")
      Console.line("Status page: \(demo.instance.url)/status/demo")
      Console.line("Sign in at \(demo.instance.url)/login as \(demo.email) with \(demo.password)")
      Console.line("Press Ctrl-C to end it; nothing is kept.")
      _ = await Signals.first()
      await demo.stop()
      return ExitCode.ok
    })
}
