import Domain
import Testing

@testable import Engine

@Suite("Rules of names, passwords and attempts")
struct RulesTests {
  @Test(
    "a slug is what a host name takes",
    arguments: [
      ("Harbour Line", "harbour-line"), ("Müller & Söhne GmbH", "mueller-soehne-gmbh"), ("  --  ", "team"),
      ("日本", "team"), ("O'Brien", "obrien"), (String(repeating: "a", count: 99), String(repeating: "a", count: 40)),
    ])
  func slugs(_ name: String, _ slug: String) { #expect(Slug.from(name) == slug) }

  @Test("a taken or reserved slug is numbered")
  func numbered() {
    var taken: Set<String> = []
    var made: [String] = []
    for name in [
      "Shop", "Shop", "shop!", "Admin", "Admin", String(repeating: "a", count: 60), String(repeating: "a", count: 61),
    ] {
      let slug = Slug.free(name) { taken.contains($0) }
      taken.insert(slug)
      made.append(slug)
    }
    let long = String(repeating: "a", count: 40)
    #expect(made == ["shop", "shop-2", "shop-3", "admin-1", "admin-2", long, long.dropLast(2) + "-2"])
  }

  @Test(
    "what everybody guesses is refused",
    arguments: [
      "password", "Password1!", "P@ssw0rd", "12345678", "123456789", "87654321", "qwertyuiop", "QWERTY123", "iloveyou",
      "aaaaaaaa", "abcabcabc", "admin123", "letmein1", "1q2w3e4r", "passwordpassword", "welcome2024", "zxcvbnm1",
      "short", "", "Summer2025!", "abcdefgh", "asdfasdf",
    ])
  func common(_ password: String) { #expect(PasswordRules.problem(password, about: []) != nil) }

  @Test("one's own words are refused, a phrase is not")
  func own() {
    #expect(PasswordRules.problem("jane.doe1", about: ["jane.doe@example.org", "Jane"]) != nil)
    #expect(PasswordRules.problem("harbourline!", about: ["Harbourline"]) != nil)
    #expect(PasswordRules.problem("a martlet never lands", about: ["jane@example.org"]) == nil)
    #expect(PasswordRules.problem("tq7#kd92", about: []) == nil)
    #expect(PasswordRules.problem(String(repeating: "xy9 ", count: 65), about: []) != nil)
  }

  @Test(
    "addresses",
    arguments: [
      ("Jane@Example.ORG", "jane@example.org"), ("a+b@c", "a+b@c"), ("a@b@c", nil), ("a b@c.de", nil), ("@c.de", nil),
      ("a@", nil), ("a@-c.de", nil), ("a\r\nBcc: x@c.de", nil), ("a@c..de", nil), ("\"a\"@c.de", nil),
      ("a,b@c.de", nil),
    ] as [(String, String?)])
  func addresses(_ text: String, _ normal: String?) { #expect(EmailAddress.normalized(text) == normal) }

  @Test("a key makes its burst, then one attempt per interval, and honest ones are given back")
  func limiter() {
    var limiter = AttemptLimiter(.init(burst: 3, refillMs: 30_000), keysMax: 4)
    var now = Instant(ms: 0)
    for _ in 0..<3 { #expect(limiter.take("a", now: now) == nil) }
    #expect(limiter.take("a", now: now) == 30)
    #expect(limiter.take("b", now: now) == nil)
    now = now + 29_001
    #expect(limiter.take("a", now: now) == 1)
    now = now + 999
    #expect(limiter.take("a", now: now) == nil)
    #expect(limiter.take("a", now: now) == 30)
    limiter.giveBack("a", now: now)
    #expect(limiter.take("a", now: now) == nil)
    for key in ["c", "d", "e", "f", "g"] { #expect(limiter.take(key, now: now) == nil) }
  }
}
