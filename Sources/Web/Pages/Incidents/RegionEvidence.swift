import HTML

/// What each region saw of an incident: who failed, since when, and what the failing runs got.
struct RegionEvidence: Component {
  /// One failing run.
  struct Run: Sendable {
    var at: Int64
    /// Why it failed, as a sentence.
    var reason: String
    /// Label and value in order: phase, answer, address, times.
    var facts: [(label: String, value: String)]
    /// `https://… answered 301 from 203.0.113.7 in 12 ms`
    var hops: [String]
    /// Leaf first.
    var chain: [String]
    /// The head and the beginning of the answer, secrets masked.
    var excerpt: String?
  }

  struct Region: Sendable {
    var name: String
    /// Its newest word within the incident; nil when it had none.
    var vote: State?
    /// Finished checks within the incident, and those of them that failed.
    var checks: Int
    var failed: Int
    /// Of its failures the first that was kept, and the last where that is another.
    var first: Run?
    var last: Run?
  }

  var from: Int64
  /// Nil while it goes on.
  var until: Int64?
  /// Failing ones first.
  var regions: [Region]
  /// How many checks were counted at most, when there were more.
  var countedMax: Int?

  var body: HTML {
    Card(
      title: "What each region saw", note: note, id: "evidence", isLive: true,
      content: """
        <div class="card-body stack"><dl class="kv"><dt>Votes</dt><dd class="checks">\(regions, vote)</dd></dl>\
        <div class="folds">\(regions.enumerated().map { fold($0.element, isOpen: $0.offset == 0) }.joined())</div></div>
        """
    ).body
  }

  private var note: HTML {
    let span: HTML = until.map { "\(When(from)) to \(When($0))" } ?? "Since \(When(from))"
    return "\(span)\(countedMax.map { ", the newest \(Format.count($0)) checks" as HTML })"
  }

  private func vote(_ region: Region) -> HTML {
    StateMark(region.vote ?? .unknown, region.name).body
  }

  private func tally(_ region: Region) -> String {
    region.checks == 0
      ? "no check finished" : "\(Format.count(region.failed)) of \(Format.count(region.checks, "check")) failed"
  }

  private func fold(_ region: Region, isOpen: Bool) -> HTML {
    let checks = tally(region)
    guard let run = region.last ?? region.first else {
      return """
        <div class="fold plain"><span class="label">\(region.name)</span><span class="now">\(checks)</span></div>

        """
    }
    return Fold(
      label: region.name, now: "\(checks): \(run.reason)", isOpen: isOpen,
      content: """
        \(region.last.map { last in region.first.map { first($0, before: last) } ?? HTML() } ?? HTML())\(details(run, checks: checks))
        """
    ).body
  }

  /// The first failure in one line, when the last is another.
  private func first(_ run: Run, before last: Run) -> HTML {
    let facts = run.facts.filter { fact in !last.facts.contains { $0 == fact } }
    let more = facts.map { "\($0.label.lowercased()) \($0.value)" }.joined(separator: ", ")
    return """
      <dl class="kv"><dt>First failure</dt><dd dir="auto">\(When(run.at, .full)): \(run.reason == last.reason ? "the same" : run.reason)\
      \(if: !more.isEmpty, " <span class=\"quiet\">\(more)</span>")</dd></dl>
      """
  }

  private func details(_ run: Run, checks: String) -> HTML {
    """
    <dl class="kv"><dt>Checks</dt><dd>\(checks)</dd><dt>Last failure</dt><dd>\(When(run.at, .full))</dd><dt>Reason</dt><dd dir="auto">\(run.reason)</dd>\
    \(run.facts, { "<dt>\($0.label)</dt><dd dir=\"auto\">\($0.value)</dd>" })\
    \(if: !run.hops.isEmpty, "<dt>Way there</dt><dd dir=\"auto\">\(run.hops.map { HTML(text: $0) }.joined(by: "<br>"))</dd>")\
    \(if: !run.chain.isEmpty, "<dt>Certificates</dt><dd dir=\"auto\">\(run.chain.map { HTML(text: $0) }.joined(by: "<br>"))</dd>")</dl>\
    \(run.excerpt.map { "<pre class=\"code\" tabindex=\"0\" aria-label=\"Answer\">\($0)</pre>" as HTML })
    """
  }
}
