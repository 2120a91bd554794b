import JSON
import RE2

/// A JSONPath query (RFC 9535), parsed and checked; evaluation ends when its budget is spent.
struct JSONPath: Sendable {
  /// The text is no well-formed and valid query; one sentence for people.
  struct ParseError: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  struct Query: Sendable {
    /// From `$` rather than from `@`.
    var isAbsolute: Bool
    var segments: [Segment]

    /// Selects one node at most (RFC 9535, section 2.3.5.1).
    var isSingular: Bool {
      segments.allSatisfy { segment in
        guard !segment.isDescendant, segment.selectors.count == 1 else { return false }
        return switch segment.selectors[0] {
        case .name, .index: true
        default: false
        }
      }
    }
  }

  struct Segment: Sendable {
    var isDescendant: Bool
    var selectors: [Selector]
  }

  enum Selector: Sendable {
    case name(String)
    case wildcard
    case index(Int)
    case slice(start: Int?, end: Int?, step: Int)
    case filter(Condition)
  }

  indirect enum Condition: Sendable {
    case or([Condition])
    case and([Condition])
    case not(Condition)
    case exists(Query)
    case regex(RegexTest)
    case compare(Value, Comparison, Value)
  }

  enum Comparison: Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }

  /// What yields one value or nothing.
  indirect enum Value: Sendable {
    case literal(JSON)
    case query(Query)
    case length(Value)
    case count(Query)
    case value(Query)
  }

  /// `match` and `search`; the expression is compiled once where it is a literal.
  struct RegexTest: Sendable {
    enum Expression: Sendable {
      /// nil where the literal is no regular expression: nothing matches then.
      case compiled(Pattern?)
      case computed(Value)
    }
    var text: Value
    var expression: Expression
    var isWhole: Bool
  }

  let query: Query

  init(_ text: String) throws(ParseError) {
    var parser = JSONPathParser(text)
    query = try parser.wholeQuery()
  }

  /// The selected values in order; nil when the budget ran out.
  func select(in root: JSON, _ budget: StepBudget) -> [JSON]? {
    let nodes = JSONPathEvaluation(root: root, budget: budget).select(query, from: root)
    return budget.isSpent ? nil : nodes
  }

  /// Equality of section 2.3.5.2.2: numbers by value, texts by their characters, objects without order.
  static func equal(_ a: JSON, _ b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): return true
    case (.bool(let x), .bool(let y)): return x == y
    case (.int(let x), .int(let y)): return x == y
    case (.int, .double), (.double, .int), (.double, .double): return a.double == b.double
    case (.string(let x), .string(let y)): return x.utf8.elementsEqual(y.utf8)
    case (.array(let x), .array(let y)): return x.count == y.count && zip(x, y).allSatisfy(equal)
    case (.object(let x), .object(let y)):
      return x.count == y.count
        && x.allSatisfy { member in
          y.contains { $0.name.utf8.elementsEqual(member.name.utf8) && equal($0.value, member.value) }
        }
    default: return false
    }
  }
}
