import CBeast

/// What the product plugs into the server.
public protocol RequestHandler: Sendable {
  /// On the loop, before anything is allocated: a cached answer, or nil to go on. Must not block.
  func cached(_ head: RequestHead) -> CachedResponse?
  /// Bytes a body may have on this route.
  func bodyBytesMax(_ head: RequestHead) -> Int
  /// Whether the answer may be long in coming because there is nothing to say yet: such requests have a limit of their own.
  func mayWait(_ head: RequestHead) -> Bool
  /// Starts on the loop (`Task.immediate`) and moves to the pool at the first suspension; cancelled when the peer leaves.
  func respond(to request: Request) async -> Response
}

extension RequestHandler {
  public func mayWait(_ head: RequestHead) -> Bool { false }
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
    /// Of handlers that may wait, which are not counted with the others.
    public var waitersMax = 1024
    /// Silence after which an event stream gets a comment.
    public var heartbeatSeconds = 15
    /// Silence after which a WebSocket is given up; after half of it the peer is pinged.
    public var webSocketIdleSeconds = 60
    public var webSocketMessageBytesMax = 64 * 1024
    /// Pings and pongs a peer may send per second.
    public var webSocketControlsPerSecondMax = 20
    /// What may wait for one event stream or WebSocket before it counts as too slow.
    public var queueBytesMax = 256 * 1024
    /// How long the seconds above are. Tests shorten them.
    public var secondMilliseconds = 1000

    public init(host: String, port: Int, connectionsMax: Int, connectionsPerAddressMax: Int) {
      self.host = host
      self.port = port
      self.connectionsMax = connectionsMax
      self.connectionsPerAddressMax = connectionsPerAddressMax
    }
  }

  public let port: Int
  private let loop: Loop

  /// Binds and starts the loop. Throws when the address cannot be bound.
  public init(_ configuration: Configuration, handler: some RequestHandler) throws(ServerError) {
    loop = try Loop(configuration, handler: handler)
    port = Int(cb_port(loop.server))
  }

  deinit { cb_drain(loop.server, 0) }

  /// Sends one text message to one WebSocket. Any thread.
  public func send(_ text: [UInt8], to connection: ConnectionID) {
    text.withUnsafeBytes { cb_send(loop.server, connection.raw, cb_slice($0)) }
  }

  /// Sends bytes, already framed as server-sent events, to one event stream. Any thread.
  public func sendEvent(_ bytes: [UInt8], to connection: ConnectionID) { send(bytes, to: connection) }

  /// Moves one WebSocket or event stream to `topic`: after what was sent to it before, ahead of what is broadcast later.
  /// Any thread.
  public func join(_ connection: ConnectionID, topic: UInt64) { cb_join(loop.server, connection.raw, topic) }

  /// Sends `frame` as a text message to each WebSocket of `topic` and `event` to each event stream of it. Any thread; in
  /// slices of 500. `latest` names a state: a waiting message with the same key is dropped in favour of this one.
  public func broadcast(topic: UInt64, frame: [UInt8], event: [UInt8], latest: UInt64?) {
    frame.withUnsafeBytes { frame in
      event.withUnsafeBytes { event in
        cb_broadcast(loop.server, topic, cb_slice(frame), cb_slice(event), latest != nil, latest ?? 0)
      }
    }
  }

  /// Closes one WebSocket (`code` 4001, 1013 …) or event stream, after what was sent to it before. Any thread.
  public func close(_ connection: ConnectionID, code: UInt16) { cb_close(loop.server, connection.raw, code) }

  /// Stops accepting, closes what is idle, waits up to `seconds` for what is not, then ends the loop and joins its thread.
  public func drain(seconds: Int) async {
    cb_drain(loop.server, UInt32(clamping: seconds))
    await loop.ended()
  }

  /// Counters for metrics: open connections, sockets, streams, requests, refused, dropped as slow.
  public func statistics() -> Statistics {
    var counts = cb_statistics()
    cb_read_statistics(loop.server, &counts)
    var statistics = Statistics()
    statistics.connections = Int(counts.connections)
    statistics.webSockets = Int(counts.web_sockets)
    statistics.eventStreams = Int(counts.event_streams)
    statistics.requests = counts.requests
    statistics.refused = counts.refused
    statistics.droppedSlow = counts.dropped_slow
    (statistics.handlers, statistics.waiters) = loop.runningNow
    return statistics
  }

  public struct Statistics: Sendable {
    public var connections = 0
    public var webSockets = 0
    public var eventStreams = 0
    public var requests: UInt64 = 0
    public var refused: UInt64 = 0
    public var droppedSlow: UInt64 = 0
    /// Handlers that run, and those that wait.
    public var handlers = 0
    public var waiters = 0

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
