import Domain

@testable import Worker

extension Spool {
  /// Everything in it, in the order in which it would be delivered; nothing stays.
  func drained() throws -> [Delivered] {
    var out: [Delivered] = []
    while true {
      let (some, mark) = try read(3)
      if some.isEmpty { return out }
      out += some
      try empty(mark: mark)
    }
  }
}
