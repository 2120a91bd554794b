import Domain
import Testing

@Suite("The address policy")
struct AddressPolicyTests {
  /// Groups of an IPv6 address as they are written, all eight.
  private func scope(_ groups: [UInt64]) -> AddressPolicy.Scope {
    let high = groups[0] << 48 | groups[1] << 32 | groups[2] << 16 | groups[3]
    let low = groups[4] << 48 | groups[5] << 32 | groups[6] << 16 | groups[7]
    return AddressPolicy.scope(high: high, low: low)
  }

  private func scope(v4 text: String) -> AddressPolicy.Scope {
    let parts = text.split(separator: ".").compactMap { UInt32($0) }
    return AddressPolicy.scope(v4: parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3])
  }

  @Test(
    "knows the reach of IPv4 ranges at their edges",
    arguments: [
      ("0.0.0.0", AddressPolicy.Scope.never), ("0.255.255.255", .never), ("1.0.0.0", .public),
      ("9.255.255.255", .public),
      ("10.0.0.0", .private), ("10.255.255.255", .private), ("11.0.0.0", .public), ("100.63.255.255", .public),
      ("100.64.0.0", .private), ("100.127.255.255", .private), ("100.128.0.0", .public), ("100.100.100.200", .never),
      ("127.0.0.1", .private), ("127.255.255.255", .private), ("128.0.0.0", .public), ("169.253.255.255", .public),
      ("169.254.0.1", .private), ("169.254.169.254", .never), ("169.254.170.2", .never), ("169.255.0.0", .public),
      ("172.15.255.255", .public), ("172.16.0.0", .private), ("172.31.255.255", .private), ("172.32.0.0", .public),
      ("192.0.0.192", .never), ("192.0.2.1", .never), ("192.168.0.0", .private), ("192.169.0.0", .public),
      ("198.17.255.255", .public), ("198.18.0.0", .private), ("198.19.255.255", .private), ("198.20.0.0", .public),
      ("198.51.100.7", .never), ("203.0.113.7", .never), ("223.255.255.255", .public), ("224.0.0.1", .never),
      ("240.0.0.1", .never), ("255.255.255.255", .never), ("8.8.8.8", .public), ("168.63.129.16", .never),
    ])
  func v4(text: String, expected: AddressPolicy.Scope) {
    #expect(scope(v4: text) == expected)
  }

  @Test(
    "knows IPv6 and what it carries",
    arguments: [
      ([0, 0, 0, 0, 0, 0, 0, 0], AddressPolicy.Scope.never), ([0, 0, 0, 0, 0, 0, 0, 1], .private),
      ([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], .private), ([0, 0, 0, 0, 0, 0xffff, 0x0808, 0x0808], .public),
      ([0, 0, 0, 0, 0, 0xffff, 0xa9fe, 0xa9fe], .never), ([0, 0, 0, 0, 0, 0, 0x7f00, 1], .never),
      ([0x64, 0xff9b, 0, 0, 0, 0, 0x7f00, 1], .private), ([0x64, 0xff9b, 0, 0, 0, 0, 0x0808, 0x0808], .public),
      ([0x64, 0xff9b, 0, 0, 0, 0, 0xa9fe, 0xa9fe], .never), ([0x64, 0xff9b, 1, 0, 0, 0, 0x0808, 0x0808], .private),
      ([0x2002, 0x7f00, 1, 0, 0, 0, 0, 1], .private), ([0x2002, 0x0808, 0x0808, 0, 0, 0, 0, 1], .public),
      ([0x2002, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1], .never),
      ([0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, 0x80ff, 0xfffe], .private),
      ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], .never), ([0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111], .public),
      ([0xfc00, 0, 0, 0, 0, 0, 0, 1], .private), ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], .never),
      ([0xfe80, 0, 0, 0, 0, 0, 0, 1], .private), ([0xff02, 0, 0, 0, 0, 0, 0, 1], .never),
      ([0x4000, 0, 0, 0, 0, 0, 0, 1], .never), ([0x2a00, 0, 0, 0, 0, 0x5efe, 0x7f00, 1], .private),
    ])
  func v6(groups: [UInt64], expected: AddressPolicy.Scope) {
    #expect(scope(groups) == expected)
  }

  @Test("never lets a wrapped IPv4 address reach further than itself")
  func wrapping() {
    var generator = SystemRandomNumberGenerator()
    let strict = AddressPolicy(allowsPrivate: false)
    for _ in 0..<20_000 {
      let v4 = UInt32.random(in: .min ... .max, using: &generator)
      let plain = strict.allows(high: 0, low: 0xffff_0000_0000 | UInt64(v4))
      let nat64 = strict.allows(high: 0x0064_ff9b_0000_0000, low: UInt64(v4))
      let sixToFour = strict.allows(high: 0x2002 << 48 | UInt64(v4) << 16, low: 1)
      let teredo = strict.allows(high: 0x2001_0000_0000_0000, low: UInt64(~v4))
      #expect(plain == (AddressPolicy.scope(v4: v4) == .public))
      #expect(!nat64 || plain)
      #expect(!sixToFour || plain)
      #expect(!teredo || plain)
    }
  }

  @Test("lets private addresses through where that is granted, and the forbidden never")
  func granted() {
    let wide = AddressPolicy(allowsPrivate: true)
    #expect(wide.allows(high: 0, low: 0xffff_7f00_0001))
    #expect(!wide.allows(high: 0, low: 0xffff_a9fe_a9fe))
    #expect(!wide.allows(high: 0xfd00_0ec2_0000_0000, low: 0x254))
  }
}
