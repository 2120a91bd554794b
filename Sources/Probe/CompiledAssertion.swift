import Domain
import JSON
import RE2

/// One assertion, checked and made ready.
struct CompiledAssertion: Sendable {
  enum Outcome: Equatable {
    case yes
    /// What was seen instead.
    case no(String)
    case outOfTime
  }

  let source: Assertion.Source
  private let target: String
  private let comparison: Assertion.Comparison
  private let value: String
  private let number: Double?
  private let list: ValueList
  private let pattern: Pattern?
  private let path: JSONPath?
  private let json: JSON?

  init(_ assertion: Assertion, pointer: String) throws(TargetError) {
    source = assertion.source
    target = assertion.target
    comparison = assertion.comparison
    value = assertion.value
    number = Self.number(assertion.value)
    try Self.checkShape(assertion, pointer)
    list = assertion.comparison == .in ? try ValueList(assertion.value, pointer: "\(pointer)/value") : ValueList()
    pattern = assertion.comparison == .matches ? try Self.compile(assertion.value, "\(pointer)/value") : nil
    path = assertion.source == .json ? try Self.path(assertion.target, "\(pointer)/target") : nil
    if assertion.source == .json { json = try? JSON(parsing: assertion.value) } else { json = nil }
    if case .statusCode = source, comparison == .in, !list.isNumeric {
      throw TargetError(pointer: "\(pointer)/value", detail: "Write status codes and ranges, such as 200-299,304.")
    }
  }

  /// The assertion in words.
  var sentence: String {
    let subject =
      switch source {
      case .statusCode: "The status code"
      case .header: "The header \(target)"
      case .body: "The body"
      case .json: "The JSON at \(target)"
      case .certificateDays: "The certificate's remaining days"
      case .responseTimeMs: "The response time in ms"
      }
    let verb =
      switch comparison {
      case .eq: "should be \(value)"
      case .ne: "should not be \(value)"
      case .lt: "should be less than \(value)"
      case .le: "should be at most \(value)"
      case .gt: "should be more than \(value)"
      case .ge: "should be at least \(value)"
      case .in: "should be one of \(value)"
      case .contains: "should contain \(value)"
      case .notContains: "should not contain \(value)"
      case .matches: "should match \(value)"
      case .empty: "should be empty"
      case .notEmpty: "should not be empty"
      case .exists: "should exist"
      }
    return "\(subject) \(verb)"
  }

  func check(_ answer: Answer, _ document: Result<JSON, JSONError>?, _ budget: StepBudget) -> Outcome {
    switch source {
    case .statusCode: checkNumber(Double(answer.status))
    case .responseTimeMs: checkNumber(answer.totalMs)
    case .certificateDays: checkNumber(answer.certificateDays)
    case .header: checkText(ResponseHead(bytes: answer.head).value(of: target).map { Array($0.utf8) })
    case .body: checkText(answer.body)
    case .json: checkJSON(document, budget)
    }
  }

  // MARK: Comparisons

  private func checkNumber(_ seen: Double?) -> Outcome {
    guard let seen else { return .no("there is none") }
    let holds =
      switch comparison {
      case .in: list.contains(seen)
      case .exists, .notEmpty: true
      default: compare(seen)
      }
    return holds ? .yes : .no("it is \(Self.text(seen))")
  }

  private func compare(_ seen: Double) -> Bool {
    guard let number else { return false }
    return switch comparison {
    case .eq: seen == number
    case .ne: seen != number
    case .lt: seen < number
    case .le: seen <= number
    case .gt: seen > number
    case .ge: seen >= number
    default: false
    }
  }

