import Sodium
import Testing

private func hex(_ bytes: [UInt8]) -> String {
  bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
}

@Test("SHA-256 and HMAC agree with the published vectors")
func vectors() {
  #expect(hex(Sodium.sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  // RFC 4231, case 2
  #expect(
    hex(Sodium.hmacSHA256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
      == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
}

@Test("a password is known again, another is not, and the hash tells its cost")
func password() throws {
  let cheap = Password.Cost(passes: 1, memoryBytes: 64 * 1024)
  let hash = try Password.hash("correct horse", cost: cheap)
  #expect(hash.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
  #expect(Password.verify("correct horse", against: hash))
  #expect(!Password.verify("correct horsf", against: hash))
  #expect(!Password.verify("x", against: "not a hash"))
  #expect(Password.needsRehash(hash))
}

@Test("what is sealed opens only with its key, at its place, unchanged")
func sealing() throws {
  let key = Sodium.random(32)
  let sealed = SealedBox.seal(Array("secret".utf8), place: [1, 2], key: key)
  #expect(try SealedBox.open(sealed, place: [1, 2], key: key) == Array("secret".utf8))
  #expect(throws: SodiumError.self) { try SealedBox.open(sealed, place: [1, 3], key: key) }
  #expect(throws: SodiumError.self) { try SealedBox.open(sealed, place: [1, 2], key: Sodium.random(32)) }
  #expect(throws: SodiumError.self) { try SealedBox.open(Array(sealed.dropLast()), place: [1, 2], key: key) }
  #expect(throws: SodiumError.self) { try SealedBox.open([], place: [], key: key) }
  #expect(try SealedBox.open(SealedBox.seal([], place: [], key: key), place: [], key: key).isEmpty)
}

@Test("base64 goes both ways and refuses what is not base64")
func base64() {
  #expect(Sodium.base64([0xFB, 0xFF]) == "+/8=")
  #expect(Sodium.bytes(base64: "+/8=") == [0xFB, 0xFF])
  #expect(Sodium.bytes(base64: "+/8") == nil)
  #expect(Sodium.bytes(base64: "a b=") == nil)
}

@Test("comparison sees length and content")
func equality() {
  #expect(Sodium.equal([1, 2], [1, 2]))
  #expect(!Sodium.equal([1, 2], [1, 3]))
  #expect(!Sodium.equal([1, 2], [1, 2, 3]))
}
