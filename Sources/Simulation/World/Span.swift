import Domain

/// A stretch of time, its end not included.
public struct Span: Hashable, Sendable {
  public var from: Instant
  public var to: Instant

  public init(_ from: Instant, _ to: Instant) {
    self.from = from
    self.to = to
  }

  var ms: Int64 { to - from }
  func contains(_ at: Instant) -> Bool { from <= at && at < to }
  func touches(_ other: Span) -> Bool { from < other.to && other.from < to }
}

extension [Span] {
  /// The span that holds `at`; spans are sorted and do not overlap.
  func holding(_ at: Instant) -> Span? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].to <= at { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].contains(at) ? self[low] : nil
  }

  func touch(_ other: Span) -> Bool { contains { $0.touches(other) } }

  /// Sorted, with overlapping ones made one.
  var merged: [Span] {
    var out: [Span] = []
    for span in sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) where span.from < span.to {
      if let last = out.last, span.from <= last.to {
        out[out.count - 1].to = Swift.max(last.to, span.to)
      } else {
        out.append(span)
      }
    }
    return out
  }
}
