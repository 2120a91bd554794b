import Domain
import Engine
import HTTPServer
import Store

/// What a request says about its sender, read once: address, scheme, site.
public struct Visit: Sendable {
  public let request: Request
  /// Numeric; through trusted proxies only, counted from the trusted end.
  public let address: String
  /// Whether the sender came over TLS, which only a trusted proxy or the base URL can say.
  public let isSecure: Bool
  /// The origins that count as ours: `https://status.example.org`.
  private let origins: [String]

  public init(_ request: Request, settings: WebContext.Settings) {
    self.request = request
    func isTrusted(_ text: some StringProtocol) -> Bool {
      guard let address = NumericAddress(text) else { return false }
      return settings.trustedProxies.contains { $0.contains(address) }
    }
    var address = request.peer
    var proto: String?
    if isTrusted(request.peer) {
      let hops = request.headers.filter { $0.name == "x-forwarded-for" }
        .flatMap { header -> [Substring] in header.value.split(separator: ",") }
        .map { hop in String(hop.filter { $0 != " " && $0 != "\t" }) }
      for hop in hops.reversed() {
        guard NumericAddress(hop) != nil else { break }
        address = hop
        if !isTrusted(hop) { break }
      }
      proto = request.header("x-forwarded-proto")?.split(separator: ",").last.map {
        $0.filter { $0 != " " }.lowercased()
      }
    }
    self.address = address
    let base = settings.baseURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }?.lowercased()
    isSecure = proto.map { $0 == "https" } ?? (base?.hasPrefix("https://") ?? false)
    let host = request.header("host")?.lowercased()
    let scheme = isSecure ? "https://" : "http://"
    origins = [base, host.map { scheme + $0 }].compactMap { $0 }
  }

  public var client: Access.Client {
    Access.Client(address: address, userAgent: request.header("user-agent") ?? "")
  }

  /// The origin that links start with.
  public var origin: String { origins.first ?? "" }

  public enum Site: Hashable, Sendable {
    /// `Origin` or `Sec-Fetch-Site` says that our own page sent it.
    case same
    /// One of them says that another did.
    case cross
    /// No browser, or an old one: neither is there.
    case unsaid
  }

  /// Which site's page sent this (OWASP ASVS 5.0, 3.5.1); both headers must agree where both are there.
  public var site: Site {
    var said = Site.unsaid
    if let fetch = request.header("sec-fetch-site") {
      guard fetch == "same-origin" else { return .cross }
      said = .same
    }
    if let origin = request.header("origin") {
      guard origins.contains(origin.lowercased()) else { return .cross }
      said = .same
    }
    return said
  }

  // MARK: Cookie

  /// Over TLS the name itself forbids other hosts and plain http to set it.
  private var cookieName: String { isSecure ? "__Host-martlet" : "martlet" }

  /// The session's token as the cookie brings it; nil when there is none or more than one.
  public var sessionToken: String? {
    let prefix = cookieName + "="
    let found = request.headers.filter { $0.name == "cookie" }
      .flatMap { $0.value.split(separator: ";") }.map { $0.drop { $0 == " " } }.filter { $0.hasPrefix(prefix) }
    guard found.count == 1 else { return nil }
    return String(found[0].dropFirst(prefix.count))
  }

  public func cookie(for session: Access.NewSession, now: Instant) -> Header {
    setCookie(session.token, seconds: max(0, (session.expires - now) / 1000))
  }

  public var endedCookie: Header { setCookie("", seconds: 0) }

  private func setCookie(_ value: String, seconds: Int64) -> Header {
    Header(
      "set-cookie",
      "\(cookieName)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")")
  }

  /// `Bearer` of the Authorization header, or nil where there is no such header.
  public enum Credential: Sendable {
    case none
    case key(String)
    case malformed
  }

  public var credential: Credential {
    let values = request.headers.filter { $0.name == "authorization" }
    guard let value = values.first?.value else { return .none }
    let parts = value.split(separator: " ")
    guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else { return .malformed }
    return .key(String(parts[1]))
  }

  /// Only a path on this very site: what a login may lead to.
  public static func localPath(_ text: String?) -> String? {
    guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count <= 2048,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
    else { return nil }
    return text
  }
}
