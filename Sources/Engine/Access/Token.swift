import Domain
import Sodium

/// A random secret that leaves the process once; what stays is its hash.
struct Token {
  let text: String

  /// 256 bits.
  static func make(_ world: World) -> Token { Token(text: Base32.encode(world.random(32))) }

  var hash: [UInt8] { Self.hash(text) }

  static func hash(_ text: String) -> [UInt8] { Sodium.sha256(Array(text.utf8)) }
}
