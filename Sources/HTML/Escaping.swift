/// The five characters that can end a text or a quoted attribute, and the controls that no document may hold.
enum Escaping {
  static func append(_ text: some StringProtocol, to bytes: inout [UInt8]) {
    let done: Void? = text.utf8.withContiguousStorageIfAvailable { append($0, to: &bytes) }
    if done == nil {
      let copy = Array(text.utf8)
      copy.withUnsafeBufferPointer { append($0, to: &bytes) }
    }
  }

  /// Copies runs that need nothing in one piece.
  private static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    var start = 0
    for index in 0..<text.count {
      guard let entity = entity(for: text[index]) else { continue }
      bytes.append(contentsOf: text[start..<index])
      entity.withUTF8Buffer { bytes.append(contentsOf: $0) }
      start = index + 1
    }
    bytes.append(contentsOf: text[start..<text.count])
  }

  /// Controls other than tab and the line ends become U+FFFD: HTML forbids them and XML has no way to write them.
  private static func entity(for byte: UInt8) -> StaticString? {
    switch byte {
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#39;"
    case 0x09, 0x0A, 0x0D: nil
    case 0..<0x20, 0x7F: "\u{FFFD}"
    default: nil
    }
  }
}
