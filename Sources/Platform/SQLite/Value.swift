/// What may be bound to a placeholder: the storage classes of SQLite.
public enum Value: Hashable, Sendable {
  case null
  case int(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  public init(_ value: Int64?) { self = value.map(Value.int) ?? .null }
  public init(_ value: Int32?) { self = value.map { .int(Int64($0)) } ?? .null }
  public init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
  public init(_ value: String?) { self = value.map(Value.text) ?? .null }
  public init(_ value: [UInt8]?) { self = value.map(Value.blob) ?? .null }
  public init(_ value: Double?) { self = value.map(Value.real) ?? .null }
  public init(_ value: Bool) { self = .int(value ? 1 : 0) }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral,
  ExpressibleByBooleanLiteral
{
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .int(value ? 1 : 0) }
}
