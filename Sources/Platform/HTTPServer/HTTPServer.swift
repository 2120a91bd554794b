/// What the product plugs into the server.
public protocol RequestHandler: Sendable {
  /// On the loop, before anything is allocated: a cached answer, or nil to go on. Must not block.
  func cached(_ head: RequestHead) -> CachedResponse?
  /// Bytes a body may have on this route.
  func bodyBytesMax(_ head: RequestHead) -> Int
  /// Starts on the loop (`Task.immediate`) and moves to the pool at the first suspension; cancelled when the peer leaves.
  func respond(to request: Request) async -> Response
}

/// HTTP/1.1 and WebSocket on one loop thread per instance, over Boost.Beast. Owns its connections.
public final class HTTPServer: Sendable {
  public struct Configuration: Sendable {
    public var host: String
    /// 0 picks a free port; `port` of the server tells which.
    public var port: Int
    public var connectionsMax: Int
    public var connectionsPerAddressMax: Int
    public var headBytesMax = 16 * 1024
    public var headersMax = 100
    public var headSeconds = 10
    public var bodySeconds = 30
    public var idleSeconds = 60
    public var writeStallSeconds = 20
    public var handlerSeconds = 30
    public var handlersMax = 1024

    public init(host: String, port: Int, connectionsMax: Int, connectionsPerAddressMax: Int) {
      self.host = host
      self.port = port
      self.connectionsMax = connectionsMax
      self.connectionsPerAddressMax = connectionsPerAddressMax
    }
  }

  public enum Topic: Sendable { case event, frame }

  public let port: Int

  /// Binds and starts the loop. Throws when the address cannot be bound.
  public init(_ configuration: Configuration, handler: some RequestHandler) throws(ServerError) {
    port = 0
    throw ServerError(operation: "bind", code: 0, message: "not built yet")
  }

  /// Sends one text message to one WebSocket. Any thread.
  public func send(_ text: [UInt8], to connection: ConnectionID) {}
  /// Sends bytes, already framed as server-sent events, to one event stream. Any thread.
  public func sendEvent(_ bytes: [UInt8], to connection: ConnectionID) {}
  /// Sends `frame` as a text message to each WebSocket of `topic` and `event` to each event stream of it. Any thread; in slices of 500.
  /// `latest` names a state: a queued message with the same key is replaced rather than queued behind.
  public func broadcast(topic: UInt64, frame: [UInt8], event: [UInt8], latest: UInt64?) {}
  /// Closes one WebSocket (`code` 4001, 1013 …) or event stream. Any thread.
  public func close(_ connection: ConnectionID, code: UInt16) {}
  /// Stops accepting, closes what is idle, waits up to `seconds` for what is not, then ends the loop and joins its thread.
  public func drain(seconds: Int) async {}
  /// Counters for metrics: open connections, sockets, streams, requests, refused, dropped as slow.
  public func statistics() -> Statistics { Statistics() }

  public struct Statistics: Sendable {
    public var connections = 0
    public var webSockets = 0
    public var eventStreams = 0
    public var requests: UInt64 = 0
    public var refused: UInt64 = 0
    public var droppedSlow: UInt64 = 0

    public init() {}
  }
}

/// The operating system's own code and words.
public struct ServerError: Error, Sendable {
  public let operation: String
  public let code: Int32
  public let message: String

  public init(operation: String, code: Int32, message: String) {
    self.operation = operation
    self.code = code
    self.message = message
  }
}
