import HTML

/// One control with its label, its hint, and its error beneath it.
struct Field: Component {
  enum Kind: Sendable {
    case text, url, email, password, search, number, date
    case lines(Int)

    var type: String {
      switch self {
      case .text, .lines: "text"
      case .url: "url"
      case .email: "email"
      case .password: "password"
      case .search: "search"
      case .number: "number"
      case .date: "date"
      }
    }
  }

  /// The name of the form field, and the id of the control.
  var name: String
  var label: String
  var value: String = ""
  var kind: Kind = .text
  var hint: HTML?
  var error: String?
  var isRequired = false
  var isLarge = false
  var isMono = false
  var placeholder: String?
  var autocomplete: String?
  /// `seconds`, printed after the control.
  var unit: String?
  /// Distinguishes two forms of one page.
  var idPrefix = ""
  var range: ClosedRange<Int>?
  var isFocused = false

  private var id: String { idPrefix + name }

  private var describedBy: String? {
    let ids = [error == nil ? nil : id + "-e", hint == nil ? nil : id + "-h"].compactMap { $0 }
    return ids.isEmpty ? nil : ids.joined(separator: " ")
  }

  var body: HTML {
    """
    <div class="field"><label for="\(id)">\(label)</label>\(withUnit)\
    \(error.map { FieldError(id: id, message: $0) })\(hint.map { "<p class=\"hint\" id=\"\(id)-h\">\($0)</p>" as HTML })</div>
    """
  }

  private var withUnit: HTML {
    guard let unit else { return control }
    return "<div class=\"with-unit\">\(control)<span class=\"quiet\">\(unit)</span></div>"
  }

  private var control: HTML {
    let classes = "input" + (isLarge ? " input-lg" : "") + (isMono ? " mono" : "")
    let shared: HTML = """
      class="\(classes)" id="\(id)" name="\(name)"\(attribute: "placeholder", placeholder)\
      \(attribute: "autocomplete", autocomplete)\(attribute: "aria-invalid", error == nil ? nil : "true")\
      \(attribute: "aria-describedby", describedBy)\(flag: "required", isRequired)\(flag: "autofocus", isFocused)
      """
    if case .lines(let rows) = kind { return "<textarea \(shared) rows=\"\(rows)\" dir=\"auto\">\n\(value)</textarea>" }
    let shownValue = if case .password = kind { "" } else { value }
    return """
      <input type="\(kind.type)" \(shared)\(attribute: "value", shownValue.isEmpty ? nil : shownValue)\
      \(attribute: "min", range.map { String($0.lowerBound) })\(attribute: "max", range.map { String($0.upperBound) })>
      """
  }
}

/// What is wrong with a field, and what to do.
struct FieldError: Component {
  var id: String
  var message: String

  var body: HTML { "<p class=\"error\" id=\"\(id)-e\">\(Icon(State.down))\(message)</p>" }
}

/// One choice of several, as a native list.
struct Choice: Component {
  struct Option: Sendable {
    var value: String
    var label: String
  }

  var name: String
  var label: String
  var options: [Option]
  var selected: String
  var hint: String?
  var error: String?
  /// In a tool bar the label is only heard.
  var isBare = false
  var idPrefix = ""

  private var id: String { idPrefix + name }

  var body: HTML {
    if isBare { return control(labelled: true) }
    return """
      <div class="field"><label for="\(id)">\(label)</label><div>\(control(labelled: false))</div>\
      \(error.map { FieldError(id: id, message: $0) })\(hint.map { "<p class=\"hint\" id=\"\(id)-h\">\($0)</p>" as HTML })</div>
      """
  }

  private func control(labelled: Bool) -> HTML {
    """
    <select class="select" id="\(id)" name="\(name)"\(attribute: "aria-label", labelled ? label : nil)\
    \(attribute: "aria-describedby", error != nil ? id + "-e" : hint != nil ? id + "-h" : nil)>\
    \(options, { "<option value=\"\($0.value)\"\(flag: "selected", $0.value == selected)>\($0.label)</option>" })</select>
    """
  }
}

/// A box to tick: the field is sent as `name=value` when it is ticked and not at all otherwise.
struct Check: Component {
  var name: String
  var value = "on"
  var label: HTML
  var isOn: Bool
  var isRadio = false

  var body: HTML {
    """
    <label class="check"><input type="\(isRadio ? "radio" : "checkbox")" name="\(name)" value="\(value)"\
    \(flag: "checked", isOn)> <span>\(label)</span></label>
    """
  }
}

/// Several boxes or one of several choices, under one legend.
struct CheckGroup: Component {
  var legend: String
  var checks: [Check]
  var isLegendHidden = false
  var error: String?

  var body: HTML {
    """
    <fieldset><legend class="\(isLegendHidden ? "vh" : "label")">\(legend)</legend><div class="checks">\(checks, { $0.body })</div>\
    \(error.map { FieldError(id: checks.first?.name ?? "checks", message: $0) })</fieldset>
    """
  }
}

/// Errors of a form by field name; the empty name is the form itself.
typealias FormErrors = [String: String]

/// What is wrong with the form as a whole, above its fields.
struct FormError: Component {
  var message: String?

  var body: HTML {
    guard let message else { return HTML() }
    return "<div class=\"banner st-down\" role=\"alert\">\(StateMark(.down, message))</div>"
  }
}
