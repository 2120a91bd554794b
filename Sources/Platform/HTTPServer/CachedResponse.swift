/// The whole response as bytes on the wire, made once and served many times from the loop's callback.
public struct CachedResponse: Sendable {
  /// Status line, header fields and body. The server inserts Date, and Connection when it must, after the status line.
  public let bytes: [UInt8]
  /// The 304 that belongs to it: the same without a body.
  public let notModified: [UInt8]
  /// Quoted, as it stands in the field.
  public let etag: String
  /// How many of `bytes` a HEAD request gets.
  let headCount: Int
  let statusLineCount: Int
  let notModifiedStatusLineCount: Int

  /// `headers` must not contain ETag, Content-Length, Date or Connection: they are written here or by the server.
  public init(status: Int, headers: [Header], body: [UInt8], etag: String) {
    let quoted = etag.hasPrefix("\"") || etag.hasPrefix("W/\"") ? etag : "\"\(etag)\""
    let tag = Header("ETag", quoted)
    let whole = Wire(status: status, headers: headers + [tag], body: body, writesBody: false)
    let kept = headers.filter { Wire.keptByNotModified.contains($0.name.lowercased()) }
    let short = Wire(status: 304, headers: kept + [tag], body: [], writesBody: false)
    self.etag = quoted
    bytes = whole.bytes + body
    headCount = whole.bytes.count
    statusLineCount = whole.statusLineCount
    notModified = short.bytes
    notModifiedStatusLineCount = short.statusLineCount
  }

  /// What follows the header fields.
  public var body: ArraySlice<UInt8> { bytes[headCount...] }

  /// Weak comparison against a list of entity tags (RFC 9110 section 13.1.2).
  public func matches(_ ifNoneMatch: String) -> Bool {
    if ifNoneMatch == etag || ifNoneMatch == "*" { return true }
    let own = opaque(etag[...])
    return ifNoneMatch.split(separator: ",").contains { opaque(trimmed($0)) == own }
  }
}

private func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }

private func trimmed(_ text: Substring) -> Substring {
  var text = text.drop { $0 == " " || $0 == "\t" }
  while let last = text.last, last == " " || last == "\t" { text.removeLast() }
  return text
}
