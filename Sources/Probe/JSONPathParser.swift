import JSON

/// Reads the grammar of RFC 9535, appendix A, and checks types (section 2.4.3).
struct JSONPathParser {
  typealias ParseError = JSONPath.ParseError
  private static let depthMax = 32
  private static let integerMax = 9_007_199_254_740_991

  private let text: [Unicode.Scalar]
  private var at = 0
  private var depth = 0

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  mutating func wholeQuery() throws(ParseError) -> JSONPath.Query {
    guard take("$") else { throw fail("A JSONPath begins with $") }
    let query = JSONPath.Query(isAbsolute: true, segments: try segments())
    guard at == text.count else { throw fail("Unexpected text") }
    return query
  }

  // MARK: Segments and selectors

  private mutating func segments() throws(ParseError) -> [JSONPath.Segment] {
    var segments: [JSONPath.Segment] = []
    while true {
      let before = at
      skipSpace()
      if take("[") {
        segments.append(JSONPath.Segment(isDescendant: false, selectors: try bracketed()))
      } else if take(".") {
        let isDescendant = take(".")
        if isDescendant, take("[") {
          segments.append(JSONPath.Segment(isDescendant: true, selectors: try bracketed()))
        } else if take("*") {
          segments.append(JSONPath.Segment(isDescendant: isDescendant, selectors: [.wildcard]))
        } else {
          segments.append(JSONPath.Segment(isDescendant: isDescendant, selectors: [.name(try shorthand())]))
        }
      } else {
        at = before
        return segments
      }
    }
  }

  private mutating func shorthand() throws(ParseError) -> String {
    func isFirst(_ c: Unicode.Scalar) -> Bool {
      c == "_" || ("a"..."z").contains(c) || ("A"..."Z").contains(c) || c.value >= 0x80
    }
    guard let first = peek, isFirst(first) else { throw fail("Expected a name, * or [") }
    var name = String.UnicodeScalarView()
    while let c = peek, isFirst(c) || ("0"..."9").contains(c) {
      name.append(c)
      at += 1
    }
    return String(name)
  }

  private mutating func bracketed() throws(ParseError) -> [JSONPath.Selector] {
    var selectors: [JSONPath.Selector] = []
    repeat {
      skipSpace()
      selectors.append(try selector())
      skipSpace()
    } while take(",")
    guard take("]") else { throw fail("Expected ] or a comma") }
    return selectors
  }

  private mutating func selector() throws(ParseError) -> JSONPath.Selector {
    switch peek {
    case "'", "\"": return .name(try string())
    case "*":
      at += 1
      return .wildcard
    case "?":
      at += 1
      skipSpace()
      return .filter(try condition())
    default: return try indexOrSlice()
    }
  }

  private mutating func indexOrSlice() throws(ParseError) -> JSONPath.Selector {
    let first = try optionalInteger()
    let afterFirst = at
    skipSpace()
    guard take(":") else {
      at = afterFirst
      guard let first else { throw fail("Expected a selector") }
      return .index(first)
    }
    skipSpace()
    let end = try optionalInteger()
    let afterEnd = at
    skipSpace()
    guard take(":") else {
      at = afterEnd
      return .slice(start: first, end: end, step: 1)
    }
    let afterColon = at
    skipSpace()
    guard let step = try optionalInteger() else {
      at = afterColon
      return .slice(start: first, end: end, step: 1)
    }
    return .slice(start: first, end: end, step: step)
  }

  private mutating func optionalInteger() throws(ParseError) -> Int? {
    guard let c = peek, c == "-" || ("0"..."9").contains(c) else { return nil }
    let start = at
    let isNegative = take("-")
    let digits = takeDigits()
    guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0"), !(isNegative && digits == "0"),
      let number = Int(digits), number <= Self.integerMax
    else {
      at = start
      throw fail("This is not an integer that JSONPath allows")
    }
    return isNegative ? -number : number
  }

  // MARK: Filter expressions

