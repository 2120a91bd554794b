/// Which addresses anything that people configure may make us contact: targets, webhooks, mail servers.
///
/// An address is 128 bits; IPv4 is written as ::ffff:a.b.c.d.
public struct AddressPolicy: Hashable, Sendable {
  /// How far an address reaches.
  public enum Scope: Hashable, Sendable {
    case `public`
    /// Loopback, private networks, link-local, shared and benchmarking space: only where that is granted.
    case `private`
    /// Cloud metadata, unspecified, multicast, broadcast, reserved, documentation: nobody's business ever.
    case never
  }

  public var allowsPrivate: Bool

  public init(allowsPrivate: Bool) { self.allowsPrivate = allowsPrivate }

  public func allows(high: UInt64, low: UInt64) -> Bool {
    switch Self.scope(high: high, low: low) {
    case .public: true
    case .private: allowsPrivate
    case .never: false
    }
  }

  /// Addresses that carry an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) are judged by the
  /// stricter of both.
  public static func scope(high: UInt64, low: UInt64) -> Scope {
    if high == 0, low >> 32 == 0xffff { return scope(v4: UInt32(truncatingIfNeeded: low)) }
    let own = v6Ranges.first { $0.contains(high, low) }?.scope ?? (high >> 61 == 1 ? .public : .never)
    guard own != .never, let inner = embedded(high: high, low: low) else { return own }
    return stricter(own, scope(v4: inner))
  }

  public static func scope(v4 address: UInt32) -> Scope {
    v4Ranges.first { address >> (32 - $0.length) == $0.prefix >> (32 - $0.length) }?.scope ?? .public
  }

  private static func stricter(_ a: Scope, _ b: Scope) -> Scope {
    if a == .never || b == .never { return .never }
    return a == .private || b == .private ? .private : .public
  }

  /// The IPv4 address that an IPv6 address leads to.
  private static func embedded(high: UInt64, low: UInt64) -> UInt32? {
    // 64:ff9b::/96 and 64:ff9b:1::/48 (RFC 6052, RFC 8215), IPv4 in the last 32 bits.
    if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return UInt32(truncatingIfNeeded: low) }
    if high >> 16 == 0x0064_ff9b_0001 { return UInt32(truncatingIfNeeded: low) }
    // 2002::/16 (RFC 3056), IPv4 in bits 16 to 47.
    if high >> 48 == 0x2002 { return UInt32(truncatingIfNeeded: high >> 16) }
    // 2001::/32 (RFC 4380), the client's IPv4 inverted in the last 32 bits.
    if high >> 32 == 0x2001_0000 { return ~UInt32(truncatingIfNeeded: low) }
    // ISATAP (RFC 5214): interface id 0000:5efe or 0200:5efe before the IPv4 address.
    if low >> 32 == 0x0000_5efe || low >> 32 == 0x0200_5efe { return UInt32(truncatingIfNeeded: low) }
    return nil
  }

  private struct V4Range {
    var prefix: UInt32
    var length: UInt32
    var scope: Scope
    init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ length: UInt32, _ scope: Scope) {
      prefix = a << 24 | b << 16 | c << 8 | d
      self.length = length
      self.scope = scope
    }
  }

  /// The first match decides: special addresses stand before the range they lie in (IANA special-purpose registry).
  private static let v4Ranges: [V4Range] = [
    V4Range(169, 254, 169, 254, 32, .never),  // metadata of AWS, Azure, Google, DigitalOcean …
    V4Range(169, 254, 170, 2, 32, .never),  // credentials of AWS ECS
    V4Range(169, 254, 170, 23, 32, .never),  // credentials of AWS EKS
    V4Range(169, 254, 169, 253, 32, .never),  // AWS resolver
    V4Range(169, 254, 169, 123, 32, .never),  // AWS time
    V4Range(169, 254, 0, 23, 32, .never),  // Tencent metadata
    V4Range(169, 254, 10, 10, 32, .never),  // Tencent
    V4Range(169, 254, 42, 42, 32, .never),  // Scaleway metadata
    V4Range(100, 100, 100, 200, 32, .never),  // Alibaba metadata
    V4Range(168, 63, 129, 16, 32, .never),  // Azure host
    V4Range(192, 0, 0, 192, 32, .never),  // Oracle metadata
    V4Range(0, 0, 0, 0, 8, .never),
    V4Range(10, 0, 0, 0, 8, .private),
    V4Range(100, 64, 0, 0, 10, .private),
    V4Range(127, 0, 0, 0, 8, .private),
    V4Range(169, 254, 0, 0, 16, .private),
    V4Range(172, 16, 0, 0, 12, .private),
    V4Range(192, 0, 0, 0, 24, .never),
    V4Range(192, 0, 2, 0, 24, .never),
    V4Range(192, 88, 99, 0, 24, .never),
    V4Range(192, 168, 0, 0, 16, .private),
    V4Range(198, 18, 0, 0, 15, .private),
    V4Range(198, 51, 100, 0, 24, .never),
    V4Range(203, 0, 113, 0, 24, .never),
    V4Range(224, 0, 0, 0, 4, .never),
    V4Range(240, 0, 0, 0, 4, .never),
  ]

  private struct V6Range {
    var high: UInt64
    var low: UInt64
    var length: UInt64
    var scope: Scope
    init(_ high: UInt64, _ low: UInt64 = 0, _ length: UInt64, _ scope: Scope) {
      self.high = high
      self.low = low
      self.length = length
      self.scope = scope
    }
    func contains(_ high: UInt64, _ low: UInt64) -> Bool {
      if length <= 64 { return (high ^ self.high) >> (64 - length) == 0 }
      return high == self.high && (low ^ self.low) >> (128 - length) == 0
    }
  }

  /// What is in none of these is public within 2000::/3 and never otherwise.
  private static let v6Ranges: [V6Range] = [
    V6Range(0, 1, 128, .private),
    V6Range(0xfd00_0ec2_0000_0000, 0x254, 128, .never),  // AWS metadata
    V6Range(0xfd00_0ec2_0000_0000, 0x253, 128, .never),  // AWS resolver
    V6Range(0xfd00_0ec2_0000_0000, 0x123, 128, .never),  // AWS time
    V6Range(0xfd00_0ec2_0000_0000, 0x23, 128, .never),  // credentials of AWS EKS
    V6Range(0xfd20_00ce_0000_0000, 0x254, 128, .never),  // Google metadata
    V6Range(0xfd00_0042_0000_0000, 0x42, 128, .never),  // Scaleway metadata
    V6Range(0x0064_ff9b_0000_0000, 0, 96, .public),
    V6Range(0x0064_ff9b_0001_0000, 0, 48, .private),
    V6Range(0xfc00_0000_0000_0000, 0, 7, .private),
    V6Range(0xfe80_0000_0000_0000, 0, 10, .private),
    V6Range(0xfec0_0000_0000_0000, 0, 10, .private),
    V6Range(0x2001_0000_0000_0000, 0, 32, .public),  // Teredo, judged by what it carries
    V6Range(0x2001_0002_0000_0000, 0, 48, .private),  // benchmarking
    V6Range(0x2001_0000_0000_0000, 0, 23, .never),
    V6Range(0x2001_0db8_0000_0000, 0, 32, .never),
    V6Range(0x3fff_0000_0000_0000, 0, 20, .never),
  ]
}
