import Domain
import HTML

/// How each region voted over the time of an incident: one strip per region over one axis. A vote is told by height and
/// pattern as well as by colour; a time without a fresh vote is a gap, one in which what it said did not count is hatched.
struct VoteStrips: Component {
  struct Span: Sendable {
    var from: Int64
    var to: Int64
    var vote: PastVote
  }

  struct Region: Sendable {
    var name: String
    /// Oldest first, without a hole.
    var spans: [Span]
  }

  /// The moment at which enough regions voted down.
  struct Quorum: Sendable {
    var at: Int64
    var downs: Int
    var voters: Int
  }

  var from: Int64
  var to: Int64
  /// When the incident began.
  var startedAt: Int64
  var isOver: Bool
  /// The middle is known by the minute only.
  var isByMinute = false
  /// Only its first days are drawn.
  var isCut = false
  var regions: [Region]
  var quorum: Quorum?

  private static let width = 1000.0, height = 20, rowsMax = 24

  var body: HTML {
    Card(
      title: "Votes over time", note: note, id: "votes", isLive: true,
      content: """
        <div class="card-body stack"><ul class="legend">\(kinds, key)\(startKey)\(quorumKey)</ul>
        <figure class="votes">\(regions, strip)<div class="x" aria-hidden="true">\(0...4, tick)</div></figure>
        \(table)</div>
        """
    ).body
  }

  /// Those that stand in a strip, in the order of the legend.
  private var kinds: [PastVote] {
    PastVote.allCases.filter { vote in regions.contains { $0.spans.contains { $0.vote == vote } } }
  }

  private var note: HTML {
    let detail = isCut ? ", the first 14 days" : isByMinute ? ", by the minute" : ""
    return "\(When(from)) to \(if: isOver || isCut, When(to).body)\(if: !isOver && !isCut, "now")\(detail)"
  }

  private func x(_ ms: Int64) -> Double { Self.width * Double(ms - from) / Double(max(to - from, 1)) }

  /// A stroke along the strip: its width and its dashes, which no scaling changes, say the vote.
  private func stroke(_ vote: PastVote, _ start: Double, _ end: Double) -> HTML {
    let y = vote == .none ? "19" : vote == .up ? "17" : vote == .slow ? "14" : "10"
    return "<path class=\"v-\(vote.rawValue)\" d=\"M\(Format.coordinate(start)) \(y)H\(Format.coordinate(end))\"/>"
  }

  private func strip(_ region: Region) -> HTML {
    """
    <div class="vote"><span class="who" dir="auto">\(region.name)</span><svg viewBox="0 0 1000 \(Self.height)" preserveAspectRatio="none" \
    role="img" aria-label="\(region.name): \(summary(region))">\(region.spans, piece)\
    <path class="v-start" d="M\(Format.coordinate(x(startedAt))) 0V\(Self.height)"/>\
    \(quorum.map { "<path class=\"v-quorum\" d=\"M\(Format.coordinate(x($0.at))) 0V\(Self.height)\"/>" as HTML })</svg></div>
    """
  }

  private func piece(_ span: Span) -> HTML {
    let start = x(span.from)
    // The shortest is still to be seen.
    let end = max(x(span.to), min(start + 2, Self.width))
    return """
      <g><title>\(span.vote.word), \(moment(span.from)) to \(moment(span.to)), \(Format.span(ms: span.to - span.from))</title>\
      <rect class="hit" x="\(Format.coordinate(start))" y="0" width="\(Format.coordinate(end - start))" height="\(Self.height)"/>\
      \(stroke(span.vote, start, end))</g>
      """
  }

  private func key(_ vote: PastVote) -> HTML {
    "<li><svg class=\"vk\" viewBox=\"0 0 22 20\" aria-hidden=\"true\">\(stroke(vote, 0, 22))</svg>\(vote.word.lowercased())</li>"
  }

  private var startKey: HTML {
    """
    <li><svg class="vk" viewBox="0 0 22 20" aria-hidden="true"><path class="v-start" d="M11 0V20"/></svg>first failure \
    <b>\(Format.clockSeconds(startedAt))\(Format.space)UTC</b></li>
    """
  }

  private var quorumKey: HTML? {
    quorum.map {
      """
      <li><svg class="vk" viewBox="0 0 22 20" aria-hidden="true"><path class="v-quorum" d="M11 0V20"/></svg>quorum, \
      \($0.downs) of \($0.voters) down <b>\(Format.clockSeconds($0.at))\(Format.space)UTC</b></li>
      """
    }
  }

  private func tick(_ quarter: Int) -> HTML {
    let at = from + (to - from) * Int64(quarter) / 4
    let length = to - from
    return
      "<span>\(length > 2 * 86_400_000 ? Format.day(at) : length < 600_000 ? Format.clockSeconds(at) : Format.clock(at))</span>"
  }

  private func moment(_ ms: Int64) -> String {
    (to - from > 86_400_000 ? Format.day(ms) + " " : "") + Format.clockSeconds(ms)
  }

  /// Such as `down for 44 min, up for 4 min`.
  private func summary(_ region: Region) -> String {
    let parts = [PastVote.down, .slow, .up, .silenced, .none].compactMap { vote -> String? in
      let ms = region.spans.filter { $0.vote == vote }.reduce(Int64(0)) { $0 + $1.to - $1.from }
      return ms > 0 ? "\(vote.word.lowercased()) for \(Format.span(ms: ms))" : nil
    }
    return parts.isEmpty ? "no vote" : parts.joined(separator: ", ")
  }

  private var table: HTML {
    """
    <details class="texts"><summary class="chev">The same as a table</summary><table class="table"><caption class="vh">Votes by region, \
    UTC</caption><thead><tr><th scope="col">Vote</th><th scope="col">From</th><th scope="col">To</th><th scope="col" class="num">For</th>\
    </tr></thead>\(regions, rows)</table></details>
    """
  }

  /// A region's name stands above its rows, so that the longest fits the narrowest screen.
  private func rows(_ region: Region) -> HTML {
    let shown = region.spans.prefix(Self.rowsMax)
    let left = region.spans.count - shown.count
    return """
      <tbody><tr><th scope="rowgroup" colspan="4" class="wraps" dir="auto">\(region.name)</th></tr>\(shown, { span in
        "<tr><td>\(StateMark(span.vote.state, span.vote.short))</td><td>\(moment(span.from))</td><td>\(moment(span.to))</td><td class=\"num\">\(Format.span(ms: span.to - span.from))</td></tr>"
      })\(if: left > 0, "<tr><td colspan=\"4\">and \(Format.count(left, "change")) more</td></tr>")</tbody>
      """
  }
}

extension PastVote {
  fileprivate var word: String {
    switch self {
    case .up: "Up"
    case .slow: "Slow"
    case .down: "Down"
    case .silenced: "Not counted"
    case .none: "No fresh vote"
    }
  }

  /// Where there is little room.
  fileprivate var short: String { self == .none ? "No vote" : word }

  fileprivate var state: State {
    switch self {
    case .up: .up
    case .slow: .degraded
    case .down: .down
    case .silenced, .none: .unknown
    }
  }
}
