import CCurl
import Glibc

/// Who hears of the end of an exchange.
public protocol ExchangeOwner: AnyObject {
  func exchangeEnded(_ exchange: Exchange)
}

/// One HTTP request and its answer, without redirects. Owned by the loop's thread; reused through its client's free list.
public final class Exchange: Transfer {
  static let headBytesMax = 64 * 1024
  private static let bufferBytesKept = 32 * 1024

  private var request: PreparedRequest?
  private var configured: PreparedRequest?
  private weak var owner: (any ExchangeOwner)?
  private var headBytesSeen = 0
  private var isHeadTooLarge = false
  private var isBodyTooLarge = false

  /// The last response head as it came, CRLF and all.
  public private(set) var head: [UInt8] = []
  /// The first bytes of the decoded body, as many as the request asked to keep.
  public private(set) var body: [UInt8] = []
  /// Bytes of the decoded body.
  public private(set) var bodyBytes = 0
  /// 0 before a status line came.
  public private(set) var status = 0
  /// `1.1` as 11, `2` as 20; 0 where none was spoken.
  public private(set) var httpVersion = 0

  func begin(
    _ request: PreparedRequest, deadlineNs: UInt64, owner: any ExchangeOwner, vet: @escaping (IPAddress) -> Bool
  ) {
    self.request = request
    self.owner = owner
    status = 0
    httpVersion = 0
    dropAnswer()
    let url = request.url
    begin(
      host: url.host, port: url.port, literal: url.address, isTLS: url.isTLS, family: request.options.family,
      deadlineNs: deadlineNs, vet: vet)
  }

  /// Drops what the exchange holds before it goes back to the free list.
  func forget() {
    owner = nil
    if let request, !request.isPlainGet {
      curl_easy_reset(easy)
      setBasics()
      configured = nil
    }
    request = nil
    if head.capacity > Self.bufferBytesKept { head = [] }
    if body.capacity > Self.bufferBytesKept { body = [] }
  }

  override func setBasics() {
    super.setBasics()
    let me = Unmanaged.passUnretained(self).toOpaque()
    _ = ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    _ = ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    _ = ccurl_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
    _ = ccurl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "")
    _ = ccurl_set_string(easy, CURLOPT_USERAGENT, client.configuration.userAgent)
    _ = ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
    _ = ccurl_set_long(easy, CURLOPT_CERTINFO, 1)
    _ = ccurl_set_data_function(easy, CURLOPT_HEADERFUNCTION, headArrived)
    _ = ccurl_set_pointer(easy, CURLOPT_HEADERDATA, me)
    _ = ccurl_set_data_function(easy, CURLOPT_WRITEFUNCTION, bodyArrived)
    _ = ccurl_set_pointer(easy, CURLOPT_WRITEDATA, me)
  }

  private func dropAnswer() {
    head.removeAll(keepingCapacity: true)
    body.removeAll(keepingCapacity: true)
    bodyBytes = 0
    headBytesSeen = 0
    isHeadTooLarge = false
    isBodyTooLarge = false
  }

  override func beginAttempt() {
    dropAnswer()
    guard let request, configured !== request else { return }
    configured = request
    _ = ccurl_set_string(easy, CURLOPT_URL, request.urlText)
    _ = ccurl_set_list(easy, CURLOPT_HTTPHEADER, request.headers)
    _ = ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, request.options.verifiesTLS ? 1 : 0)
    _ = ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, request.options.verifiesTLS ? 2 : 0)
    guard !request.isPlainGet else { return }
    if request.options.reusesConnection {
      _ = ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, 0)
      _ = ccurl_set_long(easy, CURLOPT_FORBID_REUSE, 0)
    }
    if let body = request.body {
      _ = ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      _ = ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress)
    }
    if request.method == "HEAD" { _ = ccurl_set_long(easy, CURLOPT_NOBODY, 1) }
    _ = ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
  }

  override func ended() {
    defer { owner?.exchangeEnded(self) }
    // Without a connection libcurl would still tell of the handle's transfer before.
    guard wasAttempted else { return }
    var value = 0
    _ = ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &value)
    status = value
    value = 0
    _ = ccurl_get_long(easy, CURLINFO_HTTP_VERSION, &value)
    switch value {
    case Int(CURL_HTTP_VERSION_1_0): httpVersion = 10
    case Int(CURL_HTTP_VERSION_1_1): httpVersion = 11
    case Int(CURL_HTTP_VERSION_2_0): httpVersion = 20
    default: httpVersion = 0
    }
  }

  override func ownFailure(_ stage: TransferFailure.Stage) -> TransferFailure? {
    if isHeadTooLarge {
      return TransferFailure(
        .protocolError, .firstByte, "The head of the answer is larger than \(Self.headBytesMax / 1024) kB.")
    }
    if isBodyTooLarge, let request {
      return TransferFailure(
        .bodyTooLarge, .transfer, "The body of the answer is larger than \(request.options.bodyBytesMax) bytes.")
    }
    return nil
  }

  fileprivate func headLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
    headBytesSeen += bytes.count
    guard headBytesSeen <= Self.headBytesMax else {
      isHeadTooLarge = true
      return false
    }
    // A status line begins a new head: what came before was an interim answer.
    if bytes.count > 5, bytes.starts(with: "HTTP/".utf8), head.last == 0x0a, bodyBytes == 0 {
      head.removeAll(keepingCapacity: true)
    }
    head.append(contentsOf: bytes)
    return true
  }

  fileprivate func bodyPart(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let request else { return false }
    bodyBytes += bytes.count
    let room = request.options.bodyBytesKept - body.count
    if room > 0 { body.append(contentsOf: bytes.prefix(room)) }
    guard bodyBytes <= request.options.bodyBytesMax else {
      isBodyTooLarge = true
      return false
    }
    return true
  }

  // MARK: Certificates

  /// Length of the chain that the peer presented; 0 without TLS.
  public var certificateCount: Int { certificates.map { Int($0.pointee.num_of_certs) } ?? 0 }

  /// A field of a certificate in libcurl's words (`Subject`, `Issuer`, `Expire date`); leaf is 0.
  public func certificateField(_ name: String, of index: Int) -> String? {
    guard let certificates, index < Int(certificates.pointee.num_of_certs) else { return nil }
    var item = certificates.pointee.certinfo[index]
    while let current = item {
      if let data = current.pointee.data, strncmp(data, name, name.utf8.count) == 0,
        data[name.utf8.count] == CChar(UInt8(ascii: ":"))
      {
        return String(cString: data + name.utf8.count + 1)
      }
      item = current.pointee.next
    }
    return nil
  }

  private var certificates: UnsafeMutablePointer<curl_certinfo>? {
    var found: UnsafeMutablePointer<curl_certinfo>?
    guard wasAttempted, ccurl_get_certificates(easy, &found) == CURLE_OK else { return nil }
    return found
  }
}

private func headArrived(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let data, let context else { return 0 }
  let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
  return exchange.headLine(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

private func bodyArrived(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let data, let context else { return 0 }
  let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
  return exchange.bodyPart(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}
