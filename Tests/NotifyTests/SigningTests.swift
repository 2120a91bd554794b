import Domain
import HTML
import JSON
import Testing

@testable import Notify

@Test("the signature is that of the Standard Webhooks reference")
func signatureVector() throws {
  let channel = try WebhookChannel(
    settings: ["url": "https://example.com/hook", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
  let secret: [UInt8] = [
    0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3,
    0x62, 0xda, 0x2d, 0xa4, 0xb0,
  ]
  let signature = WebhookChannel.signature(
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body: Array(#"{"test": 2432232314}"#.utf8),
    secret: secret)
  #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  #expect(channel.settings["secret"]?.string == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
  #expect(!channel.summary.contains("whsec"))
}

@Test(
  "a secret of another shape is refused by name",
  arguments: ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64"])
func wrongSecret(secret: String) {
  #expect {
    _ = try WebhookChannel(settings: ["url": "https://example.com/", "secret": .string(secret)])
  } throws: {
    ($0 as? ChannelProblem)?.field == "secret"
  }
}

@Test("no text of a person can add a header to a mail", arguments: ["a\r\nBcc: x@example.com", "a\nb", "a\u{0}b"])
func headerInjection(subject: String) {
  let header = Mail.encodedWords(subject)
  #expect(!header.contains("\nBcc"))
  #expect(!header.utf8.contains(0))
  #expect(header.split(separator: "\r\n").dropFirst().allSatisfy { $0.hasPrefix(" ") })
}
