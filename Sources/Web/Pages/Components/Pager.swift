import HTML

/// Where a page stands in a list, and the way to the others: pages are links.
struct Pager: Component {
  var page: Int
  var rows: Int
  var total: Int
  /// The list's path with its filters, without `page`: `/monitors?q=shop`.
  var path: String

  var last: Int { max(1, (total + rows - 1) / max(rows, 1)) }

  var body: HTML {
    guard total > rows else { return HTML() }
    let first = (page - 1) * rows + 1
    return """
      <nav class="pager" aria-label="Pages"><span>\(Format.count(first)) to \(Format.count(min(page * rows, total))) of \
      \(Format.count(total))</span><ol>\(if: page > 1, "<li><a href=\"\(url: link(page - 1))\" rel=\"prev\">Previous</a></li>")\
      \(shown, item)\(if: page < last, "<li><a href=\"\(url: link(page + 1))\" rel=\"next\">Next</a></li>")</ol></nav>
      """
  }

  /// First, last, and the neighbours of the present page; nil is a gap.
  private var shown: [Int?] {
    let near = Set([1, last, page - 1, page, page + 1].filter { (1...last).contains($0) }).sorted()
    var all: [Int?] = []
    for number in near {
      if let before = all.last ?? nil, number > before + 1 { all.append(nil) }
      all.append(number)
    }
    return all
  }

  private func item(_ number: Int?) -> HTML {
    guard let number else { return "<li class=\"gap\">…</li>" }
    return
      "<li><a href=\"\(url: link(number))\"\(attribute: "aria-current", number == page ? "page" : nil)>\(number)</a></li>"
  }

  private func link(_ number: Int) -> String { path + (path.contains("?") ? "&" : "?") + "page=\(number)" }
}

/// The way on through a list that has no known end.
struct OlderLink: Component {
  var path: String?
  var said: String

  var body: HTML {
    guard let path else { return HTML() }
    return """
      <nav class="pager" aria-label="Pages"><span>\(said)</span><ol><li><a href="\(url: path)" rel="next">Older</a></li></ol></nav>
      """
  }
}
