import HTML

/// A reference to a drawing in the page's sprite.
struct Icon: Component {
  var name: String

  init(_ name: Drawing) { self.name = name.rawValue }
  init(_ state: State) { name = state.rawValue }

  var body: HTML { "<svg class=\"i\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><use href=\"#i-\(name)\"/></svg>" }

  /// The bird.
  static var mark: HTML {
    "<svg class=\"mark\" viewBox=\"-1 4.8 28.2 28.2\" aria-hidden=\"true\"><use href=\"#i-mark\"/></svg>"
  }
}

/// The drawings of the interface; states have their own.
enum Drawing: String, CaseIterable {
  case pulse, flag, calendar, layers, page, globe, sliders, search, plus, again, pause, play, sort, menu, bell, copy

  var shape: HTML {
    switch self {
    case .pulse: "<path d=\"M1.5 8.5h3L6.5 3.5l3 9 2-4h3\"/>"
    case .flag: "<path d=\"M3.5 14.5v-12h8.5l-1.8 3.2L12 9H3.5\"/>"
    case .calendar:
      "<rect x=\"2\" y=\"3\" width=\"12\" height=\"11\" rx=\"1.5\"/><path d=\"M2 6.5h12M5.3 1.5V4m5.4-2.5V4\"/>"
    case .layers: "<path d=\"m8 2 6 3-6 3-6-3zM2 8.2l6 3 6-3M2 11.2l6 3 6-3\"/>"
    case .page:
      "<rect x=\"1.8\" y=\"2.5\" width=\"12.4\" height=\"11\" rx=\"1.5\"/><path d=\"M1.8 6h12.4M5 9h6m-6 2h3.5\"/>"
    case .globe:
      "<circle cx=\"8\" cy=\"8\" r=\"6.2\"/><path d=\"M1.8 8h12.4M8 1.8c4 4 4 8.4 0 12.4-4-4-4-8.4 0-12.4\"/>"
    case .sliders:
      """
      <path d="M2 5h6.5m4 0H14M2 11h1.5m4 0H14"/><circle cx="10.5" cy="5" r="1.9"/><circle cx="5.5" cy="11" r="1.9"/>
      """
    case .search: "<circle cx=\"7\" cy=\"7\" r=\"4.7\"/><path d=\"m10.5 10.5 3.7 3.7\"/>"
    case .plus: "<path d=\"M8 3v10M3 8h10\"/>"
    case .again: "<path d=\"M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.5 1.8v3h-3\"/>"
    case .pause: "<path d=\"M5.5 3v10m5-10v10\"/>"
    case .play: "<path d=\"M5 3v10l8-5z\"/>"
    case .sort: "<path d=\"m4 10 4 4 4-4M8 2v12\"/>"
    case .menu: "<path d=\"M2 4.5h12M2 8h12M2 11.5h12\"/>"
    case .bell: "<path d=\"M3.5 11.5V7a4.5 4.5 0 0 1 9 0v4.5l1 1h-11zM6.5 14.3h3\"/>"
    case .copy: "<rect x=\"5.5\" y=\"5.5\" width=\"8\" height=\"8\" rx=\"1.5\"/><path d=\"M10.5 5.5v-3h-8v8h3\"/>"
    }
  }
}

extension State {
  var shape: HTML {
    switch self {
    case .up: "<circle cx=\"8\" cy=\"8\" r=\"7\"/><path class=\"ko\" d=\"m4.8 8.3 2.2 2.2 4.2-4.7\"/>"
    case .degraded:
      """
      <path d="M8 2.1 14.6 13.6H1.4z" stroke="currentColor" stroke-width="2"/><path class="ko" d="M8 6v3.4m0 2.5v.01"/>
      """
    case .partial:
      """
      <path d="M8 1.3 14.7 8 8 14.7 1.3 8z" fill="none" stroke="currentColor" stroke-width="1.7"/>\
      <path d="M8 1.3v13.4L1.3 8z"/>
      """
    case .down:
      """
      <rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2.6"/>\
      <path class="ko" d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6"/>
      """
    case .maintenance:
      """
      <path fill-rule="evenodd" d="M8 .7 14.4 4.3v7.4L8 15.3 1.6 11.7V4.3zM8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z"/>
      """
    case .unknown:
      """
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.7" stroke-dasharray="2.7 2.17" \
      stroke-linecap="butt"/><circle cx="8" cy="8" r="1.5"/>
      """
    case .paused:
      """
      <rect x="3.2" y="2.5" width="3.4" height="11" rx="1"/><rect x="9.4" y="2.5" width="3.4" height="11" rx="1"/>
      """
    case .unconfirmed:
      """
      <circle cx="8" cy="8" r="6.3" fill="none" stroke="currentColor" stroke-width="1.7"/>\
      <path d="M8 8V3.6A4.4 4.4 0 0 1 12.4 8z"/>
      """
    case .pending:
      "<circle cx=\"3\" cy=\"8\" r=\"1.6\"/><circle cx=\"8\" cy=\"8\" r=\"1.6\"/><circle cx=\"13\" cy=\"8\" r=\"1.6\"/>"
    }
  }
}

/// The drawings that a page refers to, written once at its top.
struct Sprite: Component {
  var names: Set<String>

  /// Finds the references within a page's markup.
  init(usedBy markup: HTML, and more: [State] = []) {
    names = Set(more.map(\.rawValue))
    let needle = Array("<use href=\"#i-".utf8)
    let bytes = markup.bytes
    var index = 0
    while let found = Sprite.firstRange(of: needle, in: bytes, from: index) {
      let end = bytes[found...].firstIndex(of: UInt8(ascii: "\"")) ?? bytes.endIndex
      names.insert(String(decoding: bytes[found..<end], as: UTF8.self))
      index = end
    }
  }

  /// The index after the first occurrence.
  private static func firstRange(of needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + needle.count <= bytes.count {
      if bytes[index] == needle[0], bytes[index..<index + needle.count].elementsEqual(needle) {
        return index + needle.count
      }
      index += 1
    }
    return nil
  }

  var body: HTML { "<svg class=\"sprite\" aria-hidden=\"true\">\(names.sorted(), symbol)</svg>" }

  private func symbol(_ name: String) -> HTML {
    if name == "mark" { return "<symbol id=\"i-mark\" viewBox=\"-1 4.8 28.2 28.2\">\(Sprite.bird)</symbol>" }
    guard let shape = State(rawValue: name)?.shape ?? Drawing(rawValue: name)?.shape else { return HTML() }
    return "<symbol id=\"i-\(name)\" viewBox=\"0 0 16 16\">\(shape)</symbol>"
  }

  private static let bird: HTML = """
    <path transform="rotate(45 16 16) translate(0 .8)" d="M16 .8c1.9 1.5 2.9 3.9 3 6.8 5.8 1 10.3 5.5 12.6 13.9-3.8-4.3-7.9-6.1-12.5-5.9 \
    0 2.9.4 5.2 1.3 7.2l3.4 7.4-7.8-4.4-7.8 4.4 3.4-7.4c.9-2 1.3-4.3 1.3-7.2C8.3 15.4 4.2 17.2.4 21.5 2.7 13.1 7.2 8.6 13 7.6c.1-2.9 \
    1.1-5.3 3-6.8z"/>
    """
}
