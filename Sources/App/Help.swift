/// Help made from the same declarations that parse the command line.
enum Help {
  static func overview(_ commands: [Command]) -> String {
    var lines = [
      "Martlet \(Martlet.version): uptime monitoring and status pages.", "", "Usage: martlet COMMAND [FLAGS]", "",
    ]
    let width = commands.map(\.name.count).max() ?? 0
    for command in commands { lines.append("  " + pad(command.name, width) + "  " + command.summary) }
    lines += ["", "martlet COMMAND --help tells more."]
    return lines.joined(separator: "\n")
  }

  static func page(_ command: Command) -> String {
    let words = command.usage.isEmpty ? "" : " " + command.usage
    var lines = [
      "Usage: martlet \(command.name)\(words)" + (command.settings.isEmpty ? "" : " [FLAGS]"), "", command.summary,
    ]
    if !command.settings.isEmpty { lines += ["", "Flags, each also an environment variable:"] }
    for setting in command.settings {
      lines.append("  --\(setting.name)" + (setting.placeholder.map { " " + $0 } ?? "") + "  (\(setting.variable))")
      lines.append("      " + setting.help + (setting.standard.map { " Default: \($0)." } ?? ""))
    }
    return lines.joined(separator: "\n")
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
