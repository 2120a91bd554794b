/// Where and why a text is not JSON, for people: line and column count from 1.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public let message: String
  public let line: Int
  public let column: Int

  public var description: String { "\(message) at line \(line), column \(column)" }
}

extension JSON {
  /// Parses one RFC 8259 text. Refuses duplicate names, invalid UTF-8, lone surrogates, numbers beyond a double,
  /// nesting deeper than `depthMax` and anything after the value.
  public init(parsing bytes: [UInt8], depthMax: Int = 64) throws(JSONError) {
    self = try bytes.withUnsafeBufferPointerTyped { buffer throws(JSONError) in
      var parser = JSONParser(bytes: buffer, depthMax: depthMax)
      return try parser.document()
    }
  }

  public init(parsing text: String, depthMax: Int = 64) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), depthMax: depthMax)
  }
}

extension [UInt8] {
  fileprivate func withUnsafeBufferPointerTyped<R>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(JSONError) -> R
  ) throws(JSONError) -> R {
    let result: Result<R, JSONError> = withUnsafeBufferPointer { buffer in
      do throws(JSONError) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let depthMax: Int
  var at = 0

  init(bytes: UnsafeBufferPointer<UInt8>, depthMax: Int) {
    self.bytes = bytes
    self.depthMax = depthMax
  }

  mutating func document() throws(JSONError) -> JSON {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw error("Unexpected text after the JSON value") }
    return value
  }

  private func error(_ message: String) -> JSONError {
    var line = 1
    var column = 1
    for byte in bytes[..<min(at, bytes.count)] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONError(message: message, line: line, column: column)
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth <= depthMax else { throw error("Nested deeper than \(depthMax) levels") }
    guard at < bytes.count else { throw error("The text ends where a value is expected") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("Expected a JSON value")
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let end = at + text.utf8CodeUnitCount
    guard end <= bytes.count,
      UnsafeBufferPointer(rebasing: bytes[at..<end]).elementsEqual(
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    else { throw error("Expected a JSON value") }
    at = end
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    at += 1
    var items: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return .array(items)
    }
    while true {
      skipSpace()
      items.append(try value(depth: depth + 1))
      skipSpace()
      guard at < bytes.count else { throw error("The text ends inside an array") }
      if bytes[at] == UInt8(ascii: "]") { break }
      guard bytes[at] == UInt8(ascii: ",") else { throw error("Expected a comma or ]") }
      at += 1
    }
    at += 1
    return .array(items)
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    at += 1
    var members: [JSON.Member] = []
    var seen: Set<String> = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("Expected a name in quotes") }
      let start = at
      let name = try string()
      guard seen.insert(name).inserted else {
        at = start
        throw error("The name appears twice in one object")
      }
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw error("Expected a colon") }
      at += 1
      skipSpace()
      members.append(JSON.Member(name, try value(depth: depth + 1)))
      skipSpace()
      guard at < bytes.count else { throw error("The text ends inside an object") }
      if bytes[at] == UInt8(ascii: "}") { break }
      guard bytes[at] == UInt8(ascii: ",") else { throw error("Expected a comma or }") }
      at += 1
    }
    at += 1
    return .object(members)
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = at
    var whole = true
    func digits(_ at: inout Int) -> Bool {
      let from = at
      while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
      return at > from
    }
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "0") {
      at += 1
    } else if !digits(&at) {
      throw error("Expected a digit")
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      whole = false
      at += 1
      guard digits(&at) else { throw error("Expected a digit after the point") }
    }
    if at < bytes.count, bytes[at] | 32 == UInt8(ascii: "e") {
      whole = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard digits(&at) else { throw error("Expected a digit in the exponent") }
    }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    if whole, text != "-0", let n = Int64(text) { return .int(n) }
    guard let d = Double(text), d.isFinite else {
      at = start
      throw error("The number is too large")
    }
    return .double(d)
  }

  private mutating func string() throws(JSONError) -> String {
    at += 1
    var start = at
    var out: [UInt8]?
    while true {
      guard at < bytes.count else { throw error("The text ends inside a string") }
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else { throw error("A control character must be escaped") }
      if byte == UInt8(ascii: "\\") {
        var buffer = out ?? []
        buffer += bytes[start..<at]
        try escape(into: &buffer)
        out = buffer
        start = at
      } else {
        at += 1
      }
    }
    let rest = UnsafeBufferPointer(rebasing: bytes[start..<at])
    let text: String? =
      if var out {
        {
          out += rest; return String(validating: out, as: UTF8.self)
        }()
      } else { String(validating: rest, as: UTF8.self) }
    guard let text else { throw error("The string is not valid UTF-8") }
    at += 1
    return text
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    at += 1
    guard at < bytes.count else { throw error("The text ends inside a string") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var scalar = UInt32(try hex4())
      if scalar >> 10 == 0x36 {
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
          throw error("A surrogate stands alone")
        }
        at += 2
        let low = UInt32(try hex4())
        guard low >> 10 == 0x37 else { throw error("A surrogate stands alone") }
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
      }
      guard let unicode = Unicode.Scalar(scalar) else { throw error("A surrogate stands alone") }
      out += String(Character(unicode)).utf8
    default:
      at -= 1
      throw error("Unknown escape")
    }
  }

  private mutating func hex4() throws(JSONError) -> UInt16 {
    guard at + 4 <= bytes.count else { throw error("The text ends inside a string") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = bytes[at]
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 65...70, 97...102: digit = (byte | 32) - 87
      default: throw error("Expected four hex digits")
      }
      value = value << 4 | UInt16(digit)
      at += 1
    }
    return value
  }
}
