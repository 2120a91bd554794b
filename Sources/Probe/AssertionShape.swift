import Domain
import RE2

/// Values and ranges separated by commas: `200-299,304`.
struct ValueList: Sendable {
  private var ranges: [ClosedRange<Double>] = []
  private var texts: [[UInt8]] = []
  private(set) var isNumeric = true

  init() {}

  init(_ text: String, pointer: String) throws(TargetError) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let item = ResponseHead.trimmed(Array(part.utf8)[...])
      guard !item.isEmpty else { throw TargetError(pointer: pointer, detail: "An entry of the list is empty.") }
      texts.append(Array(item))
      if let range = Self.range(String(decoding: item, as: UTF8.self)) {
        ranges.append(range)
      } else {
        isNumeric = false
      }
    }
  }

  func contains(_ number: Double) -> Bool { ranges.contains { $0.contains(number) } }
  func contains(text: [UInt8]) -> Bool { texts.contains(text) }

  private static func range(_ text: String) -> ClosedRange<Double>? {
    if let number = CompiledAssertion.number(text) { return number...number }
    guard let dash = text.dropFirst().firstIndex(of: "-"), let from = CompiledAssertion.number(String(text[..<dash])),
      let to = CompiledAssertion.number(String(text[text.index(after: dash)...])), from <= to
    else { return nil }
    return from...to
  }
}

extension CompiledAssertion {
  /// Refuses combinations that cannot hold or mean nothing.
  static func checkShape(_ assertion: Assertion, _ pointer: String) throws(TargetError) {
    let ordered: [Assertion.Comparison] = [.lt, .le, .gt, .ge]
    guard assertion.value.utf8.count <= Limits.assertionValueBytesMax else {
      throw TargetError(
        pointer: "\(pointer)/value", detail: "The value is longer than \(Limits.assertionValueBytesMax) bytes.")
    }
    switch assertion.source {
    case .statusCode, .certificateDays, .responseTimeMs:
      let allowed: [Assertion.Comparison] =
        ordered + [.eq, .ne, .in] + (assertion.source == .certificateDays ? [.exists] : [])
      guard allowed.contains(assertion.comparison) else {
        throw TargetError(
          pointer: "\(pointer)/comparison",
          detail:
            "\(assertion.source.rawValue) is a number: compare it with \(allowed.map(\.rawValue).joined(separator: ", "))."
        )
      }
      if assertion.comparison != .in, assertion.comparison != .exists, number(assertion.value) == nil {
        throw TargetError(pointer: "\(pointer)/value", detail: "The value must be a number.")
      }
    case .header:
      guard !assertion.target.isEmpty, assertion.target.utf8.allSatisfy(isTokenByte) else {
        throw TargetError(pointer: "\(pointer)/target", detail: "Name the header to look at.")
      }
    case .body, .json: break
    }
    if ordered.contains(assertion.comparison), number(assertion.value) == nil {
      throw TargetError(pointer: "\(pointer)/value", detail: "The value must be a number.")
    }
  }

  static func compile(_ text: String, _ pointer: String) throws(TargetError) -> Pattern {
    do throws(Pattern.CompileError) {
      return try Pattern(text)
    } catch {
      throw TargetError(pointer: pointer, detail: "The regular expression is not valid: \(error.description).")
    }
  }

  static func path(_ text: String, _ pointer: String) throws(TargetError) -> JSONPath {
    do throws(JSONPath.ParseError) {
      return try JSONPath(text)
    } catch {
      throw TargetError(pointer: pointer, detail: error.description)
    }
  }
}
