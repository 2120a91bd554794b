/// The methods that the product's routes use; HEAD is answered as GET without a body.
public enum Method: String, Sendable, CaseIterable {
  case get = "GET"
  case post = "POST"
  case patch = "PATCH"
  case delete = "DELETE"
}

/// Who may use a route; nothing is open unless it says so.
public enum Policy: String, Sendable, CaseIterable {
  /// Nobody needs to be known.
  case everyone
  /// A person who is logged in, whatever the role; never a key.
  case session
  /// Members and keys of either scope.
  case read
  /// Owner, admin and `write` keys.
  case write
  /// Owner and admin, never a key.
  case admin
  case owner
}

/// Where one operation stands: `template` has its variable segments in braces (`monitors/{id}/check`).
public struct Endpoint: Hashable, Sendable {
  public let method: Method
  public let template: String
  public let policy: Policy

  init(_ method: Method, _ template: String, _ policy: Policy) {
    self.method = method
    self.template = template
    self.policy = policy
  }

  var segments: [Substring] { template.split(separator: "/") }
}

/// One enum of operations: it parses requests and prints links.
public protocol Surface: CaseIterable, Hashable, Sendable {
  /// What stands before each template: `/api/v1/` or `/`.
  static var root: String { get }
  /// How a printed link ends; requests are accepted with and without the last slash.
  static var endsInSlash: Bool { get }
  var endpoint: Endpoint { get }
}

extension Surface {
  /// The link to this operation; `arguments` fill the variable segments in order.
  public func path(_ arguments: String...) -> String { path(arguments) }

  public func path(_ arguments: [String]) -> String {
    var rest = arguments[...]
    var out = Self.root
    let segments = endpoint.segments
    for (index, segment) in segments.enumerated() {
      if index > 0 { out += "/" }
      if segment.first == "{" {
        precondition(!rest.isEmpty, "the link to \(endpoint.template) lacks an argument")
        out += PercentCoding.encode(rest.removeFirst())
      } else {
        out += segment
      }
    }
    precondition(rest.isEmpty, "the link to \(endpoint.template) has too many arguments")
    if Self.endsInSlash, !segments.isEmpty, segments.last?.contains(".") == false { out += "/" }
    return out
  }
}

/// An operation with the values of its variable segments, decoded.
public struct Route<S: Surface>: Hashable, Sendable {
  public let operation: S
  public let arguments: [String]
}

/// What a method and a path lead to.
public enum RouteMatch<S: Surface>: Hashable, Sendable {
  case found(Route<S>)
  /// The place exists for other methods.
  case wrongMethod(allow: [String])
  case nothing
}

/// All operations of a surface, ready to be matched; made once.
public struct RouteTable<S: Surface>: Sendable {
  private struct Entry {
    let operation: S
    let segments: [Substring]
  }
  private let root: [Substring]
  private let entries: [Int: [Entry]]

  public init() {
    root = S.root.split(separator: "/")
    entries = Dictionary(
      grouping: S.allCases.map { Entry(operation: $0, segments: $0.endpoint.segments) }, by: { $0.segments.count })
  }

  /// `target` is the request's target as sent, with or without a query.
  public func match(method: String, target: String) -> RouteMatch<S> {
    guard let path = PathSegments.decode(target), path.starts(with: root.map(String.init)) else { return .nothing }
    let segments = path.dropFirst(root.count)
    var best: (literals: Int, found: [(S, [String])]) = (-1, [])
    for entry in entries[segments.count] ?? [] {
      guard let (literals, arguments) = Self.fit(entry.segments, segments) else { continue }
      if literals > best.literals { best = (literals, []) }
      if literals == best.literals { best.found.append((entry.operation, arguments)) }
    }
    guard best.literals >= 0 else { return .nothing }
    let wanted = method == "HEAD" ? "GET" : method
    if let (operation, arguments) = best.found.first(where: { $0.0.endpoint.method.rawValue == wanted }) {
      return .found(Route(operation: operation, arguments: arguments))
    }
    let methods = best.found.map(\.0.endpoint.method)
    return .wrongMethod(
      allow: Method.allCases.filter(methods.contains).flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] })
  }

  private static func fit(_ template: [Substring], _ path: ArraySlice<String>) -> (Int, [String])? {
    var literals = 0
    var arguments: [String] = []
    for (wanted, given) in zip(template, path) {
      if wanted.first == "{" {
        arguments.append(given)
      } else {
        guard wanted == given else { return nil }
        literals += 1
      }
    }
    return (literals, arguments)
  }
}

/// The segments of a request's path, decoded once: what is matched is what is authorized.
enum PathSegments {
  /// Nil for empty segments in the middle, dot segments, control characters, an encoded slash and wrong encodings.
  static func decode(_ target: String) -> [String]? {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    var segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    if segments.last?.isEmpty == true { segments.removeLast() }
    var out: [String] = []
    for segment in segments {
      guard let text = PercentCoding.decode(segment, plusIsSpace: false), !text.isEmpty, text != ".", text != "..",
        text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") })
      else { return nil }
      out.append(text)
    }
    return out
  }
}

/// Percent-encoding of URLs (RFC 3986) and of forms (`application/x-www-form-urlencoded`).
enum PercentCoding {
  static func encode(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        out.append(byte)
      default: out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Nil for a `%` without two hex digits and for bytes that are not UTF-8.
  static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
    var out: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      if byte == UInt8(ascii: "%") {
        guard let high = bytes.next().flatMap(nibble), let low = bytes.next().flatMap(nibble) else { return nil }
        out.append(high << 4 | low)
      } else {
        out.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): (byte | 32) - 87
    default: nil
    }
  }
}
