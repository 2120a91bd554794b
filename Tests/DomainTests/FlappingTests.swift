import Testing

@testable import Domain

private let start = Instant(ms: 1_790_000_000_000)

private func verdict(intervalS: Int = 60, recovery: Int = 1) -> Verdict {
  var settings = MonitorSettings(name: "m", url: "http://example.test/")
  settings.intervalS = intervalS
  settings.timeoutMs = 1000
  settings.attempts = 1
  settings.recoveryChecks = recovery
  var verdict = Verdict(rules: VerdictRules(settings), at: start)
  _ = verdict.handle(.configured(VerdictRules(settings), regions: [RegionID(1)], isEnabled: true), now: start)
  return verdict
}

extension Verdict {
  fileprivate mutating func see(_ status: CheckStatus, at ms: Int64) -> [Action] {
    let at = start + ms
    return handle(.reported(.init(region: RegionID(1), trigger: .schedule, startedAt: at, status: status)), now: at)
  }
}

@Suite("Flapping")
struct FlappingTests {
  private static let minute = Instant.minuteMs

  @Test(
    "the window holds four of the quickest cycles, between half an hour and six hours; calm is half of it",
    arguments: [
      (5, 2, 30 * minute), (60, 1, 30 * minute), (60, 20, 84 * minute), (300, 2, 60 * minute),
      (3600, 2, 360 * minute), (86_400, 1, 360 * minute),
    ])
  func window(intervalS: Int, recovery: Int, windowMs: Int64) {
    let rules = verdict(intervalS: intervalS, recovery: recovery).rules
    #expect(rules.flappingWindowMs == windowMs)
    #expect(rules.calmMs == windowMs / 2)
  }

  @Test(
    "five confirmed changes within the window are flapping, four are not, nor five that take longer",
    arguments: [(4, 60_000, false), (5, 60_000, true), (5, 450_000, true), (5, 450_001, false)])
  func threshold(changes: Int, everyMs: Int64, isFlapping: Bool) {
    var flapping = Flapping()
    let rules = verdict().rules
    for n in 0..<changes { flapping.changed(at: start + Int64(n) * everyMs, rules: rules) }
    #expect(flapping.isActive == isFlapping)
    #expect(flapping.changes == (isFlapping ? 5 : 0))
  }

  @Test("it ends when nothing changed for the calm time, and begins again at once when trouble only paused")
  func calm() {
    var flapping = Flapping()
    let rules = verdict().rules
    for n in 0..<5 as Range<Int64> { flapping.changed(at: start + n * 60_000, rules: rules) }
    let end = start + 240_000 + rules.calmMs
    flapping.settle(at: end - 1, rules: rules)
    #expect(flapping.isActive)
    flapping.settle(at: end, rules: rules)
    #expect(!flapping.isActive)
    #expect(flapping.changes == 5)
    flapping.changed(at: end + 60_000, rules: rules)
    #expect(flapping.isActive)
    #expect(flapping.changes == 5)
  }

  @Test("its size does not grow, and its count saturates")
  func bounded() {
    var flapping = Flapping()
    let rules = verdict().rules
    for n in 0..<70_000 as Range<Int64> { flapping.changed(at: start + n * 1000, rules: rules) }
    #expect(flapping.recent.count == 5)
    #expect(flapping.changes == .max)
  }

  @Test("time spent down is counted as before, whatever flaps")
  func durations() {
    var verdict = verdict()
    var entered: [MonitorStatus] = []
    for n in 0..<20 as Range<Int64> {
      for action in verdict.see(n % 2 == 0 ? .up : .down, at: n * 60_000) {
        if case .enter(let state, let since) = action {
          entered.append(state)
          #expect(since == start + n * 60_000)
        }
      }
    }
    #expect(entered == (0..<20).map { $0 % 2 == 0 ? .up : .down })
    #expect(verdict.shown.flapping)
  }

