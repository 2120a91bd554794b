/// A response serialised: status line, header fields, blank line, body.
struct Wire {
  var bytes: [UInt8]
  let statusLineCount: Int

  /// Fields that a 304 repeats (RFC 9110 section 15.4.5).
  static let keptByNotModified: Set<String> = ["cache-control", "content-location", "expires", "vary"]
  /// Fields that are the server's to write.
  private static let ownFields: Set<String> = ["connection", "content-length", "date", "transfer-encoding"]

  /// `writesBody` is false for HEAD: Content-Length is told, the body is not.
  init(status: Int, headers: [Header], body: [UInt8], writesBody: Bool) {
    self.init(status: status, headers: headers, reserving: writesBody ? body.count : 0)
    if status >= 200, status != 204, status != 304 { append("Content-Length", String(body.count)) }
    bytes += "\r\n".utf8
    if writesBody, status != 204, status != 304 { bytes += body }
  }

  /// The head of a stream, which has no length, and its first bytes.
  init(stream first: [UInt8], status: Int, headers: [Header]) {
    self.init(status: status, headers: headers, reserving: first.count)
    bytes += "\r\n".utf8
    bytes += first
  }

  private init(status: Int, headers: [Header], reserving count: Int) {
    bytes = []
    bytes.reserveCapacity(256 + headers.count * 48 + count)
    bytes += "HTTP/1.1 \(status) \(reason(status))\r\n".utf8
    statusLineCount = bytes.count
    for header in headers where !Wire.ownFields.contains(header.name.lowercased()) { append(header.name, header.value) }
  }

  /// A line break or another control character inside a field would start a new field: it becomes a space.
  private mutating func append(_ name: String, _ value: String) {
    for byte in name.utf8 where byte > 0x20 && byte != 0x7f && byte != UInt8(ascii: ":") { bytes.append(byte) }
    bytes += ": ".utf8
    for byte in value.utf8 { bytes.append((byte < 0x20 && byte != 0x09) || byte == 0x7f ? 0x20 : byte) }
    bytes += "\r\n".utf8
  }
}

private func reason(_ status: Int) -> String {
  switch status {
  case 101: "Switching Protocols"
  case 200: "OK"
  case 201: "Created"
  case 202: "Accepted"
  case 204: "No Content"
  case 206: "Partial Content"
  case 301: "Moved Permanently"
  case 302: "Found"
  case 303: "See Other"
  case 304: "Not Modified"
  case 307: "Temporary Redirect"
  case 308: "Permanent Redirect"
  case 400: "Bad Request"
  case 401: "Unauthorized"
  case 403: "Forbidden"
  case 404: "Not Found"
  case 405: "Method Not Allowed"
  case 406: "Not Acceptable"
  case 408: "Request Timeout"
  case 409: "Conflict"
  case 410: "Gone"
  case 412: "Precondition Failed"
  case 413: "Content Too Large"
  case 415: "Unsupported Media Type"
  case 421: "Misdirected Request"
  case 422: "Unprocessable Content"
  case 426: "Upgrade Required"
  case 428: "Precondition Required"
  case 429: "Too Many Requests"
  case 500: "Internal Server Error"
  case 501: "Not Implemented"
  case 502: "Bad Gateway"
  case 503: "Service Unavailable"
  case 504: "Gateway Timeout"
  default: "Status"
  }
}
