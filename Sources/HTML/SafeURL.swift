/// Decides which addresses may stand in a link.
public enum SafeURL {
  /// The address itself when it is http, https, mailto, a path of this site, a query or a fragment; else `#`.
  ///
  /// Browsers drop tabs and line ends inside an address, trim spaces before it and read `\` as `/`: any of these
  /// refuses the address rather than being repaired.
  public static func vetted(_ address: String) -> String { isAllowed(address) ? address : "#" }

  static func isAllowed(_ address: String) -> Bool {
    let bytes = address.utf8
    guard let first = bytes.first else { return false }
    guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) else { return false }
    switch first {
    case UInt8(ascii: "#"), UInt8(ascii: "?"): return true
    case UInt8(ascii: "/"): return bytes.dropFirst().first != UInt8(ascii: "/")
    default: break
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
    let rest = bytes[bytes.index(after: colon)...]
    switch String(decoding: bytes[..<colon].map(lowercased), as: UTF8.self) {
    case "http", "https": return rest.starts(with: "//".utf8) && rest.count > 2
    case "mailto": return !rest.isEmpty
    default: return false
    }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
