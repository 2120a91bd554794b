import HTML

/// Which services a status page shows and in which order: a tick and a place for each, sent as `service` and `place_svc_…`.
struct ShownServices: Component {
  /// A service as it stands in the form.
  struct Choice: Sendable {
    var id: String
    var name: String
    var isOn: Bool
    /// As typed; empty for the end.
    var place: String
  }

  var choices: [Choice]
  var error: String?

  static func field(_ id: String) -> String { "place_\(id)" }

  var body: HTML {
    """
    <fieldset><legend class="label">Services on it</legend><ul class="places">\(choices, row)</ul>\
    \(error.map { FieldError(id: "service", message: $0) })\
    <p class="hint" id="places-h">The number is its place on the page; without one it comes last.</p></fieldset>
    """
  }

  private func row(_ choice: Choice) -> HTML {
    """
    <li>\(Check(name: "service", value: choice.id, label: "<bdi>\(choice.name)</bdi>", isOn: choice.isOn))\
    <input class="input" inputmode="numeric" maxlength="3" autocomplete="off" name="\(Self.field(choice.id))" \
    value="\(choice.place)"\(attribute: "aria-invalid", Self.isPlace(choice.place) ? nil : "true") aria-label="Place of \(choice.name)" aria-describedby="places-h"></li>

    """
  }

  /// Empty, or a number from 1 to 999.
  private static func isPlace(_ typed: String) -> Bool {
    typed.isEmpty || Int(typed).map { (1...999).contains($0) } ?? false
  }

  /// Ids by their places, those without one last, otherwise as they stand; nil when a place is no number from 1 to 999.
  static func ordered(_ ids: [String], place: (String) -> String) -> [String]? {
    var placed: [(id: String, place: Int)] = []
    for id in ids {
      let typed = place(id)
      guard isPlace(typed) else { return nil }
      placed.append((id, Int(typed) ?? .max))
    }
    return placed.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(
      \.element.id)
  }
}
