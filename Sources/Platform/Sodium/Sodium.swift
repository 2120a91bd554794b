import CSodium

/// libsodium could not start or refused what it was given.
public struct SodiumError: Error, Hashable, Sendable {
  public let operation: String
}

/// Hashes, keyed hashes, random bytes and comparisons of libsodium. Thread safe once loaded.
public enum Sodium {
  /// Loads the library; idempotent. Every call below relies on it.
  private static let ready: Bool = sodium_init() >= 0

  static func load() { precondition(ready, "libsodium could not be loaded") }

  /// Unpredictable bytes from the operating system.
  public static func random(_ count: Int) -> [UInt8] {
    load()
    var out = [UInt8](repeating: 0, count: count)
    randombytes_buf(&out, count)
    return out
  }

  public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    load()
    var out = [UInt8](repeating: 0, count: 32)
    crypto_hash_sha256(&out, bytes, UInt64(bytes.count))
    return out
  }

  /// HMAC-SHA-256 (RFC 2104) with a key of any length.
  public static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    load()
    var state = crypto_auth_hmacsha256_state()
    var out = [UInt8](repeating: 0, count: 32)
    crypto_auth_hmacsha256_init(&state, key, key.count)
    crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
    crypto_auth_hmacsha256_final(&state, &out)
    return out
  }

  /// Compares in a time that depends on the lengths only.
  public static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    load()
    return a.count == b.count && sodium_memcmp(a, b, a.count) == 0
  }

  /// Standard base64 with padding (RFC 4648 section 4).
  public static func base64(_ bytes: [UInt8]) -> String {
    load()
    let size = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL)
    var out = [CChar](repeating: 0, count: size)
    sodium_bin2base64(&out, size, bytes, bytes.count, sodium_base64_VARIANT_ORIGINAL)
    return String(decoding: out.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Nil for anything but standard base64 with padding.
  public static func bytes(base64 text: String) -> [UInt8]? {
    load()
    var out = [UInt8](repeating: 0, count: text.utf8.count)
    var length = 0
    let code = sodium_base642bin(
      &out, out.count, text, text.utf8.count, nil, &length, nil, sodium_base64_VARIANT_ORIGINAL)
    return code == 0 ? Array(out[..<length]) : nil
  }
}
