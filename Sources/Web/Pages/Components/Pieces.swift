import HTML

/// A part of a form that shows its present values while it is closed.
struct Fold: Component {
  var label: String
  var now: String
  /// A fold with an error inside stands open.
  var isOpen = false
  var content: HTML

  var body: HTML {
    """
    <details class="fold"\(flag: "open", isOpen)><summary><span class="label">\(label)</span><span class="now">\(now)</span></summary>\
    <div class="fold-body">\(content)</div></details>

    """
  }
}

/// A button that opens its own question: no dialog, and the thing is named.
struct Confirm: Component {
  var button: String
  var question: HTML
  /// The button that does it.
  var yes: String
  var action: String
  /// Hidden fields.
  var fields: [(name: String, value: String)] = []
  var isDanger = true

  var body: HTML {
    """
    <details class="confirm"><summary class="btn\(if: isDanger, " btn-danger")">\(button)</summary><div class="confirm-body">\
    <p>\(question)</p>\(PostButton(label: HTML(text: yes), action: action, style: isDanger ? "btn-danger" : "btn-primary", fields: fields))\
    </div></details>
    """
  }
}

/// A form of one button.
struct PostButton: Component {
  var label: HTML
  var action: String
  var style = ""
  var fields: [(name: String, value: String)] = []
  /// Tells apart equal buttons of one table.
  var name: String?

  var body: HTML {
    """
    <form class="btns" action="\(url: action)" method="post">\
    \(fields, { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" })\
    <button class="btn\(if: !style.isEmpty, " ")\(style)"\(attribute: "aria-label", name)>\(label)</button></form>
    """
  }
}

/// A link that looks like a button.
struct LinkButton: Component {
  var label: HTML
  var path: String
  var style = ""

  var body: HTML { "<a class=\"btn\(if: !style.isEmpty, " ")\(style)\" href=\"\(url: path)\">\(label)</a>" }
}

/// A figure with its window and what stands behind it.
struct Tile: Component {
  var label: String
  var figure: String
  var unit: String?
  var note: String

  var body: HTML {
    """
    <div><dt>\(label)</dt><dd class="fig">\(figure)\(unit.map { "<small>\($0)</small>" as HTML })</dd><dd>\(note)</dd></div>
    """
  }
}

/// The uptime of one window.
struct UptimeTile: Component {
  var label: String
  /// From 0 to 1; nil when nothing was measured.
  var share: Double?
  var note: String

  var body: HTML {
    Tile(label: label, figure: share.map(Format.uptimeFigure) ?? "–", unit: share == nil ? nil : "%", note: note).body
  }
}

/// Tabs and segments are links.
struct Tab: Sendable {
  var label: HTML
  var path: String
  var isCurrent: Bool
}

struct Tabs: Component {
  var label: String
  var tabs: [Tab]

  var body: HTML {
    """
    <nav class="tabs" aria-label="\(label)">\(tabs, {
      "<a href=\"\(url: $0.path)\"\(attribute: "aria-current", $0.isCurrent ? "page" : nil)>\($0.label)</a>\n"
    })</nav>
    """
  }
}

struct Segments: Component {
  var label: String
  var tabs: [Tab]

  var body: HTML {
    """
    <div class="seg" role="group" aria-label="\(label)">\(tabs, {
      "<a href=\"\(url: $0.path)\"\(attribute: "aria-current", $0.isCurrent ? "true" : nil)>\($0.label)</a>"
    })</div>
    """
  }
}

/// A frame with a title.
struct Card: Component {
  var title: String
  var note: HTML?
  /// Buttons at the end of the head.
  var end: HTML?
  var id: String?
  /// Swapped by the script when something happens; needs an id.
  var isLive = false
  var content: HTML

  var body: HTML {
    """
    <section class="card"\(attribute: "id", id)\(flag: "data-live-part", isLive)><div class="card-head"><h2>\(title)</h2>\
    \(note.map { "<p>\($0)</p>" as HTML })\(end.map { "<div class=\"end\">\($0)</div>" as HTML })</div>
    \(content)</section>

    """
  }
}

/// The head of a page: one true sentence first.
struct PageHead: Component {
  var crumbs: [(label: String, path: String?)] = []
  var sentence: HTML
  var chip: HTML?
  var lead: HTML?
  var facts: HTML?
  var buttons: HTML?
  /// Swapped by the script when something happens.
  var isLive = false

  var body: HTML {
    """
    <header class="page-head"><div\(attribute: "id", isLive ? "page-state" : nil)\(attribute: "role", isLive ? "status" : nil)\
    \(flag: "data-live-part", isLive)>\(crumbLine)\(title)\(lead.map { "<p>\($0)</p>" as HTML })\
    \(facts.map { "<p class=\"facts\">\($0)</p>" as HTML })</div>\(buttons.map { "<div class=\"btns\">\($0)</div>" as HTML })</header>

    """
  }

  private var title: HTML {
    chip == nil ? "<h1>\(sentence)</h1>" : "<div class=\"title-row\"><h1>\(sentence)</h1>\(chip)</div>"
  }

  private var crumbLine: HTML? {
    guard !crumbs.isEmpty else { return nil }
    return """
      <ol class="crumbs">\(crumbs, { crumb in
        "<li>\(crumb.path.map { "<a href=\"\(url: $0)\">\(crumb.label)</a>" as HTML } ?? HTML(text: crumb.label))</li>"
      })</ol>
      """
  }
}

/// What stands where a list is empty: what would be here, and how to make the first one.
struct EmptyNote: Component {
  var sentence: String
  var more: HTML

  var body: HTML { "<div class=\"card-body empty-note\"><p><b>\(sentence)</b></p><p>\(more)</p></div>" }
}
