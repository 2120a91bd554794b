/// Keeps how busy a loop is and how long its turns take.
struct LoadMeter {
  private struct LongTurn {
    var endNs: UInt64
    var lengthNs: UInt64
  }

  private static let windowNs: UInt64 = 10_000_000_000
  private static let longNs: UInt64 = 200_000

  /// Turns by the power of two of their length in µs.
  private var histogram = [UInt32](repeating: 0, count: 32)
  private var busyNs: UInt64 = 0
  private var windowStartNs: UInt64 = 0
  private var longTurns: [LongTurn] = []
  private var longNext = 0
  private var lastLengthNs: UInt64 = 0
  private(set) var load = EventLoop.Load()

  mutating func turnEnded(from startNs: UInt64, to endNs: UInt64) {
    let lengthNs = endNs &- startNs
    lastLengthNs = lengthNs
    busyNs += lengthNs
    histogram[min(31, 64 - (lengthNs / 1000).leadingZeroBitCount)] += 1
    if lengthNs > Self.longNs { remember(LongTurn(endNs: endNs, lengthNs: lengthNs)) }
    if windowStartNs == 0 { windowStartNs = startNs }
    if endNs - windowStartNs >= Self.windowNs { closeWindow(endNs) }
  }

  /// Longest turn, in µs, that ended after `startNs`, the running one included.
  func lagUs(since startNs: UInt64, turnNs: UInt64, nowNs: UInt64) -> Int32 {
    var longest = max(lastLengthNs, nowNs &- turnNs)
    for turn in longTurns where turn.endNs >= startNs { longest = max(longest, turn.lengthNs) }
    return Int32(clamping: longest / 1000)
  }

  private mutating func remember(_ turn: LongTurn) {
    if longTurns.count < 64 {
      longTurns.append(turn)
    } else {
      longTurns[longNext] = turn
      longNext = (longNext + 1) % 64
    }
  }

  private mutating func closeWindow(_ nowNs: UInt64) {
    load.busyShare = Double(busyNs) / Double(nowNs - windowStartNs)
    let total = histogram.reduce(0, +)
    var seen: UInt32 = 0
    for (power, count) in histogram.enumerated() {
      seen += count
      if UInt64(seen) * 100 >= UInt64(total) * 99 {
        load.lagP99Us = 1 << power
        break
      }
    }
    for index in histogram.indices { histogram[index] = 0 }
    busyNs = 0
    windowStartNs = nowNs
  }
}
