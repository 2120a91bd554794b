import CCurl
import CLinux
import Glibc

/// Lengths of the phases of a transfer in µs; nil where a phase did not happen.
public struct TransferTiming: Hashable, Sendable {
  public var dnsUs: Int64?
  public var connectUs: Int64?
  public var tlsUs: Int64?
  public var firstByteUs: Int64?
  public var transferUs: Int64?
  public var totalUs: Int64 = 0
  public init() {}
}

/// One easy handle on its way: resolve, vet, connect to one vetted address after the other, end. Owned by the loop's thread.
///
/// Subclasses say what is transferred and hear of the end.
public class Transfer: TimerTarget {
  private enum State { case idle, resolving, running, ended }

  static let deadlineTag = 0
  static let connectTag = 1
  static let errorBytes = Int(CURL_ERROR_SIZE)
  /// The longest that one address may take to accept while others wait.
  private static let oneConnectNs: UInt64 = 3_000_000_000

  unowned let client: TransferClient
  let easy: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>
  private let fence: UnsafeMutablePointer<ccurl_fence>
  private var state = State.idle
  private var lookup: Resolver.Lookup?
  private var waiting: [IPAddress] = []
  private var connectTo: UnsafeMutablePointer<curl_slist>?
  private var deadlineTimer = TimerID.none
  private var connectTimer = TimerID.none
  private var deadlineNs: UInt64 = 0
  private var startNs: UInt64 = 0
  private var resolvedNs: UInt64 = 0
  private var attemptNs: UInt64 = 0
  /// Whether libcurl was asked to connect, so that what it knows is about this transfer.
  private(set) var wasAttempted = false
  /// When the TCP connection stood; 0 before.
  private var connectedNs: UInt64 = 0
  private var host = ""
  private var port: UInt16 = 0
  private(set) var isTLSFromStart = false

  /// The address that the last connection went to.
  public private(set) var address: IPAddress?
  public private(set) var failure: TransferFailure?
  public private(set) var timing = TransferTiming()

  init(client: TransferClient) {
    self.client = client
    guard let easy = curl_easy_init() else { fatalError("libcurl has no memory for a handle") }
    self.easy = easy
    errorText = .allocate(capacity: Self.errorBytes)
    errorText.initialize(repeating: 0, count: Self.errorBytes)
    fence = .allocate(capacity: 1)
    fence.initialize(to: ccurl_fence())
    setBasics()
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(connectTo)
    errorText.deallocate()
    fence.deallocate()
  }

  /// What the subclass does when all is over; the handle is off the multi by then.
  func ended() {}
  /// Called before each connection; what the former one brought is to be dropped.
  func beginAttempt() {}
  /// Set when a callback of the subclass ended the transfer on purpose.
  func ownFailure(_ stage: TransferFailure.Stage) -> TransferFailure? { nil }

