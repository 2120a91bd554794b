/// How many times each latency was seen, in buckets that know every value within 1 %: quantiles of any stretch of time
/// by adding up the sketches of its parts (after Masson, Rim, Lee: "DDSketch", VLDB 2019, with integer boundaries).
public struct Sketch: Hashable, Sendable {
  /// One bucket that is not empty.
  struct Entry: Hashable, Sendable {
    var bucket: UInt16
    var count: UInt32
  }

  /// By bucket, none twice, no count of 0.
  private(set) var entries: [Entry] = []

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }
  public var n: Int64 { entries.reduce(0) { $0 + Int64($1.count) } }

  /// Counts one latency in µs; what lies beyond the table counts in its last bucket.
  public mutating func add(us: Int64) {
    let bucket = Self.bucket(of: us)
    let at = entries.partition { $0.bucket >= bucket }
    if at < entries.count, entries[at].bucket == bucket {
      entries[at].count = entries[at].count.addingCapped(1)
    } else {
      entries.insert(Entry(bucket: bucket, count: 1), at: at)
    }
  }

  /// Adds what another sketch saw; the order of merging does not matter.
  public mutating func merge(_ other: Sketch) {
    if entries.isEmpty {
      entries = other.entries
      return
    }
    var out: [Entry] = []
    out.reserveCapacity(entries.count + other.entries.count)
    var i = 0
    for more in other.entries {
      while i < entries.count, entries[i].bucket < more.bucket {
        out.append(entries[i])
        i += 1
      }
      if i < entries.count, entries[i].bucket == more.bucket {
        out.append(Entry(bucket: more.bucket, count: entries[i].count.addingCapped(more.count)))
        i += 1
      } else {
        out.append(more)
      }
    }
    out += entries[i...]
    entries = out
  }

  /// The latency in µs below or at which the part `q` (0 to 1) lies, by nearest rank, within 1 %; nil when empty.
  public func quantile(_ q: Double) -> Int64? {
    let total = n
    guard total > 0 else { return nil }
    var left = min(max(Int64((q * Double(total)).rounded(.up)), 1), total)
    for entry in entries {
      left -= Int64(entry.count)
      if left <= 0 { return Self.middle[Int(entry.bucket)] }
    }
    return nil
  }
}

extension Sketch {
  /// What each bucket stands for, in µs: at most 1 % from either end. Up to 98 µs a bucket is one value; after that
  /// the middle is 1.01 × the lowest value and the highest 1/0.99 × the middle, in whole numbers, up to ten minutes.
  static let middle: [Int64] = table.map(\.middle)
  /// The highest value of each bucket.
  static let highest: [Int64] = table.map(\.highest)

  private static let table: [(middle: Int64, highest: Int64)] = {
    var out: [(middle: Int64, highest: Int64)] = [(0, 0)]
    while let last = out.last, last.highest < 600_000_000 {
      let middle = (last.highest + 1) * 101 / 100
      out.append((middle, middle * 100 / 99))
    }
    return out
  }()

  static func bucket(of us: Int64) -> UInt16 {
    UInt16(min(highest.partition { $0 >= us }, highest.count - 1))
  }

  /// The first byte of a stored sketch.
  private static let format: UInt8 = 1

  /// Format, number of buckets, then for each the distance to the one before with one bit that says "more than once".
  public var encoded: [UInt8] {
    var out = PackedWriter()
    encode(to: &out)
    return [Self.format] + out.bytes
  }

  public init(encoded: [UInt8]) throws(PackedError) {
    guard encoded.first == Self.format else { throw PackedError(detail: "sketch format is not known") }
    var input = PackedReader(Array(encoded.dropFirst()))
    try self.init(from: &input)
    guard input.isAtEnd else { throw PackedError(detail: "bytes follow the sketch") }
  }

  /// Without the format byte, as part of something that has its own.
  public func encode(to out: inout PackedWriter) {
    out.unsigned(UInt64(entries.count))
    var next: UInt64 = 0
    for entry in entries {
      out.unsigned((UInt64(entry.bucket) - next) << 1 | (entry.count > 1 ? 1 : 0))
      if entry.count > 1 { out.unsigned(UInt64(entry.count) - 2) }
      next = UInt64(entry.bucket) + 1
    }
  }

  public init(from input: inout PackedReader) throws(PackedError) {
    let count = try input.count(max: Self.highest.count)
    var next: UInt64 = 0
    for _ in 0..<count {
      let head = try input.unsigned()
      let (bucket, overflow) = next.addingReportingOverflow(head >> 1)
      guard !overflow, bucket < UInt64(Self.highest.count) else {
        throw PackedError(detail: "a bucket is beyond the table")
      }
      var times: UInt64 = 1
      if head & 1 == 1 {
        times = try input.unsigned()
        guard times <= UInt64(UInt32.max) - 2 else { throw PackedError(detail: "a count is too large") }
        times += 2
      }
      entries.append(Entry(bucket: UInt16(bucket), count: UInt32(times)))
      next = bucket + 1
    }
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index whose element satisfies `late`, in a collection that has those last; `endIndex` when none does.
  func partition(_ late: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if late(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension UInt32 {
  fileprivate func addingCapped(_ other: UInt32) -> UInt32 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