  private mutating func condition() throws(ParseError) -> JSONPath.Condition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw fail("Nested too deeply") }
    var parts = [try conjunction()]
    while takeAfterSpace("||") {
      skipSpace()
      parts.append(try conjunction())
    }
    return parts.count == 1 ? parts[0] : .or(parts)
  }

  private mutating func conjunction() throws(ParseError) -> JSONPath.Condition {
    var parts = [try basic()]
    while takeAfterSpace("&&") {
      skipSpace()
      parts.append(try basic())
    }
    return parts.count == 1 ? parts[0] : .and(parts)
  }

  private mutating func basic() throws(ParseError) -> JSONPath.Condition {
    if take("!") {
      skipSpace()
      if peek == "(" { return .not(try parenthesized()) }
      return .not(try test(try operand()))
    }
    if peek == "(" { return try parenthesized() }
    let left = try operand()
    let before = at
    skipSpace()
    guard let comparison = takeComparison() else {
      at = before
      return try test(left)
    }
    skipSpace()
    return .compare(try comparable(left), comparison, try comparable(try operand()))
  }

  private mutating func parenthesized() throws(ParseError) -> JSONPath.Condition {
    at += 1
    skipSpace()
    let inner = try condition()
    skipSpace()
    guard take(")") else { throw fail("Expected )") }
    return inner
  }

  private enum Operand {
    case value(JSONPath.Value)
    case query(JSONPath.Query)
    case regex(JSONPath.RegexTest)
  }

  private func test(_ operand: Operand) throws(ParseError) -> JSONPath.Condition {
    switch operand {
    case .query(let query): return .exists(query)
    case .regex(let test): return .regex(test)
    case .value: throw fail("A value must be compared with another")
    }
  }

  private func comparable(_ operand: Operand) throws(ParseError) -> JSONPath.Value {
    switch operand {
    case .value(let value): return value
    case .query(let query) where query.isSingular: return .query(query)
    case .query: throw fail("Only a query for a single value can be compared")
    case .regex: throw fail("match and search are tests and cannot be compared")
    }
  }

  private mutating func takeComparison() -> JSONPath.Comparison? {
    if take("==") { return .equal }
    if take("!=") { return .notEqual }
    if take("<=") { return .lessOrEqual }
    if take(">=") { return .greaterOrEqual }
    if take("<") { return .less }
    if take(">") { return .greater }
    return nil
  }

  private mutating func operand() throws(ParseError) -> Operand {
    switch peek {
    case "$":
      at += 1
      return .query(JSONPath.Query(isAbsolute: true, segments: try segments()))
    case "@":
      at += 1
      return .query(JSONPath.Query(isAbsolute: false, segments: try segments()))
    case "'", "\"": return .value(.literal(.string(try string())))
    case .some(let c) where c == "-" || ("0"..."9").contains(c): return .value(.literal(try number()))
    case .some(let c) where ("a"..."z").contains(c): return try wordOrFunction()
    default: throw fail("Expected a query, a literal or a function")
    }
  }

  private mutating func wordOrFunction() throws(ParseError) -> Operand {
    var name = ""
    while let c = peek, ("a"..."z").contains(c) || ("0"..."9").contains(c) || c == "_" {
      name.unicodeScalars.append(c)
      at += 1
    }
    guard take("(") else {
      switch name {
      case "true": return .value(.literal(.bool(true)))
      case "false": return .value(.literal(.bool(false)))
      case "null": return .value(.literal(.null))
      default: throw fail("\(name) is not a literal")
      }
    }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw fail("Nested too deeply") }
    let arguments = try arguments()
    switch (name, arguments.count) {
    case ("length", 1): return .value(.length(try comparable(arguments[0])))
    case ("count", 1): return .value(.count(try nodes(arguments[0])))
    case ("value", 1): return .value(.value(try nodes(arguments[0])))
    case ("match", 2), ("search", 2): return .regex(try regex(arguments, isWhole: name == "match"))
    default: throw fail("There is no function \(name) with \(arguments.count) arguments")
    }
  }

  private mutating func arguments() throws(ParseError) -> [Operand] {
    skipSpace()
    if take(")") { return [] }
    var arguments: [Operand] = []
    repeat {
      skipSpace()
      arguments.append(try operand())
      skipSpace()
    } while take(",")
    guard take(")") else { throw fail("Expected ) or a comma") }
    return arguments
  }

  private func nodes(_ operand: Operand) throws(ParseError) -> JSONPath.Query {
    guard case .query(let query) = operand else { throw fail("The function takes a query") }
    return query
  }

  private func regex(_ arguments: [Operand], isWhole: Bool) throws(ParseError) -> JSONPath.RegexTest {
    let expression = try comparable(arguments[1])
    var compiled = JSONPath.RegexTest.Expression.computed(expression)
    if case .literal(.string(let source)) = expression { compiled = .compiled(IRegexp.compile(source)) }
    return JSONPath.RegexTest(text: try comparable(arguments[0]), expression: compiled, isWhole: isWhole)
  }

  // MARK: Literals

  private mutating func number() throws(ParseError) -> JSON {
    let start = at
    var source = take("-") ? "-" : ""
    let digits = takeDigits()
    guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0") else {
      at = start
      throw fail("This is not a number")
    }
    source += digits
    var isWhole = true
    if take(".") {
      let fraction = takeDigits()
      guard !fraction.isEmpty else { throw fail("Expected a digit after the point") }
      source += ".\(fraction)"
      isWhole = false
    }
    if take("e") || take("E") {
      source += "e"
      if take("-") { source += "-" } else { _ = take("+") }
      let exponent = takeDigits()
      guard !exponent.isEmpty else { throw fail("Expected a digit in the exponent") }
      source += exponent
      isWhole = false
    }
    if isWhole, let whole = Int64(source) { return .int(whole) }
    guard let number = Double(source), number.isFinite else { throw fail("The number is too large") }
    return .double(number)
  }

  private mutating func string() throws(ParseError) -> String {
    let quote = text[at]
    at += 1
    var out = String.UnicodeScalarView()
    while let c = peek {
      at += 1
      if c == quote { return String(out) }
      guard c.value >= 0x20 else { throw fail("A text must not contain control characters") }
      out.append(c == "\\" ? try escape(quote) : c)
    }
    throw fail("The text does not end")
  }

  private mutating func escape(_ quote: Unicode.Scalar) throws(ParseError) -> Unicode.Scalar {
    guard let c = peek else { throw fail("The text does not end") }
    at += 1
    switch c {
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "/", "\\", quote: return c
    case "u":
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      guard first < 0xdc00, take("\\u") else { throw fail("Half of a surrogate pair") }
      let second = try hexadecimal()
      guard 0xdc00...0xdfff ~= second, let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
      else { throw fail("Half of a surrogate pair") }
      return scalar
    default: throw fail("There is no escape \\\(c)")
    }
  }

  private mutating func hexadecimal() throws(ParseError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let c = peek, c.isASCII, let digit = Character(c).hexDigitValue else {
        throw fail("Expected four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  // MARK: Characters

  private var peek: Unicode.Scalar? { at < text.count ? text[at] : nil }

  private mutating func take(_ word: String) -> Bool {
    let scalars = word.unicodeScalars
    guard at + scalars.count <= text.count, zip(text[at...], scalars).allSatisfy(==) else { return false }
    at += scalars.count
    return true
  }

  private mutating func takeAfterSpace(_ word: String) -> Bool {
    let before = at
    skipSpace()
    if take(word) { return true }
    at = before
    return false
  }

  private mutating func takeDigits() -> String {
    var digits = ""
    while let c = peek, ("0"..."9").contains(c) {
      digits.unicodeScalars.append(c)
      at += 1
    }
    return digits
  }

  private mutating func skipSpace() {
    while let c = peek, c == " " || c == "\t" || c == "\n" || c == "\r" { at += 1 }
  }

  private func fail(_ message: String) -> ParseError {
    ParseError(description: "\(message) at character \(at + 1) of the JSONPath.")
  }
}
