import Testing

@testable import Curl

@Suite("Web URLs")
struct WebURLTests {
  @Test(
    "have one writing for each host",
    arguments: [
      ("http://EXAMPLE.com", "http://example.com/"),
      ("http://2130706433/", "http://127.0.0.1/"),
      ("http://0x7f000001/", "http://127.0.0.1/"),
      ("http://0177.0.0.1/", "http://127.0.0.1/"),
      ("http://127.1/", "http://127.0.0.1/"),
      ("http://0x7f.1/", "http://127.0.0.1/"),
      ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"),
      ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
      ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
      ("https://example.com:8443", "https://example.com:8443/"),
      ("http://user:pass@example.com/x", "http://example.com/x"),
      ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
    ])
  func canonical(text: String, expected: String) throws {
    #expect(try WebURL(text).description == expected)
  }

  @Test(
    "refuse what is no fetchable host",
    arguments: [
      "ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "http://256.1.1.1/", "http://1.2.3.4.5/",
      "http://0x100000000/", "http://example..com/", "http://[fe80::1%25eth0]/", "http://exa mple.com/",
      "http://example.com:0/", "http://example.com:65536/", "http://a.0x7f/", "gopher://127.0.0.1/", "http://[::1",
      "http://127.0.0.1.5/", "http://bücher.example/", "http://１２７.0.0.1/", "http://127。0。0。1/",
      "http://exa\u{0}mple.com/", "http://example.com/\r\nX: y",
    ])
  func refused(text: String) {
    #expect(throws: WebURL.ParseError.self) { try WebURL(text) }
  }

  @Test("give user and password as an Authorization header and nowhere else")
  func userinfo() throws {
    let url = try WebURL("http://al%40x:s%3Acret@example.com/")
    #expect(url.user == "al@x")
    #expect(url.authorization == "Basic YWxAeDpzOmNyZXQ=")
    #expect(!url.description.contains("al"))
  }

  @Test(
    "resolve the target of a redirect",
    arguments: [
      ("/b", "https://example.com/b"), ("c", "https://example.com/a/c"), ("?q=1", "https://example.com/a/b?q=1"),
      ("//other.example/x", "https://other.example/x"), ("http://other.example", "http://other.example/"),
      ("../z", "https://example.com/z"),
    ])
  func relative(reference: String, expected: String) throws {
    let base = try WebURL("https://me:pw@example.com/a/b")
    let next = try WebURL(reference, relativeTo: base)
    #expect(next.description == expected)
    #expect(next.user == nil)
  }
}
