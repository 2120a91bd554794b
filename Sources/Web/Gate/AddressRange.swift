import Glibc

/// An IP address with its 4 or 16 bytes; IPv4 within IPv6 counts as IPv4.
public struct NumericAddress: Hashable, Sendable {
  let bytes: [UInt8]

  /// Nil for anything but a numeric address without port, brackets or zone.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 45 else { return nil }
    let text = String(text)
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      bytes = withUnsafeBytes(of: &v4) { Array($0) }
      return
    }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let all = withUnsafeBytes(of: &v6) { Array($0) }
    bytes = all.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) ? Array(all[12...]) : all
  }
}

/// A range of addresses in CIDR form; a single address is a range of one.
public struct AddressRange: Hashable, Sendable {
  private let base: NumericAddress
  private let bits: Int

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = NumericAddress(parts[0]) else { return nil }
    let width = address.bytes.count * 8
    guard let bits = parts.count == 2 ? Int(parts[1]) : width, (0...width).contains(bits) else { return nil }
    base = address
    self.bits = bits
  }

  public func contains(_ address: NumericAddress) -> Bool {
    guard address.bytes.count == base.bytes.count else { return false }
    for (index, pair) in zip(base.bytes, address.bytes).enumerated() {
      let left = bits - index * 8
      if left <= 0 { return true }
      let mask: UInt8 = left >= 8 ? 0xFF : ~(0xFF >> UInt8(left))
      if pair.0 & mask != pair.1 & mask { return false }
    }
    return true
  }
}
