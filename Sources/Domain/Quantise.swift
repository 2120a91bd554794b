/// The one place where a measured time loses digits, so that log, chunk and sketch agree.
public enum Quantise {
  /// Three significant digits or 10 µs, whichever is finer: whole µs below a millisecond, tens of µs above.
  public static func us(_ us: Int32) -> Int32 {
    us < 1000 ? max(us, 0) : us > Int32.max - 5 ? Int32.max / 10 * 10 : (us + 5) / 10 * 10
  }

  public static func timing(_ t: Timing) -> Timing {
    var out = Timing()
    out.dnsUs = t.dnsUs.map(us)
    out.connectUs = t.connectUs.map(us)
    out.tlsUs = t.tlsUs.map(us)
    out.firstByteUs = t.firstByteUs.map(us)
    out.transferUs = t.transferUs.map(us)
    out.totalUs = us(t.totalUs)
    return out
  }

  /// The number of a grid point: neighbours differ by one, which is what packs well.
  public static func index(_ us: Int64) -> Int64 { us < 1000 ? us : 900 + us / 10 }
  public static func value(_ index: Int64) -> Int64 { index < 1000 ? index : (index - 900) * 10 }
}

extension RunKey {
  /// `run_` and thirteen base32 digits, there and back.
  public var text: String {
    "run_" + Base32.encode((0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: raw) >> UInt64(56 - 8 * $0)) })
  }

  public init?(text: String) {
    guard text.hasPrefix("run_"), text.utf8.count == 17 else { return nil }
    var bits: UInt64 = 0
    for (i, digit) in text.utf8.dropFirst(4).enumerated() {
      guard let value = Base32.alphabet.firstIndex(of: digit) else { return nil }
      // Thirteen digits hold 65 bits: the last one carries four and a zero.
      if i == 12, value & 1 != 0 { return nil }
      bits = i == 12 ? bits << 4 | UInt64(value >> 1) : bits << 5 | UInt64(value)
    }
    self.init(raw: Int64(bitPattern: bits))
  }
}
