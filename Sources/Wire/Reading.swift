import Domain
import JSON

/// Members of a message, each as what it must be.
extension JSON {
  func neededText(_ name: String, _ bytes: ClosedRange<Int>) throws(WorkerMessage.Malformed) -> String {
    guard let text = self[name]?.string else { throw .init("/\(name)", "must be a string") }
    guard bytes.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw .init(
        "/\(name)", "must have \(bytes.lowerBound) to \(bytes.upperBound) bytes, none of them a control character")
    }
    return text
  }

  func optionalText(_ name: String, _ bytesMax: Int) throws(WorkerMessage.Malformed) -> String {
    guard let value = self[name], !value.isNull else { return "" }
    return try value.string == "" ? "" : neededText(name, 1...bytesMax)
  }

  func neededInt(_ name: String) throws(WorkerMessage.Malformed) -> Int64 {
    guard let number = self[name]?.int else { throw .init("/\(name)", "must be a whole number") }
    return number
  }

  func optionalInt(_ name: String) throws(WorkerMessage.Malformed) -> Int64? {
    guard let value = self[name], !value.isNull else { return nil }
    return try value.int == nil ? neededInt(name) : value.int
  }

  /// Milliseconds that no sum of two leaves the range of: from 1970 to the year 2200.
  func neededMs(_ name: String) throws(WorkerMessage.Malformed) -> Int64 {
    let ms = try neededInt(name)
    guard (0...7_258_118_400_000).contains(ms) else { throw .init("/\(name)", "is out of range") }
    return ms
  }

  func optionalMs(_ name: String) throws(WorkerMessage.Malformed) -> Int64? {
    guard let value = self[name], !value.isNull else { return nil }
    return try neededMs(name)
  }

  func neededPlausibleInstant(_ name: String) throws(WorkerMessage.Malformed) -> Instant {
    let instant = try neededInstant(name)
    guard (0...7_258_118_400_000).contains(instant.ms) else { throw .init("/\(name)", "is out of range") }
    return instant
  }

  func neededInstant(_ name: String) throws(WorkerMessage.Malformed) -> Instant {
    guard let instant = self[name]?.string.flatMap(Instant.init(rfc3339:)) else {
      throw .init("/\(name)", "must be an instant of RFC 3339")
    }
    return instant
  }
}

extension Int {
  func clamped(_ low: Int, _ high: Int) -> Int { Swift.min(Swift.max(self, low), high) }
}
