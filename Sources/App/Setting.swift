/// One thing that an operator may set: declared once, it yields flag, environment variable, default, check and help.
struct Setting: Sendable {
  /// Flag without dashes: `base-url`; the variable is `MARTLET_BASE_URL`.
  let name: String
  /// What stands for the value in help; nil for a switch.
  let placeholder: String?
  let standard: String?
  let help: String
  /// Nil when the value will do, else a sentence that says what would.
  let problem: @Sendable (String) -> String?

  init(
    _ name: String, _ placeholder: String?, standard: String? = nil, help: String,
    problem: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    self.name = name
    self.placeholder = placeholder
    self.standard = standard
    self.help = help
    self.problem = problem
  }

  var variable: String {
    "MARTLET_" + String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
  }
}

/// The command line could not be understood: exit code 2.
struct UsageError: Error {
  let message: String
}

/// The values of a command's settings and its other words, all checked.
struct Arguments: Sendable {
  private var values: [String: String] = [:]
  private(set) var words: [String] = []

  /// Flags win over variables, variables over defaults. Throws for an unknown flag, a missing value or one that will not do.
  init(_ arguments: [String], settings: [Setting], environment: [String: String]) throws(UsageError) {
    for setting in settings {
      if let value = environment[setting.variable] ?? setting.standard { values[setting.name] = value }
    }
    var rest = arguments[...]
    var flagsEnded = false
    while let word = rest.popFirst() {
      guard word.hasPrefix("--"), !flagsEnded else {
        words.append(word)
        continue
      }
      if word == "--" {
        flagsEnded = true
        continue
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let setting = settings.first(where: { $0.name == parts[0] }) else {
        throw UsageError(message: "There is no flag \(word). --help lists them.")
      }
      if setting.placeholder == nil {
        guard parts.count == 1 else { throw UsageError(message: "--\(setting.name) takes no value.") }
        values[setting.name] = "true"
      } else if parts.count == 2 {
        values[setting.name] = String(parts[1])
      } else if let value = rest.popFirst() {
        values[setting.name] = value
      } else {
        throw UsageError(message: "--\(setting.name) needs a value: \(setting.placeholder ?? "").")
      }
    }
    for setting in settings {
      if let value = values[setting.name], let problem = setting.problem(value) {
        throw UsageError(message: "--\(setting.name) \(value): \(problem)")
      }
    }
  }

  subscript(name: String) -> String? { values[name] }
  func isOn(_ name: String) -> Bool { values[name] == "true" || values[name] == "1" }
}
