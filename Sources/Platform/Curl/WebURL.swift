import CCurl

/// An http or https URL in one canonical writing: what is shown, vetted and connected to is the same text.
///
/// Parsed by libcurl's URL API; the host is a lower-case DNS name, an IPv4 address in four decimal parts or an IPv6
/// address, never another numeric form. User and password are kept apart from the text.
public struct WebURL: Hashable, Sendable, CustomStringConvertible {
  /// The text is no URL that can be fetched; one sentence for people.
  public struct ParseError: Error, Hashable, CustomStringConvertible {
    public let description: String
  }

  public let isTLS: Bool
  /// Without brackets.
  public let host: String
  public let port: UInt16
  /// Path and query, beginning with a slash.
  public let pathAndQuery: String
  public let user: String?
  public let password: String?
  /// The whole URL without user, password and fragment.
  public let description: String
  /// The host where it is an address.
  public let address: IPAddress?

  public init(_ text: String) throws(ParseError) {
    try self.init(text, relativeTo: nil)
  }

  /// `reference` as the target of a redirect from `base`; user and password of `base` are not taken over.
  public init(_ reference: String, relativeTo base: WebURL?) throws(ParseError) {
    let url = try Handle()
    if let base { try url.set(CURLUPART_URL, base.description) }
    guard !reference.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
      throw ParseError(description: "A URL must not contain control characters.")
    }
    try url.set(CURLUPART_URL, reference, flags: CURLU_URLENCODE)
    let scheme = url.get(CURLUPART_SCHEME)?.lowercased()
    guard scheme == "http" || scheme == "https" else {
      throw ParseError(description: "The URL must begin with http:// or https://.")
    }
    isTLS = scheme == "https"
    user = url.get(CURLUPART_USER, flags: CURLU_URLDECODE)
    password = url.get(CURLUPART_PASSWORD, flags: CURLU_URLDECODE)
    (host, address) = try Self.canonicalHost(of: url)
    guard let number = url.get(CURLUPART_PORT, flags: CURLU_DEFAULT_PORT).flatMap({ UInt16($0) }), number > 0 else {
      throw ParseError(description: "The port must be from 1 to 65535.")
    }
    port = number
    let path = url.get(CURLUPART_PATH) ?? "/"
    pathAndQuery = url.get(CURLUPART_QUERY).map { "\(path)?\($0)" } ?? path
    description = "\(Self.origin(isTLS: isTLS, host: host, port: port))\(pathAndQuery)"
  }

  /// Scheme, host and port, the port only where it is not the scheme's own.
  public var origin: String { Self.origin(isTLS: isTLS, host: host, port: port) }

  /// The host as it stands in a URL: IPv6 in brackets.
  public var hostInURL: String { Self.hostInURL(host) }

  private static func hostInURL(_ host: String) -> String { host.utf8.contains(0x3a) ? "[\(host)]" : host }

  private static func origin(isTLS: Bool, host: String, port: UInt16) -> String {
    let suffix = port == (isTLS ? 443 : 80) ? "" : ":\(port)"
    return "\(isTLS ? "https" : "http")://\(hostInURL(host))\(suffix)"
  }

  private static func canonicalHost(of url: Handle) throws(ParseError) -> (String, IPAddress?) {
    guard url.get(CURLUPART_ZONEID) == nil else {
      throw ParseError(description: "An IPv6 zone cannot be part of the host.")
    }
    guard let text = url.get(CURLUPART_HOST), !text.isEmpty else {
      throw ParseError(description: "The URL has no host.")
    }
    return try canonicalHost(text)
  }

  /// A host name or address in its one writing; also for hosts that do not come from a URL.
  public static func canonicalHost(_ text: String) throws(ParseError) -> (String, IPAddress?) {
    if text.hasPrefix("[") {
      guard text.hasSuffix("]"), let address = IPAddress(String(text.dropFirst().dropLast())) else {
        throw ParseError(description: "The host is not a valid IPv6 address.")
      }
      return (address.description, address)
    }
    // libcurl converts such names by the process's locale, which is not ours to depend on.
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw ParseError(description: "Write the host in its ASCII form, which begins with xn--.")
    }
    let host = text.lowercased()
    if let address = IPAddress(host) { return (address.description, address) }
    let isName = host.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isName else { throw ParseError(description: "The host contains a character that no host name has.") }
    var labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    guard host.utf8.count <= 253, labels.allSatisfy({ 1...63 ~= $0.utf8.count }) else {
      throw ParseError(description: "The host is not a valid name: a part of it is empty or too long.")
    }
    // A name that ends in a number is an address in one of its odd writings (decimal, octal, hexadecimal, short).
    if let last = labels.last, isNumeric(last) {
      throw ParseError(description: "The host is a number but no IPv4 address in four decimal parts.")
    }
    return (host, nil)
  }

  private static func isNumeric(_ label: Substring) -> Bool {
    if label.hasPrefix("0x") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
    return label.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  /// A CURLU handle.
  private final class Handle {
    private let url: OpaquePointer

    init() throws(ParseError) {
      guard let made = curl_url() else { throw ParseError(description: "Out of memory.") }
      url = made
    }

    deinit { curl_url_cleanup(url) }

    func set(_ part: CURLUPart, _ text: String, flags: Int32 = 0) throws(ParseError) {
      let code = curl_url_set(url, part, text, UInt32(flags))
      guard code == CURLUE_OK else { throw ParseError(description: Self.sentence(code)) }
    }

    func get(_ part: CURLUPart, flags: Int32 = 0) -> String? {
      var text: UnsafeMutablePointer<CChar>?
      guard curl_url_get(url, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
      defer { curl_free(text) }
      return String(cString: text)
    }

    private static func sentence(_ code: CURLUcode) -> String {
      switch code {
      case CURLUE_BAD_PORT_NUMBER: "The port must be from 1 to 65535."
      case CURLUE_UNSUPPORTED_SCHEME, CURLUE_BAD_SCHEME: "The URL must begin with http:// or https://."
      case CURLUE_NO_HOST, CURLUE_BAD_HOSTNAME: "The URL has no valid host."
      case CURLUE_BAD_IPV6: "The host is not a valid IPv6 address."
      default: "This is not a valid URL (\(String(cString: curl_url_strerror(code))))."
      }
    }
  }
}
