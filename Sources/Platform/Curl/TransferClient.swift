import CCurl
import CLinux
import Glibc
import Synchronization

/// libcurl's multi interface and a resolver on one event loop, with a free list of easy handles. Owned by the loop's thread.
public final class TransferClient: EventSource {
  public struct Configuration: Sendable {
    /// PEM bundle of the trusted authorities.
    public var caFile = "/etc/ssl/certs/ca-certificates.crt"
    public var userAgent = "Martlet"
    public var resolver = Resolver.Configuration()
    /// Servers that answer for the root of the DNS themselves, as `address:port,…`; nil asks none.
    public var rootServers: String?
    /// Whether the authorities are loaded at the start rather than by the first transfer that needs them.
    public var loadsAuthoritiesFirst = true
    /// Idle connections kept for requests that may reuse one.
    public var connectionsKept = 1
    public init() {}
  }

  public let loop: EventLoop
  let resolver: Resolver
  private let wayOut: WayOut?
  let configuration: Configuration
  let multi: OpaqueMulti
  private var mark: UInt64 = 0
  private(set) var deadlineNs = UInt64.max
  private var free: [Exchange] = []
  static let handlesKept = 512

  public init(loop: EventLoop, configuration: Configuration = Configuration()) throws {
    guard globalReady else { throw LoopError(call: "curl_global_init", code: EINVAL) }
    guard let multi = curl_multi_init() else { throw LoopError(call: "curl_multi_init", code: ENOMEM) }
    self.multi = multi
    self.loop = loop
    self.configuration = configuration
    resolver = try Resolver(loop: loop, configuration: configuration.resolver)
    wayOut = configuration.rootServers.map { WayOut(loop: loop, servers: $0) }
    mark = loop.register(self)
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = ccurl_multi_pointer(multi, CURLMOPT_SOCKETDATA, context)
    _ = ccurl_multi_pointer(multi, CURLMOPT_TIMERDATA, context)
    _ = ccurl_multi_socket_function(multi, socketChanged)
    _ = ccurl_multi_timer_function(multi, timerChanged)
    _ = ccurl_multi_long(multi, CURLMOPT_MAXCONNECTS, configuration.connectionsKept)
    _ = ccurl_multi_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    if configuration.loadsAuthoritiesFirst { try warmAuthorities() }
  }

  deinit {
    free.removeAll()
    curl_multi_cleanup(multi)
  }

  /// Sends `request`; `owner` hears of the end once, on the loop, never from inside this call.
  public func start(
    _ request: PreparedRequest, deadlineNs: UInt64, owner: any ExchangeOwner,
    vet: @escaping (IPAddress) -> Bool
  ) -> Exchange {
    let exchange = free.popLast() ?? Exchange(client: self)
    exchange.begin(request, deadlineNs: deadlineNs, owner: owner, vet: vet)
    return exchange
  }

  /// Gives an ended exchange back; what it holds is gone after this.
  public func recycle(_ exchange: Exchange) {
    exchange.forget()
    if free.count < Self.handlesKept { free.append(exchange) }
  }

  /// Whether the DNS servers answered when last in doubt; nil where nothing is proved.
  public var resolverWorks: Bool? { resolver.watch.works }

  /// After a request that came to nothing, in the lookup of its name or later: calls `done` once, on the loop, with whether the
  /// DNS servers answered what was asked of them at `sinceNs` or later. Takes three seconds at most.
  public func checkNetwork(sinceNs: UInt64, aboutName: Bool, _ done: @escaping (Bool) -> Void) {
    resolver.watch.ask(sinceNs: sinceNs, aboutName: aboutName, done)
  }

  /// After a request over IPv4 that came to nothing: calls `done` once, on the loop, with whether two root servers of the DNS
  /// answered what they were asked at `sinceNs` or later, so that there is a way out of here. False proves nothing. Takes a
  /// second at most, and no time while the root servers cannot be reached from here at all.
  public func proveWayOut(sinceNs: UInt64, _ done: @escaping (Bool) -> Void) {
    guard let wayOut else { return done(false) }
    wayOut.ask(sinceNs: sinceNs, done)
  }

