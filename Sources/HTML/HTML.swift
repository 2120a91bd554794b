/// Markup, written as an HTML literal: interpolated text is escaped, interpolated `HTML` is nested as it is.
///
/// The one unescaped way in is `HTML(unescaped:)`.
public struct HTML: Sendable, Equatable {
  /// UTF-8, ready to be sent.
  public private(set) var bytes: [UInt8]

  /// Nothing.
  public init() { bytes = [] }

  /// Escaped text.
  public init(text: some StringProtocol) {
    bytes = []
    Escaping.append(text, to: &bytes)
  }

  /// Markup taken as it is: only for text that this program wrote itself.
  public init(unescaped markup: String) { bytes = Array(markup.utf8) }

  /// Markup taken as it is: only for bytes that this program wrote itself.
  public init(unescaped markup: [UInt8]) { bytes = markup }

  public var isEmpty: Bool { bytes.isEmpty }

  /// The markup as text, for tests and for mail.
  public var string: String { String(decoding: bytes, as: UTF8.self) }

  public static func + (left: HTML, right: HTML) -> HTML {
    var both = left
    both.bytes.append(contentsOf: right.bytes)
    return both
  }

  public static func += (left: inout HTML, right: HTML) { left.bytes.append(contentsOf: right.bytes) }
}

/// A piece of a page: a struct of plain values that prints itself.
public protocol Component: Sendable {
  var body: HTML { get }
}

extension Sequence<HTML> {
  /// One after another, with an optional piece between.
  public func joined(by separator: HTML = HTML()) -> HTML {
    var all = HTML()
    var isFirst = true
    for piece in self {
      if !isFirst { all += separator }
      all += piece
      isFirst = false
    }
    return all
  }
}

extension HTML: ExpressibleByStringInterpolation {
  public init(stringLiteral markup: String) { bytes = Array(markup.utf8) }

  public init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

  /// What may stand in `\( )` within an HTML literal.
  public struct StringInterpolation: StringInterpolationProtocol {
    var bytes: [UInt8] = []

    public init(literalCapacity: Int, interpolationCount: Int) {
      bytes.reserveCapacity(literalCapacity + 24 * interpolationCount)
    }

    public mutating func appendLiteral(_ markup: String) { bytes.append(contentsOf: markup.utf8) }

    /// Text, escaped for elements and for quoted attributes.
    public mutating func appendInterpolation(_ text: some StringProtocol) { Escaping.append(text, to: &bytes) }

    public mutating func appendInterpolation(_ number: some BinaryInteger) {
      bytes.append(contentsOf: String(number).utf8)
    }

    /// Markup, as it is.
    public mutating func appendInterpolation(_ html: HTML) { bytes.append(contentsOf: html.bytes) }

    /// Markup, or nothing.
    public mutating func appendInterpolation(_ html: HTML?) {
      if let html { bytes.append(contentsOf: html.bytes) }
    }

    public mutating func appendInterpolation(_ component: some Component) {
      bytes.append(contentsOf: component.body.bytes)
    }

    public mutating func appendInterpolation<C: Component>(_ component: C?) {
      if let component { bytes.append(contentsOf: component.body.bytes) }
    }

    /// One row for each element.
    public mutating func appendInterpolation<S: Sequence>(_ elements: S, _ row: (S.Element) -> HTML) {
      for element in elements { bytes.append(contentsOf: row(element).bytes) }
    }

    /// Markup when the condition holds.
    public mutating func appendInterpolation(if condition: Bool, _ html: @autoclosure () -> HTML) {
      if condition { bytes.append(contentsOf: html().bytes) }
    }

    /// A link: what is no http, https or mailto address and no local path prints `#`.
    public mutating func appendInterpolation(url: String) {
      Escaping.append(SafeURL.vetted(url), to: &bytes)
    }

    /// A whole attribute with a space before it, or nothing when the value is absent: `<a\(attribute: "title", title)>`.
    public mutating func appendInterpolation(attribute name: StaticString, _ value: String?) {
      guard let value else { return }
      openAttribute(name)
      Escaping.append(value, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }

    /// A whole attribute without a value, such as `checked`, or nothing.
    public mutating func appendInterpolation(flag name: StaticString, _ isOn: Bool) {
      guard isOn else { return }
      bytes.append(UInt8(ascii: " "))
      appendName(name)
    }

    private mutating func openAttribute(_ name: StaticString) {
      bytes.append(UInt8(ascii: " "))
      appendName(name)
      bytes.append(contentsOf: "=\"".utf8)
    }

    private mutating func appendName(_ name: StaticString) {
      name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
  }
}
