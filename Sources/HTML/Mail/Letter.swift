/// A mail in both of its forms: the same words, once as text and once as HTML.
///
/// Mail programs know no style sheet, so the HTML form carries the few styles it needs on its elements; it loads nothing.
public struct Letter: Sendable, Equatable {
  /// One line: no control character can break out of its header.
  public let subject: String
  public let text: String
  public let html: HTML

  /// A part of a letter.
  enum Part: Sendable {
    case paragraph(String)
    /// Label and value.
    case facts([(String, String)])
    /// The one thing to do.
    case button(label: String, url: String)
    case quiet(String)
  }

  /// - Parameters:
  ///   - mark: the colour of the line above the heading, one of the state tokens.
  ///   - foot: why this was sent, and by whom.
  init(subject: String, heading: String, mark: Mark, parts: [Part], foot: String) {
    self.subject = Letter.line(subject)
    let blocks = ([heading] + parts.map(Letter.text(of:)) + ["-- \n" + foot])
    text = blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    html = Letter.document(subject: subject, heading: heading, mark: mark, parts: parts, foot: foot)
  }

  /// The line above the heading says the state in colour; the heading says it in words.
  enum Mark: String, Sendable {
    case down = "#cf2e37"
    case degraded = "#b88100"
    case up = "#2b9a66"
    case plain = "#17181b"
  }

  /// Without controls: line ends become spaces.
  static func line(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
  }

  private static func text(of part: Part) -> String {
    switch part {
    case .paragraph(let text), .quiet(let text): text
    case .facts(let facts):
      facts.map { "\($0.0): " + String(repeating: " ", count: max(0, width(facts) - $0.0.count)) + line($0.1) }
        .joined(separator: "\n")
    case .button(let label, let url): "\(label):\n\(SafeURL.vetted(url))"
    }
  }

  private static func width(_ facts: [(String, String)]) -> Int { facts.map(\.0.count).max() ?? 0 }

  private static func document(subject: String, heading: String, mark: Mark, parts: [Part], foot: String) -> HTML {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\
    <meta name="color-scheme" content="light dark"><title>\(line(subject))</title></head>
    <body style="margin:0;padding:24px 16px;background:#fbfbf9;color:#17181b;font:15px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
    <main><table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;margin:0 auto;background:#ffffff;\
    border:1px solid #e7e6e1;border-top:3px solid \(mark.rawValue);border-radius:6px"><tr><td style="padding:24px">
    <h1 style="margin:0 0 12px;font-size:20px;line-height:1.3;letter-spacing:-0.01em" dir="auto">\(heading)</h1>
    \(parts, block)</td></tr></table></main>
    <footer><p style="max-width:560px;margin:16px auto 0;color:#676a71;font-size:12px">\(foot)</p></footer>
    </body></html>

    """
  }

  private static func block(_ part: Part) -> HTML {
    switch part {
    case .paragraph(let text): "<p style=\"margin:0 0 16px;color:#4f5259\" dir=\"auto\">\(text)</p>\n"
    case .quiet(let text): "<p style=\"margin:0 0 16px;color:#676a71;font-size:13px\" dir=\"auto\">\(text)</p>\n"
    case .facts(let facts):
      """
      <table cellpadding="0" cellspacing="0" style="margin:0 0 16px;font-size:14px">\(facts, {
        "<tr><th scope=\"row\" align=\"left\" valign=\"top\" style=\"padding:2px 16px 2px 0;color:#676a71;font-weight:400;white-space:nowrap\">\($0.0)</th><td style=\"padding:2px 0;overflow-wrap:anywhere\" dir=\"auto\">\($0.1)</td></tr>"
      })</table>

      """
    case .button(let label, let url):
      """
      <p style="margin:0 0 16px"><a href="\(url: url)" style="display:inline-block;padding:9px 16px;border-radius:6px;background:#1b1c20;\
      color:#ffffff;font-weight:500;text-decoration:none">\(label)</a></p>

      """
    }
  }
}
