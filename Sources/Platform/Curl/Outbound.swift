/// A request that the product itself makes, to a place that people configured. Redirects are not followed.
public struct OutboundRequest: Sendable {
  public var method: String
  public var url: WebURL
  /// Free of control characters.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]?
  /// From resolving the name to the last byte.
  public var timeoutMs: Int64
  public var bodyBytesMax: Int
  /// Whether an earlier request's connection may carry it: for a place that is asked over and over.
  public var reusesConnection = false

  public init(
    method: String = "POST", url: WebURL, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
    timeoutMs: Int64 = 10_000, bodyBytesMax: Int = 64 * 1024
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeoutMs = timeoutMs
    self.bodyBytesMax = bodyBytesMax
  }
}

public struct OutboundResponse: Sendable {
  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  /// The first field of this name, whatever its case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// A mail server: `smtp://user:password@host:587`, `smtps://…:465`.
public struct MailServer: Hashable, Sendable {
  public enum Security: Hashable, Sendable {
    /// Plain text: only for a server on the same machine.
    case none
    case startTLSIfOffered
    case startTLS
    /// TLS from the first byte.
    case tls
  }

  public let host: String
  public let port: UInt16
  public let security: Security
  public let user: String?
  public let password: String?
  /// The name said in EHLO.
  public let helloName: String
  let address: IPAddress?

  var hostInURL: String { host.utf8.contains(0x3a) ? "[\(host)]" : host }

  /// `smtp` requires STARTTLS unless `?starttls=optional` or `?starttls=never` follows; ports default to 587 and 465.
  public init(_ text: String, helloName: String = "localhost") throws(WebURL.ParseError) {
    let lower = text.lowercased()
    let isTLS = lower.hasPrefix("smtps://")
    guard isTLS || lower.hasPrefix("smtp://") else {
      throw WebURL.ParseError(description: "The mail server must begin with smtp:// or smtps://.")
    }
    // The rest has the shape of a web URL, whose strict reading of hosts is wanted here too.
    let rest = text.dropFirst(isTLS ? 8 : 7)
    let url = try WebURL("\(isTLS ? "https" : "http")://\(rest)")
    let hasPort = rest.split(whereSeparator: { $0 == "/" || $0 == "?" }).first.map(Self.namesPort) ?? false
    host = url.host
    address = url.address
    port = hasPort ? url.port : (isTLS ? 465 : 587)
    user = url.user
    password = url.password
    let query = url.pathAndQuery
    guard ["/", "/?starttls=optional", "/?starttls=never", "/?starttls=required"].contains(query) else {
      throw WebURL.ParseError(
        description: "After the mail server only ?starttls=required, optional or never may follow.")
    }
    if isTLS {
      security = .tls
    } else if query.hasSuffix("optional") {
      security = .startTLSIfOffered
    } else {
      security = query.hasSuffix("never") ? .none : .startTLS
    }
    guard !helloName.isEmpty,
      helloName.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 | 32 || $0 == 0x2d || $0 == 0x2e })
    else { throw WebURL.ParseError(description: "The name for EHLO is not a host name.") }
    self.helloName = helloName
  }

  private static func namesPort(_ authority: Substring) -> Bool {
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    guard let colon = host.lastIndex(of: ":") else { return false }
    return !host[colon...].contains("]")
  }
}

/// One message for a mail server.
public struct OutboundMail: Sendable {
  public var server: MailServer
  /// Envelope addresses without angle brackets.
  public var from: String
  public var to: [String]
  /// RFC 5322, lines ended by CRLF; dots are stuffed on the way.
  public var message: [UInt8]
  public var timeoutMs: Int64

  public init(server: MailServer, from: String, to: [String], message: [UInt8], timeoutMs: Int64 = 30_000) {
    self.server = server
    self.from = from
    self.to = to
    self.message = message
    self.timeoutMs = timeoutMs
  }
}

/// A mail that was not taken.
public struct MailError: Error, Sendable, CustomStringConvertible {
  /// The server's code where it gave one: 4xx may pass later, 5xx will not.
  public let replyCode: Int?
  public let failure: TransferFailure
  public var description: String { failure.description }
}
