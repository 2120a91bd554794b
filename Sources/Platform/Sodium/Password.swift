import CSodium

/// Password hashes by argon2id (RFC 9106) as PHC strings. Each call takes tens of milliseconds and its memory: never on a loop.
public enum Password {
  public struct Cost: Hashable, Sendable {
    public var passes: UInt64
    public var memoryBytes: Int
    /// t = 2, m = 19 MiB, p = 1: OWASP ASVS 5.0, appendix C.
    public static let standard = Cost(passes: 2, memoryBytes: 19 * 1024 * 1024)

    public init(passes: UInt64, memoryBytes: Int) {
      self.passes = passes
      self.memoryBytes = memoryBytes
    }
  }

  public static func hash(_ password: String, cost: Cost = .standard) throws(SodiumError) -> String {
    Sodium.load()
    var out = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let code = crypto_pwhash_str_alg(
      &out, password, UInt64(password.utf8.count), cost.passes, cost.memoryBytes, crypto_pwhash_ALG_ARGON2ID13)
    guard code == 0 else { throw SodiumError(operation: "argon2id: not enough memory") }
    return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public static func verify(_ password: String, against hash: String) -> Bool {
    Sodium.load()
    return crypto_pwhash_str_verify(hash, password, UInt64(password.utf8.count)) == 0
  }

  /// Whether a stored hash was made at another cost than `cost`.
  public static func needsRehash(_ hash: String, cost: Cost = .standard) -> Bool {
    Sodium.load()
    return crypto_pwhash_str_needs_rehash(hash, cost.passes, cost.memoryBytes) != 0
  }
}