  func descriptorReady(_ fd: Int32, events: UInt32) {
    var mask: Int32 = 0
    if events & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
    if events & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
    if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_ERR }
    var running: Int32 = 0
    curl_multi_socket_action(multi, fd, mask, &running)
    drain()
  }

  func turnEnds() {
    // Adding a handle asks for a turn at once; an end may start the next hop or attempt.
    while deadlineNs <= loop.nowNs {
      deadlineNs = .max
      var running: Int32 = 0
      curl_multi_socket_action(multi, -1, 0, &running)
      drain()
    }
  }

  private func drain() {
    var queued: Int32 = 0
    while let message = curl_multi_info_read(multi, &queued) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = ccurl_message_result(message)
      var context: UnsafeMutableRawPointer?
      _ = ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context)
      guard let context else { continue }
      Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().curlEnded(code)
    }
  }

  fileprivate func watch(_ fd: Int32, _ what: Int32, isNew: Bool) {
    if what == CURL_POLL_REMOVE { return loop.unwatch(fd) }
    var mask: UInt32 = 0
    if what & CURL_POLL_IN != 0 { mask |= EPOLLIN.rawValue }
    if what & CURL_POLL_OUT != 0 { mask |= EPOLLOUT.rawValue }
    loop.watch(fd, mask, mark: mark, isNew: isNew)
    if isNew { curl_multi_assign(multi, fd, UnsafeMutableRawPointer(bitPattern: 1)) }
  }

  fileprivate func timerAsked(_ ms: Int) {
    deadlineNs = ms < 0 ? .max : loop.nowNs + UInt64(ms) * 1_000_000
  }

  /// Loads the authorities into the multi's cache now, so that the first check does not pay the 20 ms: a handshake is
  /// begun with a socket of our own that never answers.
  private func warmAuthorities() throws {
    var port: UInt16 = 0
    let listener = clinux_listen_loopback(&port)
    guard listener >= 0 else { throw LoopError(call: "listen", code: errno) }
    defer { close(listener) }
    let url = try WebURL("https://127.0.0.1:\(port)/")
    let warmer = Warmer()
    let exchange = start(PreparedRequest(url), deadlineNs: loop.nowNs + 5_000_000_000, owner: warmer) { _ in true }
    defer {
      exchange.cancel()
      recycle(exchange)
    }
    var peer: Int32 = -1
    defer { if peer >= 0 { close(peer) } }
    while warmer.failure == nil {
      loop.turn(waitMaxNs: 1_000_000)
      if peer < 0 { peer = clinux_accept(listener) }
      var byte: UInt8 = 0
      // The first byte of the handshake is sent after the authorities are loaded.
      if peer >= 0, recv(peer, &byte, 1, 0) == 1 { return }
    }
    throw AuthoritiesError(description: "\(configuration.caFile): \(warmer.failure?.description ?? "cannot be used")")
  }
}

/// The bundle of trusted authorities cannot be used.
public struct AuthoritiesError: Error, CustomStringConvertible {
  public let description: String
}

typealias OpaqueMulti = UnsafeMutableRawPointer

private final class Warmer: ExchangeOwner {
  var failure: TransferFailure?
  func exchangeEnded(_ exchange: Exchange) { failure = exchange.failure }
}

/// libcurl's process-wide set-up, once.
private let globalReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

private func socketChanged(
  _ easy: UnsafeMutableRawPointer?, _ fd: Int32, _ what: Int32, _ context: UnsafeMutableRawPointer?,
  _ assigned: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context else { return 0 }
  Unmanaged<TransferClient>.fromOpaque(context).takeUnretainedValue().watch(fd, what, isNew: assigned == nil)
  return 0
}

private func timerChanged(_ multi: UnsafeMutableRawPointer?, _ ms: Int, _ context: UnsafeMutableRawPointer?) -> Int32 {
  guard let context else { return 0 }
  Unmanaged<TransferClient>.fromOpaque(context).takeUnretainedValue().timerAsked(ms)
  return 0
}
