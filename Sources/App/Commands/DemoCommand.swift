import HTTPServer

extension Command {
  /// Everything at once, measured live, gone when it ends.
  static let demo = Command(
    name: "demo", usage: "",
    summary: "Shows Martlet with its own targets, one of each kind of trouble; nothing is kept.",
    settings: [.listen],
    body: { arguments in
      Signals.hold()
      let settings = try InstanceSettings(arguments)
      let demo: Demo
      do {
        demo = try await Demo(settings, log: Log(world: .system))
      } catch let error as ServerError {
        throw settings.cannotListen(error)
      }
      Console.line("Listening on \(demo.instance.url)")
      Console.line("Status page: \(demo.instance.url)/status/\(demo.page)")
      Console.line("Sign in at \(demo.instance.url)/login as \(demo.email) with \(demo.password)")
      Console.line("Press Ctrl-C to end it; nothing is kept.")
      _ = await Signals.first()
      await demo.stop()
      return ExitCode.ok
    })
}
