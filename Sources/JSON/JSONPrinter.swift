extension JSON {
  /// The shortest text: no white space; U+2028 and U+2029, `<` and `&` escaped so that it may stand inside HTML.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public func write(to out: inout [UInt8]) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let b): out += (b ? "true" : "false").utf8
    case .int(let n): out += String(n).utf8
    case .double(let d):
      if abs(d) < 1e15, let whole = Int64(exactly: d) { out += String(whole).utf8 } else { out += String(d).utf8 }
    case .string(let s): Self.writeString(s, to: &out)
    case .array(let items):
      out.append(UInt8(ascii: "["))
      for (i, item) in items.enumerated() {
        if i > 0 { out.append(UInt8(ascii: ",")) }
        item.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (i, member) in members.enumerated() {
        if i > 0 { out.append(UInt8(ascii: ",")) }
        Self.writeString(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  static func writeString(_ s: String, to out: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    func escape(_ unit: UInt16) {
      out += "\\u".utf8
      for shift in [12, 8, 4, 0] { out.append(hex[Int(unit >> UInt16(shift) & 15)]) }
    }
    out.append(UInt8(ascii: "\""))
    var previous: (UInt8, UInt8) = (0, 0)
    for byte in s.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out += "\\\"".utf8
      case UInt8(ascii: "\\"): out += "\\\\".utf8
      case 0x0A: out += "\\n".utf8
      case 0x0D: out += "\\r".utf8
      case 0x09: out += "\\t".utf8
      case 0..<0x20, 0x7F, UInt8(ascii: "<"), UInt8(ascii: "&"): escape(UInt16(byte))
      case 0xA8 where previous == (0xE2, 0x80), 0xA9 where previous == (0xE2, 0x80):
        out.removeLast(2)
        escape(byte == 0xA8 ? 0x2028 : 0x2029)
      default: out.append(byte)
      }
      previous = (previous.1, byte)
    }
    out.append(UInt8(ascii: "\""))
  }
}
