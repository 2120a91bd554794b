import Domain
import JSON
import Notify
import Testing

@testable import Engine
@testable import Store

private let refused = Failure(.connectRefused, .connect, "refused the connection.")

/// A verdict of one region in front of the incidents, so that what is told is what the two of them make of it.
private struct Flapper {
  let world: IncidentWorld
  var verdict: Verdict

  init(_ world: IncidentWorld, intervalS: Int = 60) {
    self.world = world
    var settings = MonitorSettings(name: "m", url: "http://example.test/")
    settings.intervalS = intervalS
    settings.timeoutMs = 1000
    settings.attempts = 1
    settings.recoveryChecks = 1
    verdict = Verdict(rules: VerdictRules(settings), at: world.test.clock.now)
    _ = verdict.handle(
      .configured(verdict.rules, regions: [RegionID(1)], isEnabled: true), now: world.test.clock.now)
  }

  /// Waits, looks, and follows what the verdict makes of it.
  mutating func see(_ status: CheckStatus, after ms: Int64 = 60_000) async throws {
    world.test.clock.advance(ms: ms)
    let now = world.test.clock.now
    let actions = verdict.handle(
      .reported(.init(region: RegionID(1), trigger: .schedule, startedAt: now, status: status)), now: now)
    try await follow(actions)
  }

  private func follow(_ actions: [Verdict.Action]) async throws {
    for action in actions {
      guard case .show(let shown, let was) = action else { continue }
      try await world.apply(
        MonitorChange(
          monitor: MonitorID(1), publicID: IncidentWorld.monitor(1), organization: world.scope.organization,
          name: "monitor-1", url: "http://secret.internal/", from: was.status, to: shown.status, since: shown.since,
          at: world.test.clock.now, failure: shown.status == .down ? refused : nil, region: "fra",
          flapping: shown.flapping, wasFlapping: was.flapping, flaps: Int(verdict.flapping.changes),
          flappingSince: verdict.flapping.began))
    }
  }
}

@Test(
  "an hour of flapping every interval is three incidents and six messages, whatever the interval", arguments: [5, 60])
func anHourOfFlapping(intervalS: Int) async throws {
  let world = try await IncidentWorld()
  try await world.service("API", monitors: [1])
  var flapper = Flapper(world, intervalS: intervalS)
  let step = Int64(intervalS) * 1000
  try await flapper.see(.up)
  let checks = 3600 / intervalS
  for n in 1...checks { try await flapper.see(n % 2 == 1 ? .down : .up, after: step) }
  #expect(
    try await world.told() == [
      "monitor.down", "monitor.resolved", "monitor.down", "monitor.resolved", "monitor.flapping",
    ])
  let open = try await world.list()
  #expect(open.map(\.status) == [.investigating, .resolved, .resolved])
  #expect(open[0].updates.count == 2, "its opening, and one that says that it flaps")
  #expect(open[0].updates[1].message.hasPrefix("API keeps going down and coming back: 5 changes within "))
  // Calm: one summary with the number of changes.
  for _ in 0...(1800 / intervalS) { try await flapper.see(.up, after: step) }
  #expect(try await world.told().count == 6)
  #expect(try await world.told().last == "monitor.resolved")
  let ended = try await world.list()
  #expect(ended.count == 3 && ended[0].status == .resolved)
  #expect(ended[0].updates.last?.message.contains("after \(checks) changes between down and up since ") == true)
  let notice = try #require(Notice(json: JSON(parsing: try await world.payloads().last ?? "")))
  #expect(notice.reason.contains("\(checks) changes"))
  #expect(notice.facts.contains(.init("Changes", "\(checks)")))
  #expect(try await world.service(named: "API").status == .operational)
}

@Test("flapping that ends down says so once, and its end once more")
func staysDown() async throws {
  let world = try await IncidentWorld()
  var flapper = Flapper(world)
  try await flapper.see(.up)
  for n in 1...7 { try await flapper.see(n % 2 == 1 ? .down : .up) }
  let before = try await world.told()
  #expect(before.last == "monitor.flapping")
  for _ in 1...20 { try await flapper.see(.down) }
  #expect(try await world.told() == before + ["monitor.down"])
  let open = try #require(try await world.list().first)
  #expect(open.isOpen && open.updates.last?.message.contains("It stays down after 7 changes") == true)
  // Long after the window, so that this is an end and no flapping.
  for _ in 1...40 { try await flapper.see(.down) }
  try await flapper.see(.up)
  #expect(try await world.told() == before + ["monitor.down", "monitor.resolved"])
  #expect(try await world.list().allSatisfy { !$0.isOpen })
}

@Test(
  "trouble that only paused is flapping again at its first change, with one message for its beginning and one for its end"
)
func pausedTrouble() async throws {
  let world = try await IncidentWorld()
  var flapper = Flapper(world)
  try await flapper.see(.up)
  for n in 1...8 { try await flapper.see(n % 2 == 1 ? .down : .up) }
  for _ in 1...16 { try await flapper.see(.up) }
  let first = try await world.told()
  #expect(first.last == "monitor.resolved")
  try await flapper.see(.down)
  #expect(try await world.told() == first + ["monitor.flapping"])
  for _ in 1...16 { try await flapper.see(.up) }
  #expect(try await world.told() == first + ["monitor.flapping", "monitor.resolved"])
}

@Test("whatever pattern it flaps in, messages stay few and never end what did not begin", arguments: 1...60)
func anyPattern(seed: UInt64) async throws {
  var state = seed &* 0x9E37_79B9_7F4A_7C15
  func chance(_ n: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % n
  }
  let world = try await IncidentWorld()
  var flapper = Flapper(world)
  try await flapper.see(.up)
  var isDown = false
  for _ in 0..<240 {
    if chance(100) < 10 + 5 * (seed % 12) { isDown.toggle() }
    try await flapper.see(isDown ? .down : .up)
  }
  let told = try await world.told()
  // Four hours are eight windows: at most four single changes each, and the beginnings and ends of flapping.
  #expect(told.count <= 8 * 6, "seed \(seed): \(told.count)")
  for incident in try await world.list() {
    let kinds = try await world.told(of: incident.id)
    #expect(kinds.first != "monitor.resolved" && kinds.count <= 4, "seed \(seed): \(kinds)")
    #expect(kinds.filter { $0 == "monitor.resolved" }.count == (incident.isOpen ? 0 : 1), "seed \(seed): \(kinds)")
  }
}
