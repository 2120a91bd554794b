/// The last so many values, for quantiles of now rather than of all time.
public struct RecentValues: Sendable {
  private var values: [Int] = []
  private var next = 0
  private let capacity: Int

  public init(capacity: Int) { self.capacity = capacity }

  public mutating func add(_ value: Int) {
    if values.count < capacity {
      values.append(value)
    } else {
      values[next] = value
      next = (next + 1) % capacity
    }
  }

  /// The value that `share` of all are at or below; 0 when there is none.
  public func quantile(_ share: Double) -> Int {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
  }
}
