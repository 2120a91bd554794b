/// A file that pages load: embedded in the binary, named by its content, cached for ever.
public struct Asset: Sendable, Equatable {
  /// The source file's name: `base.css`.
  public let name: String
  /// The first 16 hex digits of the content's SHA-256.
  public let hash: String
  /// With its character set.
  public let contentType: String
  private let content: StaticString

  /// Under `/assets/`, with the hash in it: `/assets/base.0123456789abcdef.css`.
  public let path: String

  init(name: String, hash: String, contentType: String, content: StaticString) {
    self.name = name
    self.hash = hash
    self.contentType = contentType
    self.content = content
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    path = "/assets/\(name[..<dot]).\(hash)\(name[dot...])"
  }

  /// A strong validator.
  public var etag: String { "\"\(hash)\"" }

  /// A copy of the file.
  public var bytes: [UInt8] { content.withUTF8Buffer { Array($0) } }

  /// What a browser may keep for a year without asking, as the name changes with the content.
  public static let cacheControl = "public, max-age=31536000, immutable"

  /// The asset at a path, or nil.
  public static func at(path: some StringProtocol) -> Asset? { all.first { $0.path == path } }

  public static func == (left: Asset, right: Asset) -> Bool { left.name == right.name && left.hash == right.hash }
}

/// Headers that every page carries, as the pages need nothing else: no inline script, no inline style, nothing from
/// outside.
public enum PagePolicy {
  public static let contentSecurityPolicy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'
    """
}
