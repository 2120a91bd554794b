import Curl
import Domain

extension Evidence {
  /// Of a body that no assertion reads, this much is kept for the excerpt.
  static let excerptBytesMax = 4096
  private static let headBytesMax = 8192

  /// Head, excerpt and chain of the answer, secrets masked.
  mutating func take(_ exchange: Exchange, secrets: Secrets) {
    responseHead = secrets.maskedHead(exchange.head.prefix(Self.headBytesMax))
    bodyExcerpt = secrets.masked(Self.text(exchange.body.prefix(Self.excerptBytesMax)))
    for index in 0..<min(exchange.certificateCount, 8) {
      let subject = exchange.certificateField("Subject", of: index) ?? ""
      let issuer = exchange.certificateField("Issuer", of: index) ?? ""
      let expiry = exchange.certificateField("Expire date", of: index) ?? ""
      certificateChain.append(String("\(subject); issued by \(issuer); expires \(expiry)".prefix(500)))
    }
  }

  /// Cuts the whole to its limit, the excerpt first.
  mutating func bound() {
    var left = Limits.evidenceBytesMax
    func cut(_ text: String) -> String {
      let kept = String(decoding: text.utf8.prefix(max(left, 0)), as: UTF8.self)
      left -= kept.utf8.count
      return kept
    }
    for index in hops.indices {
      hops[index].url = cut(String(hops[index].url.prefix(512)))
      left -= 64
    }
    certificateChain = certificateChain.map(cut)
    responseHead = cut(responseHead)
    bodyExcerpt = cut(bodyExcerpt)
  }

  /// Text as it is, control bytes and what is no UTF-8 replaced.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    var out = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" && scalar != "\r" || scalar.value == 0x7f
      out.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(out)
  }
}

/// What must not leave the probe: values of the monitor's own secret headers and credentials.
struct Secrets: Sendable {
  static let mask = "•••"
  private static let secretFields: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "www-authenticate",
    "proxy-authenticate", "authentication-info", "x-api-key", "x-auth-token", "x-csrf-token",
  ]
  private let values: [String]

  init(_ settings: MonitorSettings, _ url: WebURL) {
    let harmless: Set<String> = ["accept", "accept-language", "accept-encoding", "user-agent", "content-type", "host"]
    var values = settings.headers.filter { !harmless.contains($0.name.lowercased()) }.map(\.value)
    // An echoed token comes without its scheme.
    values += values.compactMap { $0.split(separator: " ").last.map(String.init) }
    values += [url.user, url.password].compactMap { $0 }
    self.values = Array(Set(values.filter { $0.utf8.count >= 6 })).sorted { $0.utf8.count > $1.utf8.count }
  }

  /// Lines of secret fields without their values, and the monitor's own secrets wherever they are echoed.
  func maskedHead(_ bytes: ArraySlice<UInt8>) -> String {
    var lines: [String] = []
    for line in String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: true, whereSeparator: \.isNewline)
    {
      guard let colon = line.firstIndex(of: ":") else {
        lines.append(String(line))
        continue
      }
      let name = line[..<colon].lowercased()
      if Self.secretFields.contains(name) {
        lines.append("\(line[..<colon]): \(Self.mask)")
      } else if name == "location", let masked = Self.maskedUserinfo(line) {
        lines.append(masked)
      } else {
        lines.append(String(line))
      }
    }
    return masked(lines.joined(separator: "\n"))
  }

  func masked(_ text: String) -> String {
    var text = text
    for value in values { text = Self.replacing(value, in: text) }
    return text
  }

  /// The URL as shown: no user, no password, values of telling query fields hidden.
  static func maskedURL(_ url: WebURL) -> String {
    let text = url.description
    guard let mark = text.firstIndex(of: "?") else { return text }
    let fields = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false).map { field in
      guard let equals = field.firstIndex(of: "="), isTelling(field[..<equals].lowercased()) else {
        return String(field)
      }
      return "\(field[..<equals])=\(mask)"
    }
    return "\(text[..<mark])?\(fields.joined(separator: "&"))"
  }

  private static func isTelling(_ name: String) -> Bool {
    [
      "token", "key", "secret", "password", "passwd", "pwd", "auth", "signature", "sig", "code", "session",
      "credential",
    ]
    .contains { name.contains($0) }
  }

  private static func maskedUserinfo(_ line: Substring) -> String? {
    guard let scheme = line.utf8.firstRange(of: Array("://".utf8))?.upperBound else { return nil }
    let rest = line[scheme...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    guard let at = rest[..<end].lastIndex(of: "@") else { return nil }
    return "\(line[..<scheme])\(mask)\(rest[at...])"
  }

  private static func replacing(_ value: String, in text: String) -> String {
    let needle = Array(value.utf8)
    var bytes = Array(text.utf8)[...]
    guard bytes.firstRange(of: needle) != nil else { return text }
    var out: [UInt8] = []
    while let found = bytes.firstRange(of: needle) {
      out += bytes[..<found.lowerBound]
      out += Array(mask.utf8)
      bytes = bytes[found.upperBound...]
    }
    return String(decoding: out + bytes, as: UTF8.self)
  }
}
