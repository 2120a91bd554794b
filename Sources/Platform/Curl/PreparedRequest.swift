import CCurl

/// One HTTP request made ready to be sent many times.
///
/// Sendable: immutable after init; libcurl only reads the C texts it is lent.
public final class PreparedRequest: @unchecked Sendable {
  public struct Options: Sendable {
    public var verifiesTLS = true
    public var family = Resolver.Family.any
    /// Bytes of the body, after decompression, beyond which the transfer ends as too large.
    public var bodyBytesMax = 1 << 20
    /// How many bytes of the body are kept; the rest is counted only.
    public var bodyBytesKept = 1 << 20
    /// Whether a connection of an earlier request may carry this one, and this one's the next. Never for a probe.
    public var reusesConnection = false
    public init() {}
  }

  public let url: WebURL
  public let method: String
  public let options: Options

  let urlText: UnsafeMutablePointer<CChar>
  let headers: UnsafeMutablePointer<curl_slist>?
  let body: UnsafeMutableBufferPointer<UInt8>?
  /// A plain GET needs no other option than the URL and the headers.
  let isPlainGet: Bool

  /// `headers` and `method` must be free of control characters; user and password of the URL become Basic authorization
  /// unless the headers hold one.
  public init(
    _ url: WebURL, method: String = "GET", headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
    options: Options = Options()
  ) {
    self.url = url
    self.method = method
    self.options = options
    isPlainGet = method == "GET" && body == nil
    urlText = Self.copy(url.description)
    var list: UnsafeMutablePointer<curl_slist>?
    func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
    for header in headers {
      // libcurl takes "name;" for a header without value and would drop "name:".
      list = curl_slist_append(list, header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
    }
    if !has("authorization"), let credentials = url.authorization {
      list = curl_slist_append(list, "Authorization: \(credentials)")
    }
    if body != nil || method == "POST", !has("content-type") { list = curl_slist_append(list, "Content-Type:") }
    self.headers = list
    let needsBody = method == "POST" || method == "PUT" || method == "PATCH"
    self.body = (body ?? (needsBody ? [] : nil)).map {
      let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max($0.count, 1))
      _ = copy.update(fromContentsOf: $0)
      return UnsafeMutableBufferPointer(rebasing: copy[..<$0.count])
    }
  }

  deinit {
    urlText.deallocate()
    curl_slist_free_all(headers)
    body?.baseAddress?.deallocate()
  }

  private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = text.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = byte }
    return copy
  }
}

extension WebURL {
  /// Value of the Authorization header for user and password (RFC 7617); nil where the URL names nobody.
  public var authorization: String? {
    guard user != nil || password != nil else { return nil }
    return "Basic " + base64(Array("\(user ?? ""):\(password ?? "")".utf8))
  }
}

func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var out: [UInt8] = []
  out.reserveCapacity((bytes.count + 2) / 3 * 4)
  var index = 0
  while index < bytes.count {
    let a = bytes[index]
    let b = index + 1 < bytes.count ? bytes[index + 1] : 0
    let c = index + 2 < bytes.count ? bytes[index + 2] : 0
    out.append(alphabet[Int(a >> 2)])
    out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
    out.append(index + 1 < bytes.count ? alphabet[Int((b & 15) << 2 | c >> 6)] : UInt8(ascii: "="))
    out.append(index + 2 < bytes.count ? alphabet[Int(c & 63)] : UInt8(ascii: "="))
    index += 3
  }
  return String(decoding: out, as: UTF8.self)
}
