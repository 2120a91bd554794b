/// A request whose head and body have arrived in full. Header names are lower case; values are raw bytes read as UTF-8.
public struct Request: Sendable {
  public let method: String
  /// The request target as sent: origin form, still percent-encoded.
  public let target: String
  public let headers: [Header]
  public let body: [UInt8]
  /// The peer of the connection, numeric, without a port. Proxies are the caller's matter.
  public let peer: String

  public init(method: String, target: String, headers: [Header], body: [UInt8], peer: String) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.peer = peer
  }

  /// The first value of a header; `name` is lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

public struct Header: Sendable, Equatable {
  public let name: String
  public let value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// What a handler answers. Content-Length, Date and Connection are the server's to write.
public struct Response: Sendable {
  public var status: Int
  public var headers: [Header]
  public var body: Body

  public enum Body: Sendable {
    case bytes([UInt8])
    /// Server-sent events: the connection stays open and receives what is broadcast to `topic` with kind `.event`;
    /// `first` is sent at once (already framed). `opened` runs once with the handle, `closed` once when the peer or the server ends it.
    case events(
      topic: UInt64, first: [UInt8], opened: @Sendable (ConnectionID) -> Void, closed: @Sendable (ConnectionID) -> Void)
    /// Completes the WebSocket handshake (101) and subscribes the socket to `topic`.
    case webSocket(topic: UInt64, WebSocketCallbacks)
  }

  public init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = .bytes(body)
  }

  public init(status: Int, headers: [Header] = [], stream: Body) {
    self.status = status
    self.headers = headers
    self.body = stream
  }
}

/// Callbacks run on the loop thread and must return at once.
public struct WebSocketCallbacks: Sendable {
  public var opened: @Sendable (ConnectionID) -> Void
  public var message: @Sendable (ConnectionID, [UInt8]) -> Void
  public var closed: @Sendable (ConnectionID) -> Void

  public init(
    opened: @escaping @Sendable (ConnectionID) -> Void = { _ in },
    message: @escaping @Sendable (ConnectionID, [UInt8]) -> Void = { _, _ in },
    closed: @escaping @Sendable (ConnectionID) -> Void = { _ in }
  ) {
    self.opened = opened
    self.message = message
    self.closed = closed
  }
}

/// `{loop, slot, generation}`: an integer, so that a late call for a gone connection is a no-op.
public struct ConnectionID: Hashable, Sendable {
  public let raw: UInt64

  public init(raw: UInt64) { self.raw = raw }
}

/// The head of a request as seen before its body: what the fast path and the body limit are decided on.
public struct RequestHead: Sendable {
  public let method: String
  public let target: String
  public let host: String
  public let ifNoneMatch: String?
  public let hasCookieOrAuthorization: Bool
  public let peer: String

  public init(
    method: String, target: String, host: String, ifNoneMatch: String?, hasCookieOrAuthorization: Bool, peer: String
  ) {
    self.method = method
    self.target = target
    self.host = host
    self.ifNoneMatch = ifNoneMatch
    self.hasCookieOrAuthorization = hasCookieOrAuthorization
    self.peer = peer
  }
}
