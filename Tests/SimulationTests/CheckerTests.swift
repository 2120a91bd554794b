import Domain
import Testing

@testable import Simulation

/// Histories written by hand, each with one thing wrong that no planted mistake brings about by itself.
@Suite("Checkers")
struct CheckerTests {
  private let start = Scenario.start
  private func at(_ s: Int64) -> Instant { start + s * 1000 }

  private var timeline: Timeline { Timeline(MonitorSettings(name: "m", url: "http://m.test/")) }

  private var history: History {
    var history = History()
    history.told = [
      .init(seq: 1, at: at(10), monitor: 0, status: .up, since: at(0)),
      .init(seq: 2, at: at(100), monitor: 0, status: .down, since: at(90)),
      .init(seq: 3, at: at(200), monitor: 0, status: .up, since: at(190)),
    ]
    history.incidents = [.init(id: 1, monitor: 0, startedAt: at(90), createdAt: at(100), resolvedAt: at(190))]
    history.messages = [
      .init(id: 1, incident: 1, kind: .down, createdAt: at(100), state: "sent"),
      .init(id: 2, incident: 1, kind: .resolved, createdAt: at(200), state: "sent"),
    ]
    history.carried = [.init(at: at(101), id: 1), .init(at: at(201), id: 2)]
    history.states = [
      .init(monitor: 0, since: at(0), until: at(90), state: .up),
      .init(monitor: 0, since: at(90), until: at(190), state: .down),
      .init(monitor: 0, since: at(190), until: nil, state: .up),
    ]
    return history
  }

  @Test("a sound history passes them all")
  func sound() {
    #expect(TellingChecks.oneIncidentPerDown(history, monitors: 1).isEmpty)
    #expect(TellingChecks.messagesInOrder(history).isEmpty)
    #expect(TellingChecks.statesWithoutHole(history, timelines: [timeline]).isEmpty)
    #expect(TellingChecks.feedForward([(1, at(0)), (2, at(0)), (3, at(9))], after: (0, start)).isEmpty)
  }

  @Test("resolved before down, a second message for one end, none for another")
  func messages() {
    var early = history
    early.carried.reverse()
    #expect(TellingChecks.messagesInOrder(early).count == 1)
    var twice = history
    twice.messages.append(.init(id: 3, incident: 1, kind: .resolved, createdAt: at(201), state: "dead"))
    #expect(TellingChecks.messagesInOrder(twice).count == 1)
    var silent = history
    silent.messages.removeLast()
    #expect(TellingChecks.messagesInOrder(silent).count == 1)
    var claimed = history
    claimed.carried.removeLast()
    #expect(TellingChecks.messagesInOrder(claimed).count == 1)
  }

  @Test("an incident too many, one that stays open, one with another start")
  func incidents() {
    var more = history
    more.incidents.append(.init(id: 2, monitor: 0, startedAt: at(300), createdAt: at(300), resolvedAt: nil))
    #expect(TellingChecks.oneIncidentPerDown(more, monitors: 1).count == 1)
    var open = history
    open.incidents[0].resolvedAt = nil
    #expect(TellingChecks.oneIncidentPerDown(open, monitors: 1).count == 1)
    var other = history
    other.incidents[0].startedAt = at(80)
    #expect(TellingChecks.oneIncidentPerDown(other, monitors: 1).count == 1)
  }

  @Test("a hole between states, and a time known although nothing ran")
  func states() {
    var hole = history
    hole.states[1].until = at(180)
    #expect(TellingChecks.statesWithoutHole(hole, timelines: [timeline]).count == 1)
    let unseen = [History.Unseen(monitor: 0, span: Span(at(20), at(1000)))]
    #expect(!TellingChecks.gapsUnknown(history, unseen: unseen, timelines: [timeline]).isEmpty)
    var unknown = history
    unknown.states = [
      .init(monitor: 0, since: at(0), until: at(20), state: .up),
      .init(monitor: 0, since: at(20), until: at(1000), state: .unknown),
      .init(monitor: 0, since: at(1000), until: nil, state: .up),
    ]
    #expect(TellingChecks.gapsUnknown(unknown, unseen: unseen, timelines: [timeline]).isEmpty)
  }

