import Domain
import Testing

@testable import Store

@Suite("A packed hour")
struct ResultChunkTests {
  private let monitor = MonitorID(7)
  private let region = RegionID(2)

  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private func entry(_ random: inout Seeded) -> ResultEntry {
    func maybe(_ range: ClosedRange<Int64>) -> Int64? {
      Bool.random(using: &random) ? .random(in: range, using: &random) : nil
    }
    func quantised() -> Int64? { maybe(0...60_000_000).map { Int64(Quantise.us(Int32($0))) } }
    return ResultEntry(
      slotMs: maybe(0...4_000_000_000_000), runKey: .random(in: .min ... .max, using: &random),
      trigger: .random(in: 1...4, using: &random), isFinal: .random(using: &random),
      attempt: .random(in: 1...10, using: &random), startedMs: .random(in: 0...4_000_000_000_000, using: &random),
      lateMs: .random(in: -5...90_000, using: &random), status: .random(in: 1...3, using: &random),
      httpStatus: maybe(100...599), phases: (0..<5).map { _ in quantised() }, totalUs: quantised() ?? 0,
      bodyBytes: .random(in: 0...(1 << 20), using: &random), loopLagUs: .random(in: 0...9000, using: &random),
      reason: maybe(1...19), phase: maybe(1...7), note: maybe(1...(1 << 40)),
      worker: .random(in: 0...1000, using: &random))
  }

  @Test("says who did a run in two to four bytes when one worker did them all", arguments: [0, 7, 5000] as [Int64])
  func whoDidIt(_ worker: Int64) throws {
    var random = Seeded(state: 3)
    var entries = (0..<60).map { _ in entry(&random) }
    for i in entries.indices { entries[i].worker = worker }
    let bytes = ResultChunk(entries: entries).encoded(monitor: monitor, region: region)
    let back = try ResultChunk(format: 2, encoded: bytes, monitor: monitor, region: region)
    #expect(back.entries.allSatisfy { $0.worker == worker })
    // The column: its form, the key, the number of repeats.
    var column = PackedWriter()
    column.column(entries.map(\.worker))
    #expect((2...4).contains(column.bytes.count))
  }

  @Test("an hour that was packed before workers were told apart is still read")
  func formatOne() throws {
    let slot: Int64 = 3_600_000
    let key = RunKey(job: JobID(monitor: monitor, region: region, trigger: .schedule, mark: slot)).raw
    let entry = ResultEntry(
      slotMs: slot, runKey: key, trigger: 1, isFinal: true, attempt: 1, startedMs: slot + 2, lateMs: 2, status: 1,
      httpStatus: 200, phases: [nil, 100, nil, 200, 10], totalUs: 310, bodyBytes: 5, loopLagUs: 1)
    var bytes = ResultChunk(entries: [entry]).encoded(monitor: monitor, region: region)
    // Behind the worker's column (a form and one value) stands only that of the derived key, and no missed slots.
    bytes.removeSubrange((bytes.count - 4)..<(bytes.count - 2))
    #expect(
      try ResultChunk(format: 1, encoded: bytes, monitor: monitor, region: region) == ResultChunk(entries: [entry]))
    #expect(throws: PackedError.self) {
      try ResultChunk(format: 3, encoded: bytes, monitor: monitor, region: region)
    }
  }

  @Test("comes back from its bytes whatever is in it", arguments: 1...60)
  func roundTrip(seed: UInt64) throws {
    var random = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15)
    let n = Int.random(in: 0...80, using: &random)
    let entries = (0..<n).map { _ in entry(&random) }
    let missed = (0..<Int.random(in: 0...5, using: &random)).map {
      MissedSlot(slot: Instant(ms: Int64($0) * 60_000), reason: MissedReason.allCases[$0])
    }
    let chunk = ResultChunk(entries: entries, missed: missed)
    let bytes = chunk.encoded(monitor: monitor, region: region)
    let back = try ResultChunk(format: ResultChunk.format, encoded: bytes, monitor: monitor, region: region)
    #expect(back == chunk)
    #expect(throws: PackedError.self) {
      try ResultChunk(format: ResultChunk.format, encoded: bytes + [0], monitor: monitor, region: region)
    }
    for cut in stride(from: 0, to: bytes.count, by: 5) {
      #expect(throws: PackedError.self) {
        try ResultChunk(
          format: ResultChunk.format, encoded: Array(bytes[..<cut]), monitor: monitor, region: region)
      }
    }
  }

  /// An hour at 60 s against a server 70 ms away with 5 % jitter.
  private func hour(derivedKeys: Bool) -> ResultChunk {
    var random = Seeded(state: 11)
    func near(_ us: Int64) -> Int64 {
      Int64(Quantise.us(Int32(us + .random(in: -us / 20...us / 20, using: &random))))
    }
    return ResultChunk(
      entries: (Int64(0)..<60).map { i in
        let slot = 1_790_000_000_000 + i * 60_000
        let phases = [near(1200), near(9000), near(21_000), near(40_000), near(300)]
        let total = phases.reduce(0, +) + .random(in: 0...300, using: &random)
        let key =
          derivedKeys
          ? RunKey(job: JobID(monitor: monitor, region: region, trigger: .schedule, mark: slot)).raw
          : Int64.random(in: .min ... .max, using: &random)
        return ResultEntry(
          slotMs: slot, runKey: key, trigger: 1, isFinal: true, attempt: 1,
          startedMs: slot + .random(in: 0...3, using: &random), lateMs: 1, status: 1, httpStatus: 200, phases: phases,
          totalUs: Int64(Quantise.us(Int32(total))), bodyBytes: 512, loopLagUs: .random(in: 20...60, using: &random),
          reason: nil, phase: nil, note: 4)
      })
  }

  @Test("takes at most 15 bytes a result besides the key of a leased run")
  func size() {
    let derived = hour(derivedKeys: true).encoded(monitor: monitor, region: region).count
    let random = hour(derivedKeys: false).encoded(monitor: monitor, region: region).count
    #expect(derived <= 15 * 60, "\(derived) bytes, with keys \(random)")
    #expect(random <= 23 * 60, "\(random) bytes")
  }
}

@Suite("Packed minutes")
struct MinuteRollupsTests {
  @Test("come back from their bytes")
  func roundTrip() throws {
    var minutes = MinuteRollups()
    for i in 0..<200 {
      let minute = i * 7 % 60
      if minute % 9 == 0 { continue }
      minutes.add(
        minute: minute, i % 11 == 0 ? .down : i % 13 == 0 ? .degraded : .up, totalUs: Int64(1000 + i * 500))
    }
    #expect(try MinuteRollups(encoded: minutes.encoded) == minutes)
    #expect(try MinuteRollups(encoded: MinuteRollups().encoded).minutes.isEmpty)
  }

  @Test("take at most six bytes for a minute with one good check")
  func size() {
    var minutes = MinuteRollups()
    for minute in 0..<60 { minutes.add(minute: minute, .up, totalUs: 71_500) }
    #expect(minutes.encoded.count <= 6 * 60)
  }

  @Test("refuse what is not minutes")
  func refusals() {
    for bytes: [UInt8] in [[], [2], [1, 0x7F], [1, 121, 1, 5], [1, 1], [1, 3, 2, 9]] {
      #expect(throws: PackedError.self) { try MinuteRollups(encoded: bytes) }
    }
  }
}
