/// What a monitor may point at: an absolute http or https URL in ASCII without user or password.
public enum TargetURL {
  /// One sentence about what is wrong with `url`; nil when it is fine.
  public static func problem(_ url: String) -> String? {
    let bytes = Array(url.utf8)
    guard bytes.count <= Limits.urlBytesMax else { return "at most \(Limits.urlBytesMax) bytes" }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !unsafe.contains($0) }) else {
      return "must be ASCII without spaces; write other characters percent-encoded, and host names as xn--"
    }
    let lower = url.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
      return "must begin with http:// or https://"
    }
    let rest = bytes[scheme.utf8.count...]
    let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    let authority = rest[..<(end ?? rest.endIndex)]
    guard !authority.contains(UInt8(ascii: "@")) else {
      return "must not hold a user or password; send an Authorization header instead"
    }
    return authorityProblem(Array(authority))
  }

  private static let unsafe = Set("\"<>\\^`{|}".utf8)

  private static func authorityProblem(_ authority: [UInt8]) -> String? {
    var host = authority[...]
    var port: ArraySlice<UInt8>?
    if host.first == UInt8(ascii: "[") {
      guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { return "has a [ without its ]" }
      let after = host[(close + 1)...]
      guard after.isEmpty || after.first == UInt8(ascii: ":") else { return "has text after the address" }
      port = after.isEmpty ? nil : after.dropFirst()
      host = host[1..<close]
      guard host.contains(UInt8(ascii: ":")),
        host.allSatisfy({ Token.isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { return "must hold an IPv6 address between [ and ]" }
    } else {
      if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
        port = host[(colon + 1)...]
        host = host[..<colon]
      }
      guard !host.isEmpty, host.count <= 253,
        host.allSatisfy({ Token.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
      else { return "must name a host" }
      guard host.split(separator: 0x2E, omittingEmptySubsequences: false).dropLast().allSatisfy({ !$0.isEmpty }) else {
        return "must name a host"
      }
    }
    if let port {
      guard let number = Int(String(decoding: port, as: UTF8.self)), (1...65_535).contains(number),
        port.allSatisfy({ (0x30...0x39).contains($0) })
      else { return "has a port that is not from 1 to 65535" }
    }
    return nil
  }
}

/// Small grammars of HTTP and of our own names.
enum Token {
  /// RFC 9110 section 5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || marks.contains($0) }
  }

  private static let marks = Set("!#$%&'*+-.^_`|~".utf8)

  static func isRegionName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  static func isAlphanumeric(_ c: UInt8) -> Bool {
    (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c)
  }

  static func isHex(_ c: UInt8) -> Bool {
    (0x30...0x39).contains(c) || (0x41...0x46).contains(c) || (0x61...0x66).contains(c)
  }
}

extension StringProtocol {
  /// Without spaces and tabs at either end.
  var trimmedSpaces: SubSequence {
    var part = self[...]
    while let c = part.first, c == " " || c == "\t" { part.removeFirst() }
    while let c = part.last, c == " " || c == "\t" { part.removeLast() }
    return part
  }
}
