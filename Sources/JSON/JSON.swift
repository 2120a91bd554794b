/// A JSON text as a value (RFC 8259). Objects keep their order; names are unique.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number that is a whole 64-bit integer as written.
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public var name: String
    public var value: JSON
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  public subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  public var string: String? { if case .string(let s) = self { s } else { nil } }
  public var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
  public var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
  public var members: [Member]? { if case .object(let m) = self { m } else { nil } }
  public var isNull: Bool { self == .null }
  /// Whole numbers only; `5.0` counts as 5.
  public var int: Int64? {
    switch self {
    case .int(let n): n
    case .double(let d): Int64(exactly: d)
    default: nil
    }
  }
  public var double: Double? {
    switch self {
    case .int(let n): Double(n)
    case .double(let d): d
    default: nil
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
  public init(nilLiteral: ()) { self = .null }

  public init(_ value: String?) { self = value.map(JSON.string) ?? .null }
  public init(_ value: Int64?) { self = value.map(JSON.int) ?? .null }
  public init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
  public init(_ value: Int32?) { self = value.map { .int(Int64($0)) } ?? .null }
  public init(_ value: Bool) { self = .bool(value) }
  /// Not a number and infinities have no JSON form: null.
  public init(_ value: Double?) { self = value.flatMap { $0.isFinite ? .double($0) : nil } ?? .null }
}