  @Test("it is shown from the third time down until calm, and time alone ends it")
  func shown() throws {
    var verdict = verdict()
    var flaps: [Bool] = []
    for n in 0..<8 as Range<Int64> {
      _ = verdict.see(n % 2 == 0 ? .up : .down, at: n * 60_000)
      flaps.append(verdict.shown.flapping)
    }
    // The first check was no change from down: changes are the checks from the second on.
    #expect(flaps == [false, false, false, false, false, true, true, true])
    _ = verdict.see(.up, at: 8 * 60_000)
    for n in 9...22 as ClosedRange<Int64> { #expect(verdict.see(.up, at: n * 60_000).isEmpty) }
    let end = start + 8 * 60_000 + verdict.rules.calmMs
    #expect(verdict.wakesAt == end || verdict.wakesAt.map { $0 < end } == true)
    let actions = verdict.handle(.timePassed, now: end)
    guard case .show(let shown, let was) = try #require(actions.first) else { return #expect(Bool(false)) }
    #expect(was.flapping && !shown.flapping && shown.status == .up)
    #expect(verdict.wakesAt.map { $0 > end } ?? true)
  }

  @Test("while nobody looks, or a failure is verified, it is not called calm")
  func unseen() {
    var verdict = verdict()
    for n in 0...8 as ClosedRange<Int64> { _ = verdict.see(n % 2 == 0 ? .up : .down, at: n * 60_000) }
    #expect(verdict.shown.flapping)
    for hour in 1...3 as ClosedRange<Int64> {
      _ = verdict.handle(.timePassed, now: start + hour * Instant.hourMs)
      #expect(verdict.shown.status == .unknown && verdict.shown.flapping)
      #expect(verdict.wakesAt == nil, "nothing will change by itself, so nobody is woken for it")
    }
    _ = verdict.see(.up, at: 4 * Instant.hourMs)
    #expect(verdict.shown.flapping, "calm is counted from when it is seen again")
    for n in 1...16 as ClosedRange<Int64> { _ = verdict.see(.up, at: 4 * Instant.hourMs + n * 60_000) }
    #expect(!verdict.shown.flapping)
  }

  @Test("a pause forgets it, and changes under maintenance do not count")
  func pause() {
    var verdict = verdict()
    for n in 0...6 as ClosedRange<Int64> { _ = verdict.see(n % 2 == 0 ? .up : .down, at: n * 60_000) }
    #expect(verdict.shown.flapping)
    _ = verdict.handle(.configured(verdict.rules, regions: [RegionID(1)], isEnabled: false), now: start + 400_000)
    #expect(!verdict.shown.flapping && verdict.flapping == Flapping())
    _ = verdict.handle(.configured(verdict.rules, regions: [RegionID(1)], isEnabled: true), now: start + 410_000)
    _ = verdict.handle(.maintenance(true), now: start + 420_000)
    for n in 8...20 as ClosedRange<Int64> { _ = verdict.see(n % 2 == 0 ? .up : .down, at: n * 60_000) }
    #expect(verdict.flapping.recent.isEmpty)
  }

  @Test("a verdict stored before flapping was known is read, and its next bytes are of the new format")
  func oldFormat() throws {
    var verdict = verdict()
    _ = verdict.see(.up, at: 0)
    _ = verdict.see(.down, at: 60_000)
    // What is new stands at the end: active, changes, began, calm from, count.
    let old = Array(verdict.encoded.dropLast(1 + 2 + 8 + 8 + 1 + 8))
    var back = try Verdict(format: 2, encoded: old)
    back.restore(region: RegionID(1), at: start + 60_000)
    #expect(back.shown == verdict.shown && back.votes == verdict.votes && back.inOutage)
    #expect(back.flapping == Flapping())
    #expect(throws: VerdictCodecError.self) { try Verdict(format: 1, encoded: old) }
    #expect(throws: VerdictCodecError.self) { try Verdict(format: 3, encoded: old) }
    #expect(try Verdict(format: 3, encoded: back.encoded).shown == back.shown)
  }
}
