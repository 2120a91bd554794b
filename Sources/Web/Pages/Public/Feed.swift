import HTML

/// `GET /status/{slug}/feed.atom`: incidents and what was said about them (RFC 4287).
struct AtomFeed: Sendable {
  struct Entry: Sendable {
    var id: String
    /// Absolute.
    var url: String
    var title: String
    var status: IncidentStatus
    var startedAt: Int64
    var updatedAt: Int64
    /// Newest first.
    var updates: [TimelineEntry]
  }

  static let contentType = "application/atom+xml; charset=utf-8"

  var name: String
  /// Absolute addresses of the page and of this feed.
  var pageURL: String
  var feedURL: String
  var updatedAt: Int64
  /// Newest first.
  var entries: [Entry]

  func render() -> HTML {
    """
    <?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom">
    <id>\(pageURL)</id>
    <title>\(name) status</title>
    <updated>\(Format.rfc3339(updatedAt))</updated>
    <link rel="self" type="application/atom+xml" href="\(url: feedURL)"/>
    <link rel="alternate" type="text/html" href="\(url: pageURL)"/>
    <author><name>\(name)</name></author>
    <generator>Martlet</generator>
    \(entries, entry)</feed>

    """
  }

  private func entry(_ entry: Entry) -> HTML {
    // Atom's html type is markup as text: what is escaped within it is escaped once more.
    let content = entry.updates.map { update -> HTML in
      "<p><b>\(update.what)</b>, \(When(update.at, .full).text)</p>\(Prose(text: update.message))"
    }.joined()
    return """
      <entry><id>\(entry.url)</id><title>\(entry.title)</title><published>\(Format.rfc3339(entry.startedAt))</published>\
      <updated>\(Format.rfc3339(entry.updatedAt))</updated><link rel="alternate" type="text/html" href="\(url: entry.url)"/>\
      <category term="\(entry.status.rawValue)"/><content type="html">\(content.string)</content></entry>

      """
  }
}

/// `GET /status/{slug}/badge.svg`: the present state as a picture of words.
struct Badge: Sendable {
  static let contentType = "image/svg+xml; charset=utf-8"

  /// Cut to 40 characters, as it is text of people in a picture.
  var name: String
  var state: State

  func render() -> HTML {
    let word = state.publicWord
    let label = name.count > 40 ? name.prefix(39) + "…" : name[...]
    let left = Self.width(of: label) + 20
    let right = Self.width(of: word[...]) + 34
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(left + right)" height="24" role="img" aria-label="\(label): \(word)">\
      <title>\(label): \(word)</title><rect width="\(left + right)" height="24" rx="5" fill="#17181b"/>\
      <path d="M\(left) 0h\(right - 5)a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5h-\(right - 5)z" fill="\(colour)"/>\
      <g fill="#fff" color="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="12">\
      <text x="10" y="16" textLength="\(left - 20)" lengthAdjust="spacingAndGlyphs">\(label)</text>\
      <g transform="translate(\(left + 8) 5) scale(.875)">\(mark)</g>\
      <text x="\(left + 26)" y="16" textLength="\(right - 34)" lengthAdjust="spacingAndGlyphs">\(word)</text></g></svg>

      """
  }

  /// The text colours of the light theme: white on them reads at 4.5 : 1.
  private var colour: String {
    switch state {
    case .up: "#0e6b43"
    case .degraded: "#7a5200"
    case .partial: "#9d430a"
    case .down: "#b01f29"
    case .maintenance: "#6a3fa6"
    case .unknown, .paused, .pending, .unconfirmed: "#4f5259"
    }
  }

  /// The state's shape in white; what is knocked out of it takes the ground's colour.
  private var mark: HTML {
    let shape = state.shape.string
    let knockedOut = shape.split(separator: "class=\"ko\"", omittingEmptySubsequences: false).joined(
      separator: "fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.9\" stroke-linecap=\"round\"")
    return HTML(unescaped: knockedOut)
  }

  /// Verdana's mean advance at 12 px; `textLength` makes it exact.
  private static func width(of text: Substring) -> Int { Int(Double(text.count) * 7.1) + 1 }
}
