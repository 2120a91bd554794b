import HTML

/// What stands around every page that visitors see.
struct PublicFrame: Sendable {
  /// The name of the page.
  var name: String
  var paths: PublicPaths
  /// What the organization says of itself and the page; may be empty.
  var about = ""
  /// Whether everybody sees it; members see it either way.
  var isPublished = true
  var language = "en"
  var direction = "ltr"
  var live: LiveFeed?
  /// When this was rendered; UTC milliseconds.
  var now: Int64
}

/// A page that visitors see.
protocol PublicPage: Sendable {
  var frame: PublicFrame { get }
  /// `Major outage: Booking`
  var title: String { get }
  /// The tab's picture.
  var state: State { get }
  var body: HTML { get }
  /// The last line: how uptime is counted, say.
  var foot: HTML { get }
}

extension PublicPage {
  var foot: HTML { HTML() }

  /// The whole document.
  func render() -> HTML {
    Document(
      title: "\(title) · \(frame.name) status", language: frame.language, direction: frame.direction,
      sheets: [.base, .public], icon: state.favicon, bodyClass: "public", live: frame.live,
      head: """
        <link rel="alternate" type="application/atom+xml" title="\(frame.name) incidents" href="\(frame.paths.feed)">

        """,
      spareStates: frame.live == nil ? [] : [.up, .degraded, .partial, .down, .maintenance, .unknown],
      body: """
        <div class="pub">
        <header class="pub-head"><a class="who" href="\(frame.paths.page)" dir="auto">\(frame.name)</a>
        <nav aria-label="Status page"><ul><li><a href="\(frame.paths.history)">History</a></li>\
        <li><a href="\(frame.paths.feed)">Atom feed</a></li></ul></nav></header>
        <main id="main" tabindex="-1">
        \(unpublished)\(body)
        </main>
        <footer class="pub-foot">\(if: !frame.about.isEmpty, "<p dir=\"auto\">\(frame.about)</p>")<p id="rule">\(foot)</p><p>\(live)<span class="by">\(Icon.mark)Martlet</span></p></footer>
        </div>
        """
    ).html
  }

  private var unpublished: HTML? {
    guard !frame.isPublished else { return nil }
    return """
      <p class="members-only">Only members see this page: it is not published. <a href="\(Paths.statusPages)">Settings of the page</a></p>

      """
  }

  /// Filled by the script while the page is live; empty without it.
  private var live: HTML? {
    frame.live == nil ? nil : "<span class=\"live-state\" id=\"live-state\"></span>"
  }
}
