/// A Swift file seen as code alone: comments and the text of literals are blanked, line ends stay where they were.
///
/// Interpolated code stays code. Regex literals are not told apart: this code base writes none.
struct SwiftText {
  private(set) var code: [UInt8]

  init(_ text: String) {
    var blanker = Blanker(bytes: Array(text.utf8))
    blanker.run()
    code = blanker.bytes
  }

  var text: String { String(decoding: code, as: UTF8.self) }

  /// Each function or initializer with the number of its first line and the number of lines that its body spans.
  func functions() -> [(line: Int, length: Int, head: String)] {
    var found: [(line: Int, length: Int, head: String)] = []
    var line = 1
    var index = 0
    while index < code.count {
      if code[index] == .newline { line += 1 }
      if let body = body(ofFunctionAt: index) {
        let length = code[body].reduce(0) { $1 == .newline ? $0 + 1 : $0 }
        let head = code[index...].prefix { $0 != .newline }
        found.append((line, length, String(decoding: head, as: UTF8.self)))
      }
      index += 1
    }
    return found
  }

  /// The bytes from `{` to its `}` where `func` or `init` stands at `start` and has a body.
  private func body(ofFunctionAt start: Int) -> Range<Int>? {
    guard word("func", at: start) || word("init", at: start) else { return nil }
    var depth = 0
    var index = start
    var sawParameters = false
    while index < code.count {
      switch code[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return nil }
        sawParameters = true
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "{") where depth == 0:
        return sawParameters ? closed(from: index) : nil
      case UInt8(ascii: "v") where depth == 0 && word("var", at: index): return nil
      case UInt8(ascii: "l") where depth == 0 && word("let", at: index): return nil
      case UInt8(ascii: "f") where depth == 0 && index > start && word("func", at: index): return nil
      default: break
      }
      index += 1
    }
    return nil
  }

  private func closed(from open: Int) -> Range<Int>? {
    var depth = 0
    for index in open..<code.count {
      if code[index] == UInt8(ascii: "{") { depth += 1 }
      if code[index] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return open..<index }
      }
    }
    return nil
  }

  private func word(_ word: StaticString, at index: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index + count < code.count else { return false }
    if index > 0 && (code[index - 1].isWord || code[index - 1] == UInt8(ascii: ".")) { return false }
    for offset in 0..<count where code[index + offset] != word.utf8Start[offset] { return false }
    return !code[index + count].isWord
  }
}

/// Walks a file once and overwrites with spaces what is not code.
private struct Blanker {
  var bytes: [UInt8]
  private var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() { skipCode(untilClosingParenthesis: false) }

  /// Leaves code as it is; with `untilClosingParenthesis`, up to the one that ends an interpolation.
  private mutating func skipCode(untilClosingParenthesis: Bool) {
    var depth = 0
    while index < bytes.count {
      if at("//") {
        blank { $0.bytes[$0.index] == .newline }
      } else if at("/*") {
        blankComment()
      } else if bytes[index] == .quote || (bytes[index] == .pound && literalFollows()) {
        blankLiteral()
      } else {
        if bytes[index] == UInt8(ascii: "(") { depth += 1 }
        if bytes[index] == UInt8(ascii: ")") {
          if untilClosingParenthesis && depth == 0 { return }
          depth -= 1
        }
        index += 1
      }
    }
  }

  private mutating func blankComment() {
    var depth = 0
    repeat {
      if at("/*") {
        depth += 1
        blank(count: 2)
      } else if at("*/") {
        depth -= 1
        blank(count: 2)
      } else {
        blank(count: 1)
      }
    } while depth > 0 && index < bytes.count
  }

  private mutating func blankLiteral() {
    var pounds = 0
    while bytes[index] == .pound {
      pounds += 1
      index += 1
    }
    let quotes = at("\"\"\"") ? 3 : 1
    index += quotes
    let end = [UInt8](repeating: .quote, count: quotes) + [UInt8](repeating: .pound, count: pounds)
    let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: .pound, count: pounds)
    while index < bytes.count {
      if at(end) {
        index += end.count
        return
      }
      if at(escape + [UInt8(ascii: "(")]) {
        index += escape.count + 1
        skipCode(untilClosingParenthesis: true)
        index += 1
      } else if at(escape) {
        blank(count: escape.count + 1)
      } else {
        blank(count: 1)
      }
    }
  }

  private mutating func blank(count: Int) {
    for _ in 0..<count where index < bytes.count {
      if bytes[index] != .newline { bytes[index] = UInt8(ascii: " ") }
      index += 1
    }
  }

  private mutating func blank(until done: (Blanker) -> Bool) {
    while index < bytes.count && !done(self) { blank(count: 1) }
  }

  private func literalFollows() -> Bool {
    var next = index
    while next < bytes.count && bytes[next] == .pound { next += 1 }
    return next < bytes.count && bytes[next] == .quote
  }

  private func at(_ text: StaticString) -> Bool {
    guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
    for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] { return false }
    return true
  }

  private func at(_ text: [UInt8]) -> Bool {
    guard index + text.count <= bytes.count else { return false }
    for offset in 0..<text.count where bytes[index + offset] != text[offset] { return false }
    return true
  }
}

extension UInt8 {
  fileprivate static let newline = UInt8(ascii: "\n")
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let pound = UInt8(ascii: "#")

  fileprivate var isWord: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"): true
    default: self >= 0x80
    }
  }
}