  @Test("a time that is unknown although a quorum of regions saw it well")
  func late() {
    var monitor = MonitorSettings(name: "m", url: "http://m.test/")
    monitor.regions = ["a", "b", "c"]
    func slots(_ regions: ClosedRange<Int64>, isGood: Bool = true) -> SlotHistory {
      let rows = regions.flatMap { region in
        (0..<20).map { n in
          SlotHistory.Row(
            slot: Slot(at(n * 60), MonitorID(1), RegionID(region)), isFinal: true, mark: region << 8 | n,
            startedAt: at(n * 60 + region), isGood: isGood)
        }
      }
      return SlotHistory(window: Span(at(0), at(1200)), plan: [], gaps: [], rows: rows, missed: [:])
    }
    let states = [
      History.State(monitor: 0, since: at(0), until: at(400), state: .up),
      .init(monitor: 0, since: at(400), until: at(700), state: .unknown),
      .init(monitor: 0, since: at(700), until: nil, state: .up),
    ]
    var timelines = [Timeline()]
    timelines[0].change(monitor, at: at(0))
    #expect(!LateChecks.quorumIsKnown(slots(1...2), states: states, timelines: timelines).isEmpty)
    #expect(LateChecks.quorumIsKnown(slots(1...1), states: states, timelines: timelines).isEmpty)
    #expect(LateChecks.quorumIsKnown(slots(1...3, isGood: false), states: states, timelines: timelines).isEmpty)
    let known = states.map { History.State(monitor: 0, since: $0.since, until: $0.until, state: .up) }
    #expect(LateChecks.quorumIsKnown(slots(1...3), states: known, timelines: timelines).isEmpty)
    // Each edit begins all over again.
    for edited in [450, 600] as [Int64] { timelines[0].change(monitor, at: at(edited)) }
    #expect(LateChecks.quorumIsKnown(slots(1...3), states: states, timelines: timelines).isEmpty)
  }

  @Test("a time that was learned to be down although the target was up")
  func learnedDown() {
    var states = history.states
    states[1].isLearned = true
    #expect(LateChecks.downsAreTrue(states, outages: [[Span(at(185), at(195))]]).isEmpty)
    #expect(LateChecks.downsAreTrue(states, outages: [[Span(at(190), at(195))]]).map(\.monitor) == [0])
    #expect(LateChecks.downsAreTrue(states, outages: [[]]).count == 1)
    // It goes on from a time that was down in truth.
    states.insert(.init(monitor: 0, since: states[1].since - 5000, until: states[1].since, state: .down), at: 1)
    #expect(LateChecks.downsAreTrue(states, outages: [[Span(states[1].since, states[1].since + 1000)]]).isEmpty)
    // What was told at the time is judged by what was told.
    #expect(LateChecks.downsAreTrue(history.states, outages: [[]]).isEmpty)
  }

  @Test("a feed that repeats, skips or goes back in time breaks I8")
  func feed() {
    let last = (seq: Int64(4), at: at(10))
    #expect(TellingChecks.feedForward([(4, at(11))], after: last).count == 1)
    #expect(TellingChecks.feedForward([(6, at(11))], after: last).count == 1)
    #expect(TellingChecks.feedForward([(5, at(9))], after: last).count == 1)
  }

  @Test("a slot with two results, with a result and a reason, with nothing; an attempt stored twice or superseded")
  func slots() {
    let row = PlanRow(
      id: 1, monitor: MonitorID(1), region: RegionID(1), from: start, intervalMs: 60_000, phaseMs: 0)
    let all = Array(row.slots(from: start, to: at(240)))
    func slot(_ n: Int) -> Slot { Slot(all[n], MonitorID(1), RegionID(1)) }
    func filled(_ n: Int, mark: Int64) -> SlotHistory.Row {
      .init(slot: slot(n), isFinal: true, mark: mark, startedAt: all[n])
    }
    var slots = SlotHistory(
      window: Span(start, at(240)), plan: [row], gaps: [Span(at(150), at(190))],
      rows: [filled(0, mark: 1), filled(1, mark: 2)], missed: [slot(2): .workerLost])
    func check() -> [Violation] {
      var counts = SlotChecks.Counts()
      return SlotChecks.everySlotOnce(slots, timelines: [timeline], counts: &counts)
        + SlotChecks.everyAttemptOnce(slots)
    }
    #expect(check().isEmpty)
    slots.gaps = []
    #expect(check().map(\.invariant) == ["I2"])
    slots.rows.append(filled(3, mark: 2))
    #expect(check().map(\.invariant) == ["I3"])
    slots.rows[2] = filled(2, mark: 3)
    slots.rows.append(filled(3, mark: 4))
    #expect(check().map(\.invariant) == ["I2"])
    slots.rows.append(filled(3, mark: 5))
    #expect(Set(check().map(\.invariant)) == ["I2", "I3"])
    #expect(SlotChecks.nothingSuperseded(slots, stale: [4]).count == 1)
    #expect(SlotChecks.nothingSuperseded(slots, stale: [9]).isEmpty)
  }
}
