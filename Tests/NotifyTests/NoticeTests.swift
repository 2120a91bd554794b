import Domain
import JSON
import Sodium
import Testing

@testable import Notify

private let notice = Notice(
  kind: .down, organization: "Acme <&> Söhne", at: Instant(ms: 1_790_000_060_000), name: "Shop", monitorID: "mon_1",
  address: "https://shop.example/", incidentID: "inc_1", since: Instant(ms: 1_790_000_000_000),
  reason: "HTTP 503 where 200–299 is expected", facts: [.init("Region", "local")])

@Test("a notice survives being stored")
func notices() throws {
  #expect(Notice(json: try JSON(parsing: notice.json.text)) == notice)
}

@Test("the signature is the one of the Standard Webhooks specification's example")
func signature() {
  let secret = Sodium.bytes(base64: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!
  let signature = WebhookChannel.signature(
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body: Array("{\"test\": 2432232314}".utf8),
    secret: secret)
  #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
}

@Test("a webhook makes its secret, keeps a given one and refuses a weak one")
func webhookSettings() throws {
  let made = try WebhookChannel(settings: ["url": "https://hooks.example/x"])
  let again = try WebhookChannel(settings: made.settings)
  #expect(again.settings == made.settings)
  #expect(made.summary == "hooks.example")
  #expect(throws: ChannelProblem.self) {
    try WebhookChannel(settings: ["url": "https://hooks.example/x", "secret": "whsec_c2hvcnQ="])
  }
  #expect(throws: ChannelProblem.self) { try WebhookChannel(settings: ["url": "file:///etc/passwd"]) }
}

@Test(
  "mail addresses that could break a header or a command are refused",
  arguments: [
    "a@b@c", "a b@c.de", "a@", "@b", "<a@b.de>", "a@b.de\r\nBcc: x@y.z", "a@b..de", "a,b@c.de", "",
  ])
func badAddresses(_ text: String) {
  #expect(!MailAddress.isPlausible(text))
  #expect(throws: ChannelProblem.self) { try EmailChannel(settings: ["to": [.string(text)]]) }
}

@Test("a subject in any script stays one header in short ASCII lines")
func subjects() {
  let words = Mail.encodedWords("Ausfall: Größe\r\nBcc: evil@example.com " + String(repeating: "語", count: 80))
  for line in words.split(separator: "\r\n") {
    #expect(line.utf8.count <= 76)
    #expect(line.utf8.allSatisfy { $0 < 0x7F })
    #expect(!line.hasPrefix("Bcc"))
  }
  #expect(Mail.encodedWords("Down: Shop") == "Down: Shop")
}

@Test("dates are those of RFC 5322")
func dates() { #expect(Mail.date(Instant(ms: 1_790_000_000_000)) == "Mon, 21 Sep 2026 14:13:20 +0000") }

@Test("Slack's markup is escaped, and the fallback says it all")
func slack() {
  let body = SlackChannel.body(notice, link: "https://m.example/incidents/inc_1").text
  #expect(body.contains("Acme \\u0026lt;"))
  #expect(SlackChannel.body(notice, link: "x")["text"]?.string == "Shop is down: HTTP 503 where 200–299 is expected")
}
