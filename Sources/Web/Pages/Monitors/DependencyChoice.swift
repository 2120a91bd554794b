import HTML

/// What a monitor needs, as a form asks for it: boxes where there are few monitors, else one name a line.
struct DependencyChoice: Sendable {
  /// Every other monitor, where they are few.
  var boxes: [MonitorForm.Tick] = []
  /// One a line, as typed or by name; nil where there are boxes.
  var lines: String?
  /// Ids of what is chosen, before names are known.
  var chosen: [String] = []

  func fold(error: String?) -> Fold {
    let names =
      lines.map { $0.split(separator: "\n").map(String.init) } ?? boxes.filter(\.isOn).map(\.name)
    return Fold(
      label: "Depends on", now: names.isEmpty ? "no other monitor" : names.joined(separator: ", "),
      isOpen: error != nil,
      content: "\(choice(error))\(Self.explanation)")
  }

  private func choice(_ error: String?) -> HTML {
    if let lines {
      return Field(
        name: "depends_on", label: "Monitors that this one needs", value: lines, kind: .lines(3),
        hint: "One a line: a monitor’s name, or its id where several have that name.", error: error
      ).body
    }
    guard !boxes.isEmpty else { return "<p class=\"soft\">There is no other monitor yet.</p>" }
    return CheckGroup(
      legend: "Monitors that this one needs",
      checks: boxes.map {
        Check(name: "depends_on", value: $0.id, label: "<bdi>\($0.name)</bdi>", isOn: $0.isOn)
      }, error: error
    ).body
  }

  private static let explanation: HTML = """
    <p class="soft">While one of these is down, this one is checked as ever and its incidents are marked as caused by the \
    other’s; only the other’s message goes out. What is still down when the other has recovered is told then.</p>
    """
}

/// Monitors that this one needs, or that need it, in a line of facts.
struct RelatedMonitors: Component {
  struct One: Sendable {
    var id: String
    var name: String
    var state: State
  }

  /// `depends on`, `needed by`
  var label: String
  var monitors: [One]
  /// How many there are besides.
  var more = 0

  var body: HTML {
    guard !monitors.isEmpty else { return HTML() }
    let links = monitors.map { one -> HTML in
      let state: HTML? = one.state == .up ? nil : " (\(one.state.word.lowercased()))"
      return "<a href=\"\(Paths.monitor(one.id))\" dir=\"auto\">\(one.name)</a>\(state)"
    }
    return "<span>\(label) \(links.joined(by: ", "))\(if: more > 0, " and \(Format.count(more)) more")</span>"
  }
}
