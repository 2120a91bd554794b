import Domain
import Engine
import Store

extension MonitorForm {
  /// The form as it stands for settings that are saved or about to be made.
  init(_ s: MonitorSettings, regions: [String], isNew: Bool) {
    self.init()
    url = s.url
    name = s.name
    tags = s.tags.joined(separator: ", ")
    intervalS = String(s.intervalS)
    timeoutMs = String(s.timeoutMs)
    attempts = String(s.attempts)
    degradedAfterMs = s.degradedAfterMs.map(String.init) ?? ""
    self.regions = regions.map { Tick(id: $0, name: $0, isOn: s.regions.contains($0)) }
    allowsStandIn = s.allowsStandIn
    quorum = Self.quorumWord(s)
    recoveryChecks = String(s.recoveryChecks)
    method = s.method
    headers = s.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    requestBody = s.body ?? ""
    followRedirects = s.followRedirects
    verifyTLS = s.verifyTLS
    certificateWarningDays = String(s.certificateWarningDays)
    ipFamily = s.ipFamily.rawValue
    dependencies.chosen = s.dependsOn.map(\.text)
    var rest = s.assertions
    if let i = rest.firstIndex(where: { $0.source == .statusCode && $0.comparison == .in }) {
      statusCodes = rest.remove(at: i).value
    }
    if let i = rest.firstIndex(where: { $0.source == .body && $0.comparison == .contains }) {
      bodyContains = rest.remove(at: i).value
    }
    assertions = rest.map(Self.line).joined(separator: "\n")
  }

  private static func quorumWord(_ s: MonitorSettings) -> String {
    switch s.quorum {
    case .majority: "majority"
    case .count(1): "any"
    case .count: "all"
    }
  }

  private static func line(_ a: Assertion) -> String {
    [a.source.rawValue, a.target, a.comparison.rawValue, a.value].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// What the fields say over `base`, and the form again with what is wrong beside each field.
  static func read(
    _ fields: FormFields, over base: MonitorSettings, regions: [String]
  ) -> (settings: MonitorSettings, form: MonitorForm) {
    var s = base
    var errors: FormErrors = [:]
    func number(_ name: String, _ now: Int) -> Int {
      let text = fields.text(name)
      guard !text.isEmpty else { return now }
      guard let value = Int(text) else {
        errors[name] = "Give a whole number."
        return now
      }
      return value
    }
    s.url = fields.text("url")
    if !s.url.isEmpty, !s.url.contains("://") { s.url = "https://" + s.url }
    s.name = fields.text("name").isEmpty ? defaultName(s.url) : fields.text("name")
    s.tags = fields.text("tags").split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    s.intervalS = number("interval_s", s.intervalS)
    s.timeoutMs = number("timeout_ms", min(s.timeoutMs, s.intervalS * 1000))
    if fields.text("timeout_ms") == "10000", s.timeoutMs > s.intervalS * 1000 { s.timeoutMs = s.intervalS * 1000 }
    s.attempts = number("attempts", s.attempts)
    s.recoveryChecks = number("recovery_checks", s.recoveryChecks)
    s.certificateWarningDays = number("certificate_warning_days", s.certificateWarningDays)
    s.degradedAfterMs = fields.text("degraded_after_ms").isEmpty ? nil : number("degraded_after_ms", 0)
    let chosen = fields.all("region")
    if !chosen.isEmpty { s.regions = regions.filter(chosen.contains) }
    switch fields.text("quorum") {
    case "any": s.quorum = .count(1)
    case "all": s.quorum = .count(max(1, s.regions.count))
    default: s.quorum = .majority
    }
    // The folds come with every browser; a bare `url=` from a script keeps the defaults.
    if fields.isOn("method") {
      s.method = fields.text("method")
      s.followRedirects = fields.isOn("follow_redirects")
      s.verifyTLS = fields.isOn("verify_tls")
      s.allowsStandIn = fields.isOn("allow_stand_in")
      s.ipFamily = MonitorSettings.IPFamily(rawValue: fields.text("ip_family")) ?? .auto
      s.body = fields.raw("request_body").isEmpty ? nil : fields.raw("request_body")
      s.headers = []
      for row in fields.raw("headers").split(separator: "\n") where !String(row).trimmed.isEmpty {
        let parts = row.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          errors["headers"] = "Write each as “Name: value”."
          continue
        }
        s.headers.append(.init(name: String(parts[0]).trimmed, value: String(parts[1]).trimmed))
      }
      s.assertions = readAssertions(fields, &errors)
    }
    var form = MonitorForm(s, regions: regions, isNew: true)
    form.keepTyped(fields)
    for problem in MonitorRules.problems(s) {
      let field = fieldName(problem.pointer)
      if errors[field] == nil { errors[field] = problem.detail.capitalizedFirst }
    }
    form.errors = errors
    return (s, form)
  }

  private static func readAssertions(_ fields: FormFields, _ errors: inout FormErrors) -> [Assertion] {
    var out: [Assertion] = []
    if !fields.text("status_codes").isEmpty { out.append(Assertion(.statusCode, .in, fields.text("status_codes"))) }
    if !fields.text("body_contains").isEmpty { out.append(Assertion(.body, .contains, fields.text("body_contains"))) }
    for row in fields.raw("assertions").split(separator: "\n") where !String(row).trimmed.isEmpty {
      let words = row.split(separator: " ")
      guard let source = words.first.flatMap({ Assertion.Source(rawValue: String($0)) }),
        let at = words.dropFirst().firstIndex(where: { Assertion.Comparison(rawValue: String($0)) != nil }),
        let comparison = Assertion.Comparison(rawValue: String(words[at]))
      else {
        errors["assertions"] = "Write each as “source target comparison value”, such as: json $.status eq up"
        continue
      }
      out.append(
        Assertion(
          source, target: words[1..<at].joined(separator: " "), comparison, words[(at + 1)...].joined(separator: " ")))
    }
    return out
  }

  /// What was typed stays in the fields, however wrong it is.
  private mutating func keepTyped(_ fields: FormFields) {
    if !fields.text("interval_s").isEmpty { intervalS = fields.text("interval_s") }
    if !fields.text("timeout_ms").isEmpty { timeoutMs = fields.text("timeout_ms") }
    if !fields.text("attempts").isEmpty { attempts = fields.text("attempts") }
    url = fields.text("url")
    name = fields.text("name")
    if fields.isOn("method") {
      headers = fields.raw("headers")
      assertions = fields.raw("assertions")
    }
  }

  private static func defaultName(_ url: String) -> String {
    let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
    let host = rest.split(separator: "@").last.map(String.init) ?? url
    return String((host.isEmpty ? url : host).prefix(Limits.nameCharactersMax))
  }

  /// The field that shows a problem of a JSON pointer into the monitor.
  private static func fieldName(_ pointer: String) -> String {
    let first = pointer.split(separator: "/").first.map(String.init) ?? ""
    switch first {
    case "body": return "request_body"
    case "regions": return "region"
    case "max_redirects": return "follow_redirects"
    default: return first
    }
  }
}

extension String {
  var capitalizedFirst: String { isEmpty ? self : prefix(1).uppercased() + dropFirst() }
}
