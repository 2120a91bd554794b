/// How records stand in a segment: length and checksum (four bytes each, little-endian), then the payload.
enum SpoolRecords {
  private static let headBytes = 8
  static let payloadBytesMax = 1 << 20

  static func encoded(_ payload: [UInt8]) -> [UInt8] {
    var record: [UInt8] = []
    record.reserveCapacity(payload.count + headBytes)
    for value in [UInt32(payload.count), Checksum.crc32(payload)] {
      for shift in [UInt32(0), 8, 16, 24] { record.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    return record + payload
  }

  struct Content {
    /// The whole records at the start.
    var payloads: [[UInt8]] = []
    /// Where they end.
    var whole = 0
    /// Records behind them, as far as their lengths tell: what a cut there loses.
    var torn = 0
  }

  static func decoded(_ bytes: [UInt8]) -> Content {
    var out = Content()
    while let count = length(at: out.whole, in: bytes), out.whole + headBytes + count <= bytes.count {
      let payload = Array(bytes[out.whole + headBytes..<out.whole + headBytes + count])
      guard Checksum.crc32(payload) == number(at: out.whole + 4, in: bytes) else { break }
      out.payloads.append(payload)
      out.whole += headBytes + count
    }
    var at = out.whole
    while at < bytes.count {
      out.torn += 1
      guard let count = length(at: at, in: bytes) else { break }
      at += headBytes + count
    }
    return out
  }

  /// Nil where no record can begin.
  private static func length(at: Int, in bytes: [UInt8]) -> Int? {
    guard at + headBytes <= bytes.count else { return nil }
    let count = Int(number(at: at, in: bytes))
    return count > 0 && count <= payloadBytesMax ? count : nil
  }

  private static func number(at: Int, in bytes: [UInt8]) -> UInt32 {
    (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
  }
}

/// CRC-32 as in ISO-HDLC and zlib.
enum Checksum {
  private static let table: [UInt32] = (0..<256).map { n in
    (0..<8).reduce(UInt32(n)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }
}