  /// Texts are compared byte for byte; order only between numbers.
  private func checkText(_ seen: [UInt8]?) -> Outcome {
    guard let seen else {
      return comparison == .ne || comparison == .notContains || comparison == .empty ? .yes : .no("it is absent")
    }
    let holds =
      switch comparison {
      case .eq: seen.elementsEqual(value.utf8)
      case .ne: !seen.elementsEqual(value.utf8)
      case .lt, .le, .gt, .ge: Self.number(String(decoding: seen.prefix(64), as: UTF8.self)).map(compare) ?? false
      case .in: list.contains(text: seen)
      case .contains: seen.contains(Array(value.utf8))
      case .notContains: !seen.contains(Array(value.utf8))
      case .matches: pattern?.matches(seen) ?? false
      case .empty: seen.isEmpty
      case .notEmpty: !seen.isEmpty
      case .exists: true
      }
    return holds ? .yes : .no(Self.describe(seen))
  }

  /// Every value that the path selects must hold; none selected counts as absent.
  private func checkJSON(_ document: Result<JSON, JSONError>?, _ budget: StepBudget) -> Outcome {
    guard let path, let document else { return .no("there is no body") }
    let root: JSON
    switch document {
    case .success(let value): root = value
    case .failure(let error): return .no("the body is not JSON (\(error.description))")
    }
    guard let nodes = path.select(in: root, budget) else { return .outOfTime }
    guard !nodes.isEmpty else {
      return comparison == .ne || comparison == .notContains || comparison == .empty ? .yes : .no("nothing is there")
    }
    for node in nodes {
      guard budget.step() else { return .outOfTime }
      if !holds(node) { return .no("it is \(String(node.text.prefix(80)))") }
    }
    return .yes
  }

  private func holds(_ node: JSON) -> Bool {
    switch (node, comparison) {
    case (_, .exists): return true
    case (_, .empty): return Self.isEmpty(node)
    case (_, .notEmpty): return !Self.isEmpty(node)
    case (_, .eq): return equals(node)
    case (_, .ne): return !equals(node)
    case (_, .in): return node.double.map(list.contains) ?? list.contains(text: Array(Self.text(node).utf8))
    case (.array(let items), .contains): return items.contains(where: equals)
    case (.array(let items), .notContains): return !items.contains(where: equals)
    case (.object(let members), .contains): return members.contains { $0.name.utf8.elementsEqual(value.utf8) }
    case (.object(let members), .notContains): return !members.contains { $0.name.utf8.elementsEqual(value.utf8) }
    case (.string, _), (.bool, _), (.null, _): return checkText(Array(Self.text(node).utf8)) == .yes
    default:
      if let seen = node.double, [.lt, .le, .gt, .ge].contains(comparison) { return compare(seen) }
      return checkText(Array(Self.text(node).utf8)) == .yes
    }
  }

  private func equals(_ node: JSON) -> Bool {
    switch node {
    case .string(let text): return text.utf8.elementsEqual(value.utf8)
    case .int, .double: return number != nil && node.double == number
    case .bool(let flag): return value == (flag ? "true" : "false")
    case .null: return value == "null"
    case .array, .object: return json.map { JSONPath.equal($0, node) } ?? false
    }
  }

  private static func isEmpty(_ node: JSON) -> Bool {
    switch node {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let items): items.isEmpty
    case .object(let members): members.isEmpty
    default: false
    }
  }

  private static func text(_ node: JSON) -> String {
    if case .string(let text) = node { return text }
    return node.text
  }

  private static func text(_ number: Double) -> String {
    if let whole = Int64(exactly: number) { return "\(whole)" }
    return "\((number * 1000).rounded() / 1000)"
  }

  private static func describe(_ seen: [UInt8]) -> String {
    guard !seen.isEmpty else { return "it is empty" }
    let start = String(decoding: seen.prefix(60), as: UTF8.self)
    return "it is \(seen.count > 60 ? "\(start)…" : start)"
  }

  /// A decimal number as people write it; no hexadecimal, infinity or not-a-number.
  static func number(_ text: String) -> Double? {
    let plain = text.utf8.allSatisfy { 0x30...0x39 ~= $0 || "+-.eE".utf8.contains($0) }
    guard plain, let number = Double(text), number.isFinite else { return nil }
    return number
  }
}
