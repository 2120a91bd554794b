/// The public form of a run's key: `run_` and the 64 bits in 13 digits of base32.
extension RunKey {
  public var text: String {
    RunTag.prefix + "_" + Base32.encode((0..<8).map { UInt8(truncatingIfNeeded: raw >> Int64(56 - 8 * $0)) })
  }

  /// nil for anything that `text` does not print.
  public init?(text: String) {
    let digits = Array(text.utf8.dropFirst(RunTag.prefix.utf8.count + 1))
    guard text.hasPrefix(RunTag.prefix + "_"), digits.count == 13 else { return nil }
    var value: UInt64 = 0
    for (i, digit) in digits.enumerated() {
      guard let five = Base32.alphabet.firstIndex(of: digit) else { return nil }
      // The last digit holds the last four bits and a zero.
      if i == 12, five & 1 != 0 { return nil }
      value = i < 12 ? value << 5 | UInt64(five) : value << 4 | UInt64(five >> 1)
    }
    self.init(raw: Int64(bitPattern: value))
  }
}
