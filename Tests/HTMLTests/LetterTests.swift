import Testing

@testable import HTML

@Suite("Mails")
struct LetterTests {
  private let down = Letter.down(
    monitor: "<Booking>\r\nBcc: eve@evil.example", address: "https://api.example/?a=1&b=2",
    organization: "Harbour & Line",
    since: 1_795_182_422_000, detectedAfterMs: 63_000, reason: "Time-out", evidence: [("Answer", "none")],
    url: "https://martlet.example/incidents/inc_1")

  @Test("a subject stays one line whatever a name holds")
  func subject() {
    #expect(down.subject == "Down: <Booking>  Bcc: eve@evil.example")
    #expect(!down.subject.contains { $0.isNewline })
  }

  @Test("the HTML form escapes and loads nothing")
  func html() {
    let html = down.html.string
    #expect(html.contains("&lt;Booking&gt;"))
    #expect(!html.contains("<Booking>"))
    #expect(html.contains("https://api.example/?a=1&amp;b=2"))
    #expect(!html.contains("src=") && !html.contains("<link") && !html.contains("url("))
  }

  @Test("the text form says the same")
  func text() {
    #expect(down.text.contains("Open the incident:\nhttps://martlet.example/incidents/inc_1"))
    #expect(down.text.contains("Confirmed after: 1\(Format.space)min 3\(Format.space)s"))
    #expect(down.text.hasSuffix("-- \nSent by Martlet for Harbour & Line.\n"))
  }

  @Test("a link that is no web address is not sent")
  func link() {
    let letter = Letter.passwordReset(email: "a@b.example", expiresAt: 0, url: "javascript:alert(1)")
    #expect(!letter.html.string.contains("javascript"))
    #expect(!letter.text.contains("javascript"))
  }
}
