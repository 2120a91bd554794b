import Domain
import JSON

/// One line per change of state on stderr: time, event name, fields. Never a token, a bound value or a credential.
struct Log: Sendable {
  let world: World

  func event(_ name: String, _ fields: [(String, JSON)] = []) {
    var line = world.now().rfc3339 + " " + name
    for (key, value) in fields {
      line += " " + key + "=" + (value.string.map { $0.contains(" ") ? value.text : $0 } ?? value.text)
    }
    Console.note(line)
  }
}
