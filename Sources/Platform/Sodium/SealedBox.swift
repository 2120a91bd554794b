import CSodium

/// Authenticated encryption by XChaCha20-Poly1305; a sealed value is a random nonce followed by the ciphertext.
public enum SealedBox {
  public static let keyBytes = 32

  /// `place` is authenticated but not stored: the same bytes elsewhere do not open.
  public static func seal(_ plain: [UInt8], place: [UInt8], key: [UInt8]) -> [UInt8] {
    Sodium.load()
    precondition(key.count == keyBytes, "a sealing key has 32 bytes")
    let nonce = Sodium.random(Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES))
    var out = [UInt8](repeating: 0, count: plain.count + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES))
    var length: UInt64 = 0
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      &out, &length, plain, UInt64(plain.count), place, UInt64(place.count), nil, nonce, key)
    return nonce + out[..<Int(length)]
  }

  /// Throws when the key, the place or a byte of it is wrong.
  public static func open(_ sealed: [UInt8], place: [UInt8], key: [UInt8]) throws(SodiumError) -> [UInt8] {
    Sodium.load()
    precondition(key.count == keyBytes, "a sealing key has 32 bytes")
    let nonceBytes = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    let tagBytes = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
    guard sealed.count >= nonceBytes + tagBytes else { throw SodiumError(operation: "open: too short") }
    let nonce = Array(sealed[..<nonceBytes])
    let cipher = Array(sealed[nonceBytes...])
    var out = [UInt8](repeating: 0, count: cipher.count)
    var length: UInt64 = 0
    let code = crypto_aead_xchacha20poly1305_ietf_decrypt(
      &out, &length, nil, cipher, UInt64(cipher.count), place, UInt64(place.count), nonce, key)
    guard code == 0 else { throw SodiumError(operation: "open: not sealed here, or changed since") }
    return Array(out[..<Int(length)])
  }
}
