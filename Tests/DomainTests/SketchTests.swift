import Testing

@testable import Domain

/// A seeded source for tables of values.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite("The latency sketch")
struct SketchTests {
  @Test("has no bucket that strays more than 1 % from its middle")
  func bounds() {
    var lowest: Int64 = 0
    for (middle, highest) in zip(Sketch.middle, Sketch.highest) {
      #expect(lowest <= middle && middle <= highest)
      #expect((middle - lowest) * 100 <= lowest)
      #expect((highest - middle) * 100 <= highest)
      #expect(Sketch.bucket(of: lowest) == Sketch.bucket(of: highest))
      lowest = highest + 1
    }
    #expect(Sketch.middle.count < 1000)
    #expect(Sketch.highest.last ?? 0 >= 600_000_000)
  }

  @Test("answers quantiles within 1 % of the exact ones", arguments: [1, 2, 3, 4, 5])
  func quantiles(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var exact: [Int64] = []
    var parts = [Sketch](repeating: Sketch(), count: 24)
    for i in 0..<5000 {
      let spread = Int64(10) << Int64.random(in: 0..<21, using: &random)
      let us = Int64.random(in: 1...spread, using: &random)
      exact.append(us)
      parts[i % 24].add(us: us)
    }
    exact.sort()
    var sum = Sketch()
    for part in parts { sum.merge(part) }
    var backwards = Sketch()
    for part in parts.reversed() { backwards.merge(part) }
    #expect(sum == backwards)
    #expect(sum.n == 5000)
    for q in [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
      let rank = min(max(Int((q * 5000).rounded(.up)), 1), 5000)
      let want = exact[rank - 1]
      let got = try #require(sum.quantile(q))
      #expect(abs(got - want) * 100 <= want, "q \(q): \(got) instead of \(want)")
    }
  }

  @Test("comes back from its bytes, and is a few bytes for a minute")
  func roundTrip() throws {
    var random = SplitMix(state: 9)
    for n in [0, 1, 2, 6, 60, 5000] {
      var sketch = Sketch()
      for _ in 0..<n { sketch.add(us: Int64.random(in: 0...90_000, using: &random)) }
      #expect(try Sketch(encoded: sketch.encoded) == sketch)
      if n == 1 { #expect(sketch.encoded.count <= 4) }
    }
    #expect(Sketch().quantile(0.5) == nil)
  }

  @Test("refuses bytes that are not a sketch")
  func refusals() {
    for bytes: [UInt8] in [[], [9, 0], [1, 1], [1, 0, 0], [1, 1, 255, 255, 127], [1, 255, 255, 255, 127]] {
      #expect(throws: PackedError.self) { try Sketch(encoded: bytes) }
    }
  }

  @Test("counts what lies beyond the table in its last bucket")
  func beyond() throws {
    var sketch = Sketch()
    sketch.add(us: .max)
    sketch.add(us: -5)
    #expect(sketch.n == 2)
    #expect(try #require(sketch.quantile(1)) >= 590_000_000)
    #expect(sketch.quantile(0) == 0)
  }
}

@Suite("Packed integers")
struct PackedTests {
  @Test("columns of every shape come back", arguments: [0, 1, 2, 60, 700])
  func columns(n: Int) throws {
    var random = SplitMix(state: UInt64(n) + 3)
    let shapes: [[Int64]] = [
      Array(repeating: 7, count: n), (0..<n).map { Int64($0) * 60_000 + 1_790_000_000_000 },
      (0..<n).map { _ in Int64.random(in: .min ... .max, using: &random) },
      (0..<n).map { $0 % 2 == 0 ? .min : .max }, (0..<n).map { _ in Int64.random(in: -3...3, using: &random) },
    ]
    for values in shapes {
      var out = PackedWriter()
      out.column(values)
      out.unsigned(.max)
      var input = PackedReader(out.bytes)
      #expect(try input.column(n) == values)
      #expect(try input.unsigned() == .max)
      #expect(input.isAtEnd)
    }
  }

  @Test("bytes that are cut short or too long throw")
  func refusals() {
    #expect(throws: PackedError.self) {
      var input = PackedReader([UInt8](repeating: 0xFF, count: 11))
      _ = try input.unsigned()
    }
    #expect(throws: PackedError.self) {
      var input = PackedReader([1, 2])
      _ = try input.column(2)
    }
    #expect(throws: PackedError.self) {
      var input = PackedReader([0, 2, 9])
      _ = try input.column(3)
    }
    #expect(throws: PackedError.self) {
      var input = PackedReader([7, 2, 9])
      _ = try input.column(2)
    }
  }
}

@Suite("Rounding of times")
struct QuantiseTests {
  @Test(
    "keeps whole µs below 1 ms and steps of 10 µs above",
    arguments: [(-1, 0), (0, 0), (999, 999), (1000, 1000), (1004, 1000), (1005, 1010), (71_503, 71_500)]
      as [(Int32, Int32)])
  func grid(us: Int32, want: Int32) {
    #expect(Quantise.us(us) == want)
    #expect(Quantise.us(want) == want)
  }

  @Test("numbers the grid without a gap")
  func index() {
    var previous: Int64 = -1
    for us in Array(Int64(0)..<1000) + stride(from: Int64(1000), to: 100_000, by: 10) {
      #expect(Quantise.index(us) == previous + 1)
      previous = Quantise.index(us)
      #expect(Quantise.value(previous) == us)
    }
    #expect(Quantise.us(.max) % 10 == 0)
  }
}

@Test("a run's key comes back from its public form, and nothing else does")
func runID() {
  for raw: Int64 in [0, 1, -1, .min, .max, 0x0123_4567_89AB_CDEF] {
    let text = RunKey(raw: raw).text
    #expect(text.utf8.count == 17)
    #expect(RunKey(text: text)?.raw == raw)
  }
  for text in ["", "run_", "mon_0000000000000", "run_000000000000", "run_0000000000001", "run_000000000000i"] {
    #expect(RunKey(text: text) == nil)
  }
}
