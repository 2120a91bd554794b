import HTML

/// What makes a page live: where its stream is and what it has already seen.
struct LiveFeed: Sendable {
  /// `/ws/status/public/harbourline/`
  var socket: String
  /// `/events/status/public/harbourline/`
  var events: String
  /// `/events/status/public/harbourline/changes/`
  var changes: String
  var seq: Int64
  var epoch: String
  /// Readers of a public page come in thousands and spread their requests over this time.
  var spreadMs: Int

  static func publicPage(_ slug: String, seq: Int64, epoch: String) -> LiveFeed {
    LiveFeed(
      socket: "/ws/status/public/\(slug)/", events: "/events/status/public/\(slug)/",
      changes: "/events/status/public/\(slug)/changes/", seq: seq, epoch: epoch, spreadMs: 1_500)
  }

  static func organization(_ id: String, seq: Int64, epoch: String) -> LiveFeed {
    LiveFeed(
      socket: "/ws/status/org/\(id)/", events: "/events/status/org/", changes: "/events/status/org/changes/", seq: seq,
      epoch: epoch, spreadMs: 100)
  }

  var attributes: HTML {
    """
     data-socket="\(socket)" data-events="\(events)" data-changes="\(changes)" data-seq="\(seq)" data-epoch="\(epoch)" \
    data-spread="\(spreadMs)"
    """
  }
}

/// A whole HTML document: no script but the module, no style but the sheets.
struct Document {
  var title: String
  var language = "en"
  /// `ltr` or `rtl`.
  var direction = "ltr"
  var sheets: [Asset]
  var icon: Asset = .favicon
  var bodyClass: String
  var live: LiveFeed?
  /// The module also serves the palette and the copy buttons, so the application loads it on every page.
  var loadsScript = false
  /// More for the head, such as a link to a feed.
  var head: HTML?
  /// States whose drawings the script may need although the page shows none of them now.
  var spareStates: [State] = []
  var body: HTML

  var html: HTML {
    """
    <!doctype html>
    <html lang="\(language)" dir="\(direction)">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(title)</title>
    <link rel="icon" href="\(icon.path)" type="image/svg+xml">
    \(sheets, { "<link rel=\"stylesheet\" href=\"\($0.path)\">\n" })\(head)\
    \(if: live != nil || loadsScript, "<script type=\"module\" src=\"\(Asset.live.path)\"></script>\n")</head>
    <body class="\(bodyClass)"\(live?.attributes)>
    \(Sprite(usedBy: body, and: spareStates))
    <a class="skip" href="#main">Skip to content</a>
    \(body)
    </body>
    </html>

    """
  }
}
