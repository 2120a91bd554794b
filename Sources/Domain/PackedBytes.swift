/// Packed bytes that this version cannot read.
public struct PackedError: Error, Hashable, Sendable {
  public let detail: String

  public init(detail: String) { self.detail = detail }
}

/// Writes integers in as few bytes as they need: LEB128, and zigzag for signed ones.
public struct PackedWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  public mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: value << 1 ^ value >> 63)) }

  public mutating func raw(_ more: [UInt8]) { bytes += more }

  /// A column in the shortest of three forms: runs of equal values, differences, or values as they are.
  /// The reader must know how many there are.
  public mutating func column(_ values: [Int64]) {
    guard !values.isEmpty else { return }
    let forms = [Self.runs(values), Self.differences(values), Self.plain(values)]
    let best = forms.indices.min { forms[$0].count < forms[$1].count } ?? 0
    bytes.append(UInt8(best))
    bytes += forms[best]
  }

  /// (difference, further repeats); a column of one value takes two to four bytes.
  private static func runs(_ values: [Int64]) -> [UInt8] {
    var out = PackedWriter()
    var previous: Int64 = 0
    var i = 0
    while i < values.count {
      var end = i + 1
      while end < values.count, values[end] == values[i] { end += 1 }
      out.signed(values[i] &- previous)
      out.unsigned(UInt64(end - i - 1))
      previous = values[i]
      i = end
    }
    return out.bytes
  }

  private static func differences(_ values: [Int64]) -> [UInt8] {
    var out = PackedWriter()
    var previous: Int64 = 0
    for value in values {
      out.signed(value &- previous)
      previous = value
    }
    return out.bytes
  }

  private static func plain(_ values: [Int64]) -> [UInt8] {
    var out = PackedWriter()
    for value in values { out.signed(value) }
    return out.bytes
  }
}

/// Reads what `PackedWriter` wrote; throws instead of trusting what is on disk.
public struct PackedReader: Sendable {
  private let bytes: [UInt8]
  private var at = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var isAtEnd: Bool { at == bytes.count }
  /// Bytes left: no honest count of anything is larger.
  public var left: Int { bytes.count - at }

  public mutating func byte() throws(PackedError) -> UInt8 {
    guard at < bytes.count else { throw PackedError(detail: "cut short") }
    at += 1
    return bytes[at - 1]
  }

  public mutating func unsigned() throws(PackedError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw PackedError(detail: "an integer is too long")
  }

  public mutating func signed() throws(PackedError) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A count that is at most `max`.
  public mutating func count(max: Int) throws(PackedError) -> Int {
    let value = try unsigned()
    guard value <= UInt64(max) else { throw PackedError(detail: "a count is too large") }
    return Int(value)
  }

  public mutating func column(_ n: Int) throws(PackedError) -> [Int64] {
    guard n > 0 else { return [] }
    var out: [Int64] = []
    let form = try byte()
    // Runs may stand for more values than there are bytes; the caller's `n` is bounded by its own column.
    if form != 0, n > left { throw PackedError(detail: "a column is cut short") }
    out.reserveCapacity(n)
    var previous: Int64 = 0
    while out.count < n {
      let value = try signed()
      switch form {
      case 0:
        previous = previous &+ value
        let more = try count(max: n - out.count - 1)
        out.append(contentsOf: repeatElement(previous, count: more + 1))
      case 1:
        previous = previous &+ value
        out.append(previous)
      case 2: out.append(value)
      default: throw PackedError(detail: "column form \(form) is not known")
      }
    }
    return out
  }
}
