/// What is wrong with one field of an input: a JSON pointer and a sentence.
public struct FieldProblem: Error, Hashable, Sendable {
  public let pointer: String
  public let detail: String

  public init(_ pointer: String, _ detail: String) {
    self.pointer = pointer
    self.detail = detail
  }
}

extension MonitorSettings {
  /// Everything that keeps these settings from being run; empty when they are fine. `checkExpression` says what is
  /// wrong with the regular expression or JSONPath of an assertion (the engines for them live above Domain).
  public func problems(checkExpression: (Assertion) -> FieldProblem? = { _ in nil }) -> [FieldProblem] {
    var found = Problems()
    found.text(name, "/name", charactersMax: Limits.nameCharactersMax)
    if let detail = TargetURL.problem(url) { found.add("/url", detail) }
    requestProblems(&found)
    found.range(intervalS, Limits.intervalS, "/interval_s")
    found.range(timeoutMs, Limits.timeoutMs, "/timeout_ms")
    found.check(timeoutMs <= intervalS * 1000, "/timeout_ms", "must not be longer than the interval")
    if let degradedAfterMs {
      found.check(
        degradedAfterMs >= 1 && degradedAfterMs <= timeoutMs, "/degraded_after_ms", "must be from 1 to timeout_ms")
    }
    found.range(degradedChecks, Limits.recoveryChecks, "/degraded_checks")
    found.range(attempts, Limits.attempts, "/attempts")
    found.range(recoveryChecks, Limits.recoveryChecks, "/recovery_checks")
    found.range(maxRedirects, Limits.maxRedirects, "/max_redirects")
    found.range(certificateWarningDays, Limits.certificateWarningDays, "/certificate_warning_days")
    placeProblems(&found)
    found.check(
      dependsOn.count <= Limits.dependenciesMax, "/depends_on", "at most \(Limits.dependenciesMax) monitors")
    found.check(Set(dependsOn).count == dependsOn.count, "/depends_on", "names one twice")
    found.check(assertions.count <= Limits.assertionsMax, "/assertions", "at most \(Limits.assertionsMax)")
    for (i, assertion) in assertions.enumerated() {
      for problem in assertion.problems(checkExpression: checkExpression) {
        found.add("/assertions/\(i)\(problem.pointer)", problem.detail)
      }
    }
    return found.list
  }

  private func requestProblems(_ found: inout Problems) {
    found.check(
      Token.isToken(method) && method.utf8.count <= 20 && method == method.uppercased() && method != "CONNECT",
      "/method", "must be an HTTP method in capitals other than CONNECT")
    found.check(headers.count <= Limits.requestHeadersMax, "/headers", "at most \(Limits.requestHeadersMax)")
    found.check(
      headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= Limits.requestHeaderBytesMax, "/headers",
      "at most \(Limits.requestHeaderBytesMax) bytes together")
    for (i, header) in headers.enumerated() {
      found.check(Token.isToken(header.name), "/headers/\(i)/name", "is not a header name")
      found.check(
        !Self.managedHeaders.contains(header.name.lowercased()), "/headers/\(i)/name",
        "is set by the connection itself")
      found.check(
        header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "/headers/\(i)/value",
        "must not hold control characters")
    }
    if let body {
      found.check(
        body.utf8.count <= Limits.requestBodyBytesMax, "/body", "at most \(Limits.requestBodyBytesMax) bytes")
    }
  }

  /// Headers that describe the connection or the framing, which the prober owns. `Host` may be set: it is how a
  /// virtual host behind one address is checked; certificates are still checked against the URL's host.
  static let managedHeaders: Set<String> = [
    "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
  ]

  private func placeProblems(_ found: inout Problems) {
    found.check(!regions.isEmpty, "/regions", "name at least one")
    found.check(Set(regions).count == regions.count, "/regions", "names one twice")
    for (i, region) in regions.enumerated() {
      found.check(
        Token.isRegionName(region), "/regions/\(i)", "must be 1 to 63 of a-z, 0-9 and -, lower case")
    }
    if case .count(let count) = quorum {
      found.check(count >= 1 && count <= max(regions.count, 1), "/quorum", "must be from 1 to the number of regions")
    }
    found.check(tags.count <= Limits.tagsMax, "/tags", "at most \(Limits.tagsMax)")
    found.check(Set(tags).count == tags.count, "/tags", "names one twice")
    for (i, tag) in tags.enumerated() { found.text(tag, "/tags/\(i)", charactersMax: Limits.tagCharactersMax) }
  }
}

