import HTTPServer
import Testing

@testable import Web

extension WebWorld {
  func get(_ path: String, as sender: Sender = .nobody) async -> Reply { await send("GET", path, as: sender) }
}

extension WebWorld.Reply {
  /// Where a redirect leads; nil for every other answer.
  var location: String? { status == 303 ? header("location") : nil }

  /// The attribute values or texts that stand between two marks, in the order of the page.
  func all(between start: String, and end: String) -> [String] {
    var found: [String] = []
    var rest = text[...]
    while let from = rest.firstRange(of: start) {
      rest = rest[from.upperBound...]
      guard let to = rest.firstRange(of: end) else { break }
      found.append(String(rest[..<to.lowerBound]))
      rest = rest[to.upperBound...]
    }
    return found
  }

  /// What is printed this once.
  var once: String? { all(between: "id=\"once\">", and: "</pre>").first }

  /// The message that stands beside a field.
  func error(of field: String) -> String? {
    guard let at = text.firstRange(of: "id=\"\(field)-e\"") else { return nil }
    let rest = text[at.upperBound...]
    guard let end = rest.firstRange(of: "</p>") else { return nil }
    let inner = rest[..<end.lowerBound]
    return inner.lastIndex(of: ">").map { String(inner[inner.index(after: $0)...]) }
  }

  /// The ids in the actions of forms such as `/settings/channels/{id}/delete`.
  func ids(in base: String, _ verb: String) -> [String] {
    all(between: "action=\"\(base)/", and: "\"").compactMap { path in
      let parts = path.split(separator: "/")
      return parts.count == 2 && parts[1] == verb ? String(parts[0]) : nil
    }
  }
}
