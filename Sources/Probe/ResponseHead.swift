/// The head of an HTTP answer as bytes, read only where somebody asks.
struct ResponseHead {
  let bytes: [UInt8]

  /// All values of a field, in order, joined with a comma and a space (RFC 9110, section 5.3); nil where it is absent.
  func value(of name: String) -> String? {
    let wanted = Array(name.utf8)
    var found: [UInt8]?
    for line in bytes.split(separator: 0x0a).dropFirst() {
      guard let colon = line.firstIndex(of: 0x3a), colon - line.startIndex == wanted.count,
        zip(line[..<colon], wanted).allSatisfy({ Self.lower($0) == Self.lower($1) })
      else { continue }
      let value = Self.trimmed(line[(colon + 1)...])
      if found == nil { found = Array(value) } else { found! += [0x2c, 0x20] + value }
    }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }

  static func trimmed(_ slice: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var slice = slice
    while let first = slice.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
    while let last = slice.last, last == 0x20 || last == 0x09 || last == 0x0d { slice.removeLast() }
    return slice
  }
}