extension Assertion {
  /// What is wrong with this assertion, with pointers relative to it.
  public func problems(checkExpression: (Assertion) -> FieldProblem? = { _ in nil }) -> [FieldProblem] {
    var found = Problems()
    found.check(
      source.comparisons.contains(comparison), "/comparison",
      "\(comparison.rawValue) does not go with \(source.rawValue)")
    switch source {
    case .header: found.check(Token.isToken(target), "/target", "must name a header")
    case .json: found.check(target.utf8.first == UInt8(ascii: "$"), "/target", "must be a JSONPath that begins with $")
    default: found.check(target.isEmpty, "/target", "is only for header and json")
    }
    for (text, pointer) in [(target, "/target"), (value, "/value")] {
      found.check(
        text.utf8.count <= Limits.assertionValueBytesMax, pointer, "at most \(Limits.assertionValueBytesMax) bytes")
    }
    switch comparison {
    case .empty, .notEmpty, .exists:
      found.check(value.isEmpty, "/value", "\(comparison.rawValue) takes no value")
    case .lt, .le, .gt, .ge:
      found.check(Double(value).map(\.isFinite) ?? false, "/value", "must be a number")
    case .eq, .ne:
      if source.isNumber { found.check(Int(value) != nil, "/value", "must be a whole number") }
    case .in:
      found.check(
        source == .statusCode ? Self.codes(value) != nil : Self.items(value) != nil, "/value",
        source == .statusCode ? "must be codes and ranges such as 200-299,304" : "must be values set apart by commas")
    case .contains, .notContains, .matches:
      found.check(!value.isEmpty, "/value", "must not be empty")
    }
    if found.list.isEmpty, comparison == .matches || source == .json, let problem = checkExpression(self) {
      found.add(problem.pointer, problem.detail)
    }
    return found.list
  }

  /// The ranges of a status-code list such as `200-299,304`; nil when it is not one.
  public static func codes(_ list: String) -> [ClosedRange<Int>]? {
    var out: [ClosedRange<Int>] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.trimmedSpaces) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        (100...599).contains(first), (100...599).contains(last), first <= last
      else { return nil }
      out.append(first...last)
    }
    return out
  }

  /// The values of a list set apart by commas, spaces around each dropped; nil when one is empty.
  public static func items(_ list: String) -> [String]? {
    let items = list.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmedSpaces) }
    return items.contains("") ? nil : items
  }
}

extension Assertion.Source {
  /// Which comparisons make sense for what this source yields.
  public var comparisons: [Assertion.Comparison] {
    switch self {
    case .statusCode: [.eq, .ne, .lt, .le, .gt, .ge, .in]
    case .certificateDays, .responseTimeMs: [.eq, .ne, .lt, .le, .gt, .ge]
    case .body: [.eq, .ne, .contains, .notContains, .matches, .empty, .notEmpty]
    case .header, .json: Assertion.Comparison.allCases
    }
  }

  var isNumber: Bool { self == .statusCode || self == .certificateDays || self == .responseTimeMs }
}

/// Collects problems in the order of the fields.
private struct Problems {
  var list: [FieldProblem] = []

  mutating func add(_ pointer: String, _ detail: String) { list.append(FieldProblem(pointer, detail)) }

  mutating func check(_ fine: Bool, _ pointer: String, _ detail: @autoclosure () -> String) {
    if !fine { add(pointer, detail()) }
  }

  mutating func range(_ value: Int, _ range: ClosedRange<Int>, _ pointer: String) {
    check(range.contains(value), pointer, "must be from \(range.lowerBound) to \(range.upperBound)")
  }

  mutating func text(_ text: String, _ pointer: String, charactersMax: Int) {
    check(
      !text.trimmedSpaces.isEmpty && text.count <= charactersMax, pointer, "must be 1 to \(charactersMax) characters")
    check(
      text.unicodeScalars.allSatisfy { !($0.properties.generalCategory == .control) }, pointer,
      "must not hold control characters")
  }
}
