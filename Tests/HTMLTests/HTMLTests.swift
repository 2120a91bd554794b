import Testing

@testable import HTML

private struct Cell: Component {
  let name: String
  var body: HTML { "<td>\(name)</td>" }
}

@Suite("The HTML value")
struct HTMLTests {
  @Test(
    "text is escaped in elements and in attributes",
    arguments: [
      ("plain", "plain"), ("a < b & c > d", "a &lt; b &amp; c &gt; d"), ("\"x\" 'y'", "&quot;x&quot; &#39;y&#39;"),
      ("</script><script>alert(1)</script>", "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
      ("\" onload=\"x", "&quot; onload=&quot;x"), ("über שלום 🪶", "über שלום 🪶"), ("", ""), ("&", "&amp;"),
      ("a\u{0}b\u{1B}c\u{7F}\td\n", "a\u{FFFD}b\u{FFFD}c\u{FFFD}\td\n"), ("&amp;", "&amp;amp;"),
    ])
  func escaping(text: String, expected: String) {
    #expect(("<p>\(text)</p>" as HTML).string == "<p>\(expected)</p>")
    #expect(("<p title=\"\(text)\">" as HTML).string == "<p title=\"\(expected)\">")
    #expect(HTML(text: text).string == expected)
  }

  @Test("a substring and a character-built string are escaped too")
  func otherStrings() {
    let text = "a<b>c"
    #expect(("\(text.dropFirst())" as HTML).string == "&lt;b&gt;c")
    #expect(("\(String(text.reversed()))" as HTML).string == "c&gt;b&lt;a")
  }

  @Test("a literal inside an interpolation is text, not markup", arguments: [(true, "&lt;b&gt;"), (false, "")])
  func literalInside(isBold: Bool, expected: String) {
    #expect(("\(isBold ? "<b>" : "")" as HTML).string == expected)
  }

  @Test("HTML nests as it is, at any depth")
  func nesting() {
    let name = "<Ines>"
    let inner: HTML = "<b>\(name)</b>"
    let middle: HTML = "<i>\(inner)</i>"
    #expect(("<p>\(middle)</p>" as HTML).string == "<p><i><b>&lt;Ines&gt;</b></i></p>")
  }

  @Test("optional HTML, components, rows, conditions and numbers")
  func pieces() {
    let absent: HTML? = nil
    let present: HTML? = "<hr>"
    let missing: Cell? = nil
    #expect(("\(absent)\(present)\(missing)\(Cell(name: "&"))" as HTML).string == "<hr><td>&amp;</td>")
    #expect(("<ul>\(["a", "<"], { "<li>\($0)</li>" })</ul>" as HTML).string == "<ul><li>a</li><li>&lt;</li></ul>")
    #expect(("\(if: false, "<b>")\(if: true, "<i>")" as HTML).string == "<i>")
    #expect(("\(-12)\(UInt8(7))" as HTML).string == "-127")
    #expect([HTML(text: "<"), "<br>"].joined(by: ", ").string == "&lt;, <br>")
  }

  @Test("attributes appear whole or not at all")
  func attributes() {
    let none: String? = nil
    let html: HTML =
      "<a\(attribute: "title", "\"")\(attribute: "rel", none)\(flag: "hidden", true)\(flag: "open", false)>"
    #expect(html.string == "<a title=\"&quot;\" hidden>")
  }

  @Test("markup comes in unescaped only by name")
  func unescaped() {
    #expect(("\(HTML(unescaped: "<b>"))" as HTML).string == "<b>")
    #expect(HTML(unescaped: Array("<b>".utf8)).string == "<b>")
  }

  @Test(
    "addresses that may be linked",
    arguments: [
      "https://shop.example/a?b=c&d", "http://[::1]:8080/", "HTTPS://shop.example", "mailto:ines@shop.example",
      "/monitors/mon_1", "/", "?page=2", "#main", "/a:b",
    ])
  func allowed(address: String) {
    #expect(SafeURL.vetted(address) == address)
    #expect(("<a href=\"\(url: address)\">" as HTML) == "<a href=\"\(address)\">")
  }

  @Test(
    "addresses that may not",
    arguments: [
      "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
      "java\tscript:alert(1)",
      "\u{1}javascript:alert(1)", "data:text/html,<b>", "vbscript:x", "file:///etc/passwd", "//evil.example",
      "/\\evil.example",
      "\\\\evil.example", "https:evil.example", "https://", "http:/evil", "mailto:", "", " ", "relative/path",
      "ftp://x",
      "https://a b", "/\t/evil.example", "javascript&colon;alert(1)", "blob:https://x", "https://x\u{0}",
    ])
  func refused(address: String) {
    #expect(SafeURL.vetted(address) == "#")
    #expect(("<a href=\"\(url: address)\">" as HTML).string == "<a href=\"#\">")
  }
}