  /// Options that hold for every transfer of this handle; to be called again after `curl_easy_reset`.
  func setBasics() {
    let me = Unmanaged.passUnretained(self).toOpaque()
    _ = ccurl_set_pointer(easy, CURLOPT_PRIVATE, me)
    _ = ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    _ = ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    _ = ccurl_set_string(easy, CURLOPT_PROXY, "")
    _ = ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
    _ = ccurl_set_long(easy, CURLOPT_FORBID_REUSE, 1)
    _ = ccurl_set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0)
    _ = ccurl_set_string(easy, CURLOPT_CAINFO, client.configuration.caFile)
    _ = ccurl_set_string(easy, CURLOPT_CAPATH, nil)
    _ = ccurl_set_long(easy, CURLOPT_CA_CACHE_TIMEOUT, 7 * 86_400)
    _ = ccurl_set_long(easy, CURLOPT_SSL_SESSIONID_CACHE, 0)
    _ = ccurl_set_fence(easy, fence)
    _ = ccurl_set_handshake_function(easy, handshakeStarts, me)
  }

  func begin(
    host: String, port: UInt16, literal: IPAddress?, isTLS: Bool, family: Resolver.Family, deadlineNs: UInt64,
    vet: @escaping (IPAddress) -> Bool
  ) {
    state = .resolving
    startNs = client.loop.nowNs
    resolvedNs = startNs
    self.deadlineNs = deadlineNs
    self.host = host
    self.port = port
    isTLSFromStart = isTLS
    failure = nil
    address = nil
    wasAttempted = false
    timing = TransferTiming()
    deadlineTimer = client.loop.setTimer(deadlineNs, self, tag: Self.deadlineTag)
    if let literal {
      waiting.removeAll(keepingCapacity: true)
      return connect(to: [literal], vet)
    }
    lookup = client.resolver.resolve(host, family) { [weak self] answer in
      guard let self, self.state == .resolving else { return }
      self.resolved(answer, vet)
    }
  }

  /// Ends without a word to the owner.
  public func cancel() {
    guard state == .resolving || state == .running else { return }
    leaveCurl()
    close()
  }

  private func resolved(_ answer: Result<[IPAddress], Resolver.Failure>, _ vet: (IPAddress) -> Bool) {
    lookup = nil
    resolvedNs = client.loop.nowNs
    timing.dnsUs = Int64((resolvedNs - startNs) / 1000)
    switch answer {
    case .success(let addresses): connect(to: addresses, vet)
    case .failure(.notFound(let words)): endLater(TransferFailure(.nameNotFound, .dns, words))
    case .failure(.failed(let words)): endLater(TransferFailure(.nameFailed, .dns, words))
    }
  }

  private func connect(to addresses: [IPAddress], _ vet: (IPAddress) -> Bool) {
    for address in addresses.reversed() where vet(address) { waiting.append(address) }
    guard !waiting.isEmpty else {
      return endLater(TransferFailure(.addressForbidden, .connect, "The address of this host may not be contacted."))
    }
    connectNext()
  }

  private func connectNext() {
    guard let next = waiting.popLast() else { return }
    address = next
    setFence(next)
    curl_slist_free_all(connectTo)
    // Empty host and port stand for any: the connection goes to this address whatever the URL says.
    connectTo = curl_slist_append(nil, next.isV4 ? "::\(next):\(port)" : "::[\(next)]:\(port)")
    _ = ccurl_set_list(easy, CURLOPT_CONNECT_TO, connectTo)
    errorText[0] = 0
    beginAttempt()
    state = .running
    wasAttempted = true
    attemptNs = client.loop.nowNs
    connectedNs = 0
    if !waiting.isEmpty, deadlineNs > attemptNs {
      let share = min((deadlineNs - attemptNs) / UInt64(waiting.count + 1), Self.oneConnectNs)
      connectTimer = client.loop.setTimer(attemptNs + share, self, tag: Self.connectTag)
    }
    let code = curl_multi_add_handle(client.multi, easy)
    if code != CURLM_OK {
      state = .resolving
      endLater(TransferFailure(.protocolError, .connect, String(cString: curl_multi_strerror(code))))
    }
  }

  private func setFence(_ address: IPAddress) {
    fence.pointee.refused = 0
    fence.pointee.family = address.isV4 ? AF_INET : AF_INET6
    withUnsafeMutableBytes(of: &fence.pointee.address) { bytes in
      if address.isV4 {
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: address.low).bigEndian, as: UInt32.self)
      } else {
        bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
        bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
    }
  }

  public func timerFired(tag: Int) {
    switch tag {
    case Self.connectTag:
      connectTimer = .none
      guard state == .running, clocks().connect == 0, !waiting.isEmpty else { return }
      leaveCurl()
      connectNext()
    default:
      deadlineTimer = .none
      guard state == .resolving || state == .running else { return }
      if let delayed = failure { return end(delayed) }
      let stage = state == .resolving ? .dns : self.stage
      if state == .running { measure() } else { timing.dnsUs = Int64((client.loop.nowNs - startNs) / 1000) }
      leaveCurl()
      end(TransferFailure.deadline(stage, peer: peer))
    }
  }

  /// libcurl turns to TLS: the TCP connection stands.
  fileprivate func handshakeBegins() { connectedNs = client.loop.nowNs }

  /// libcurl says that the transfer is over.
  func curlEnded(_ code: CURLcode) {
    guard state == .running else { return }
    if code == CURLE_OK {
      measure()
      leaveCurl()
      return end(nil)
    }
    let clocks = clocks()
    if clocks.connect == 0, code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT, !waiting.isEmpty {
      leaveCurl()
      return connectNext()
    }
    let stage = self.stage
    measure()
    let found = verdict(code, stage)
    leaveCurl()
    end(found)
  }

  private func verdict(_ code: CURLcode, _ stage: TransferFailure.Stage) -> TransferFailure {
    if let own = ownFailure(stage) { return own }
    if fence.pointee.refused != 0 {
      return TransferFailure(.addressForbidden, .connect, "The address of this host may not be contacted.")
    }
    var osError = 0
    var verifyResult = 0
    _ = ccurl_get_long(easy, CURLINFO_OS_ERRNO, &osError)
    _ = ccurl_get_long(easy, CURLINFO_SSL_VERIFYRESULT, &verifyResult)
    let own = String(cString: errorText)
    let words = own.isEmpty ? String(cString: curl_easy_strerror(code)) : own
    return CurlVerdict(
      code: code, stage: stage, osError: Int32(truncatingIfNeeded: osError), verifyResult: verifyResult, words: words,
      peer: peer
    ).failure
  }

  private var peer: String {
    guard let address else { return host }
    return address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }

  private func leaveCurl() {
    guard state == .running else { return }
    curl_multi_remove_handle(client.multi, easy)
    client.loop.cancelTimer(&connectTimer)
    state = .resolving
  }

  /// A failure found inside `begin` is told from the loop's next turn, so that no caller hears of an end before it has
  /// its transfer in hand.
  private func endLater(_ failure: TransferFailure) {
    self.failure = failure
    client.loop.cancelTimer(&deadlineTimer)
    deadlineTimer = client.loop.setTimer(client.loop.nowNs, self, tag: Self.deadlineTag)
  }

  private func end(_ failure: TransferFailure?) {
    self.failure = failure
    timing.totalUs = max(
      Int64((client.loop.nowNs - startNs) / 1000),
      (timing.dnsUs ?? 0) + (timing.connectUs ?? 0) + (timing.tlsUs ?? 0) + (timing.firstByteUs ?? 0)
        + (timing.transferUs ?? 0))
    close()
    ended()
  }

  private func close() {
    lookup?.cancel()
    lookup = nil
    waiting.removeAll(keepingCapacity: true)
    client.loop.cancelTimer(&deadlineTimer)
    client.loop.cancelTimer(&connectTimer)
    state = .ended
  }

  // MARK: Clocks

  private struct Clocks {
    var connect: Int64 = 0
    var tls: Int64 = 0
    var firstByte: Int64 = 0
  }

  /// libcurl's cumulative clocks in µs; 0 where the moment has not come.
  private func clocks() -> Clocks {
    var clocks = Clocks()
    var value: curl_off_t = 0
    _ = ccurl_get_offset(easy, CURLINFO_CONNECT_TIME_T, &value)
    clocks.connect = Int64(value)
    // libcurl tells this one only when the handshake is over as well.
    if value == 0, connectedNs > attemptNs { clocks.connect = max(1, Int64((connectedNs - attemptNs) / 1000)) }
    if isTLSFromStart {
      value = 0
      _ = ccurl_get_offset(easy, CURLINFO_APPCONNECT_TIME_T, &value)
      clocks.tls = Int64(value)
    }
    value = 0
    _ = ccurl_get_offset(easy, CURLINFO_STARTTRANSFER_TIME_T, &value)
    clocks.firstByte = Int64(value)
    return clocks
  }

  private var stage: TransferFailure.Stage {
    let clocks = clocks()
    if clocks.connect == 0 { return .connect }
    if isTLSFromStart, clocks.tls == 0 { return .tls }
    return clocks.firstByte == 0 ? .firstByte : .transfer
  }

  /// Turns the clocks into lengths; the phase that was under way gets the rest.
  private func measure() {
    let clocks = clocks()
    let wastedUs = Int64((attemptNs - resolvedNs) / 1000)
    let elapsedUs = Int64((client.loop.nowNs - attemptNs) / 1000)
    guard clocks.connect > 0 else { return timing.connectUs = wastedUs + elapsedUs }
    timing.connectUs = wastedUs + clocks.connect
    var base = clocks.connect
    if isTLSFromStart {
      guard clocks.tls > 0 else { return timing.tlsUs = max(0, elapsedUs - base) }
      timing.tlsUs = max(0, clocks.tls - base)
      base = clocks.tls
    }
    guard clocks.firstByte > 0 else { return timing.firstByteUs = max(0, elapsedUs - base) }
    timing.firstByteUs = max(0, clocks.firstByte - base)
    timing.transferUs = max(0, elapsedUs - clocks.firstByte)
  }

  /// Whether the connection stands and the handshake goes on.
  var isConnected: Bool { state == .running && clocks().connect > 0 }
}

private func handshakeStarts(
  _ easy: UnsafeMutableRawPointer?, _ sslContext: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> CURLcode {
  guard let context else { return CURLE_OK }
  Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().handshakeBegins()
  return CURLE_OK
}
