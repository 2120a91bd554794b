import JSON
import RE2

/// One evaluation of a query against one document.
struct JSONPathEvaluation {
  let root: JSON
  let budget: StepBudget

  func select(_ query: JSONPath.Query, from current: JSON) -> [JSON] {
    var nodes = [query.isAbsolute ? root : current]
    for segment in query.segments {
      var next: [JSON] = []
      for node in nodes {
        if segment.isDescendant {
          descend(node, segment.selectors, into: &next)
        } else {
          for selector in segment.selectors { apply(selector, to: node, into: &next) }
        }
        guard budget.step() else { return [] }
      }
      nodes = next
    }
    return nodes
  }

  private func descend(_ node: JSON, _ selectors: [JSONPath.Selector], into found: inout [JSON]) {
    guard budget.step() else { return }
    for selector in selectors { apply(selector, to: node, into: &found) }
    switch node {
    case .array(let items): for item in items { descend(item, selectors, into: &found) }
    case .object(let members): for member in members { descend(member.value, selectors, into: &found) }
    default: break
    }
  }

  private func apply(_ selector: JSONPath.Selector, to node: JSON, into found: inout [JSON]) {
    guard budget.step() else { return }
    switch (selector, node) {
    case (.name(let name), .object(let members)):
      for member in members {
        guard budget.step() else { return }
        if member.name.utf8.elementsEqual(name.utf8) { return found.append(member.value) }
      }
    case (.index(let index), .array(let items)):
      let at = index < 0 ? items.count + index : index
      if items.indices.contains(at) { found.append(items[at]) }
    case (.wildcard, .array(let items)):
      append(items, to: &found)
    case (.wildcard, .object(let members)):
      append(members.map(\.value), to: &found)
    case (.slice(let start, let end, let step), .array(let items)):
      slice(items, start, end, step, into: &found)
    case (.filter(let condition), .array(let items)):
      for item in items where budget.step() && holds(condition, item) { found.append(item) }
    case (.filter(let condition), .object(let members)):
      for member in members where budget.step() && holds(condition, member.value) { found.append(member.value) }
    default: break
    }
  }

  private func append(_ items: [JSON], to found: inout [JSON]) {
    for item in items {
      guard budget.step() else { return }
      found.append(item)
    }
  }

  /// Section 2.3.4.2.2.
  private func slice(_ items: [JSON], _ start: Int?, _ end: Int?, _ step: Int, into found: inout [JSON]) {
    let count = items.count
    guard step != 0 else { return }
    func normal(_ index: Int) -> Int { index >= 0 ? index : count + index }
    let from = normal(start ?? (step > 0 ? 0 : count - 1))
    let to = normal(end ?? (step > 0 ? count : -count - 1))
    if step > 0 {
      var index = min(max(from, 0), count)
      let upper = min(max(to, 0), count)
      while index < upper, budget.step() {
        found.append(items[index])
        index = index.addingReportingOverflow(step).overflow ? count : index + step
      }
    } else {
      var index = min(max(from, -1), count - 1)
      let lower = min(max(to, -1), count - 1)
      while index > lower, budget.step() {
        found.append(items[index])
        index = index.addingReportingOverflow(step).overflow ? -1 : index + step
      }
    }
  }

  // MARK: Filters

  private func holds(_ condition: JSONPath.Condition, _ current: JSON) -> Bool {
    switch condition {
    case .or(let parts): return parts.contains { holds($0, current) }
    case .and(let parts): return parts.allSatisfy { holds($0, current) }
    case .not(let inner): return !holds(inner, current)
    case .exists(let query): return !select(query, from: current).isEmpty
    case .regex(let test): return matches(test, current)
    case .compare(let left, let comparison, let right):
      let a = value(left, current)
      let b = value(right, current)
      switch comparison {
      case .equal: return equal(a, b)
      case .notEqual: return !equal(a, b)
      case .less: return less(a, b)
      case .greater: return less(b, a)
      case .lessOrEqual: return less(a, b) || equal(a, b)
      case .greaterOrEqual: return less(b, a) || equal(a, b)
      }
    }
  }

  private func value(_ expression: JSONPath.Value, _ current: JSON) -> JSON? {
    switch expression {
    case .literal(let literal): return literal
    case .query(let query): return select(query, from: current).first
    case .count(let query): return .int(Int64(select(query, from: current).count))
    case .value(let query):
      let nodes = select(query, from: current)
      // A bare `nil` in a conditional would be read as JSON's null.
      return nodes.count == 1 ? nodes[0] : JSON?.none
    case .length(let inner):
      switch value(inner, current) {
      case .string(let text): return .int(Int64(text.unicodeScalars.count))
      case .array(let items): return .int(Int64(items.count))
      case .object(let members): return .int(Int64(members.count))
      default: return nil
      }
    }
  }

  private func matches(_ test: JSONPath.RegexTest, _ current: JSON) -> Bool {
    guard case .string(let text) = value(test.text, current), budget.step() else { return false }
    switch test.expression {
    case .compiled(let pattern): return pattern?.matches(text, whole: test.isWhole) ?? false
    case .computed(let expression):
      guard case .string(let source) = value(expression, current) else { return false }
      return IRegexp.compile(source)?.matches(text, whole: test.isWhole) ?? false
    }
  }

  private func equal(_ a: JSON?, _ b: JSON?) -> Bool {
    switch (a, b) {
    case (.some(let a), .some(let b)): return JSONPath.equal(a, b)
    // Nothing equals nothing; `== nil` would compare with JSON's null.
    case (.none, .none): return true
    default: return false
    }
  }

  private func less(_ a: JSON?, _ b: JSON?) -> Bool {
    switch (a, b) {
    case (.int(let x), .int(let y)): return x < y
    case (.string(let x), .string(let y)): return x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars)
    default:
      guard let x = a?.double, let y = b?.double else { return false }
      return x < y
    }
  }
}

/// Regular expressions of RFC 9485 through RE2.
enum IRegexp {
  /// nil where the text is no regular expression.
  static func compile(_ source: String) -> Pattern? {
    try? Pattern(translated(source))
  }

  /// In an I-Regexp the dot matches everything but line feed and carriage return.
  private static func translated(_ source: String) -> String {
    var out = ""
    var isEscaped = false
    var isInClass = false
    for scalar in source.unicodeScalars {
      if isEscaped {
        isEscaped = false
      } else {
        switch scalar {
        case "\\": isEscaped = true
        case "[": isInClass = true
        case "]": isInClass = false
        case "." where !isInClass:
          out += "[^\\n\\r]"
          continue
        default: break
        }
      }
      out.unicodeScalars.append(scalar)
    }
    return out
  }
}
