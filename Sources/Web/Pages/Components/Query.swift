/// A path with a query, for links: values are percent-encoded, empty ones left out.
struct Query {
  private(set) var path: String

  init(_ path: String) { self.path = path }

  func adding(_ name: String, _ value: String) -> Query {
    guard !value.isEmpty else { return self }
    return Query(path + (path.contains("?") ? "&" : "?") + name + "=" + Query.encoded(value))
  }

  /// Keeps RFC 3986's unreserved characters only.
  static func encoded(_ text: String) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        out.append(byte)
      default:
        let digits = Array("0123456789ABCDEF".utf8)
        out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
