import Glibc

/// SplitMix64: the one source of chance of a run. The same seed gives the same numbers on every machine.
struct Seeded: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }

  mutating func below(_ end: Int64) -> Int64 { Int64(next() % UInt64(max(end, 1))) }
  mutating func between(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }
  mutating func isTrue(perMille: Int64) -> Bool { below(1000) < perMille }
  mutating func pick<T>(_ all: [T]) -> T { all[Int(below(Int64(all.count)))] }

  /// Between both, short ones as likely as long ones.
  mutating func spread(_ range: ClosedRange<Int64>) -> Int64 {
    let share = Double(next() >> 11) / Double(1 << 53)
    let low = log(Double(range.lowerBound))
    return Int64(exp(low + share * (log(Double(range.upperBound)) - low)))
  }
}

/// The finaliser of SplitMix64: each bit of the input reaches each of the output.
func mixed(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
  return z ^ z >> 31
}

func mixed(_ a: UInt64, _ b: Int64) -> UInt64 { mixed(a &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: b)) }
