import Domain
import Testing

@testable import Engine
@testable import Store

private let refused = Failure(.connectRefused, .connect, "refused the connection.")

/// Monitor 2 needs monitor 1; both look every minute with three attempts.
private func world(channels: Int64 = 1) async throws -> IncidentWorld {
  let world = try await IncidentWorld(channels: channels)
  try await world.depend(2, on: [1])
  return world
}

extension IncidentWorld {
  fileprivate func incident(of n: Int64) async throws -> IncidentRow? {
    try await list().first { $0.monitors == [Self.monitor(n)] }
  }
}

@Test("while the parent is down its child's incident is part of the parent's, and only the parent's message goes")
func parentFirst() async throws {
  let world = try await world()
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 1)
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 2)
  let parent = try #require(try await world.incident(of: 1))
  let child = try #require(try await world.incident(of: 2))
  #expect(child.causedBy?.publicID == parent.publicID)
  #expect(parent.causing.map(\.publicID) == [child.publicID] && parent.causedBy == nil)
  #expect(try await world.due() == ["monitor.down monitor-1"])
  // Both recover: one message again.
  try await world.change(.down, .up, monitor: 1)
  try await world.change(.down, .up, monitor: 2)
  #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1", "monitor.resolved monitor-1"])
  #expect(try await world.list().allSatisfy { !$0.isOpen })
}

@Test("a child that fails first waits for its unconfirmed parent, whose message then says it all")
func childFirst() async throws {
  let world = try await world()
  try await world.change(.up, .unconfirmed, after: 1000, monitor: 1)
  try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 2)
  #expect(try await world.due() == [])
  #expect(try await world.incident(of: 2)?.causedBy == nil)
  try await world.change(.unconfirmed, .down, failure: refused, after: 10_000, monitor: 1)
  let parent = try #require(try await world.incident(of: 1))
  #expect(try await world.incident(of: 2)?.causedBy?.publicID == parent.publicID)
  #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1"])
  #expect(try await world.payloads().first?.contains("Also down") == true)
}

@Test("when the parent turns out fine the child's message goes at once")
func parentIsFine() async throws {
  let world = try await world()
  try await world.change(.up, .unconfirmed, after: 1000, monitor: 1)
  try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 2)
  #expect(try await world.due() == [])
  try await world.seenWell(1)
  try await world.change(.unconfirmed, .up, after: 2000, monitor: 1)
  #expect(try await world.due() == ["monitor.down monitor-2"])
  #expect(try await world.incident(of: 2)?.causedBy == nil)
}

@Test("a parent that was seen well since the child began to fail holds nothing up")
func parentSeenWell() async throws {
  let world = try await world()
  world.test.clock.advance(ms: 60_000)
  try await world.seenWell(1)
  try await world.change(.unconfirmed, .down, failure: refused, after: 0, monitor: 2)
  #expect(try await world.due() == ["monitor.down monitor-2"])
}

@Test("a parent that never concludes holds the message for as long as its own rules take, and asks to be looked at")
func boundedWait() async throws {
  let world = try await world()
  try await world.change(.up, .unconfirmed, after: 1000, monitor: 2)
  #expect(world.announced().contains(.lookWanted(MonitorID(1))))
  try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 2)
  // Three attempts of 10 s, back-offs of 0.5 and 1 s, and a second to get there.
  #expect(try await world.due(after: 32_499) == [])
  #expect(try await world.due(after: 1) == ["monitor.down monitor-2"])
}

@Test("what is still down when the parent has recovered is told when its own recovery had its time")
func childStaysDown() async throws {
  let world = try await world()
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 1)
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 2)
  try await world.change(.down, .up, monitor: 1)
  let before = ["monitor.down monitor-1", "monitor.resolved monitor-1"]
  #expect(try await world.due() == before)
  #expect(world.announced().contains(.lookWanted(MonitorID(2))))
  // Two good checks a minute apart, a slot's budget and a second.
  #expect(try await world.due(after: 152_499) == before)
  #expect(try await world.due(after: 1) == before + ["monitor.down monitor-2"])
  #expect(try await world.incident(of: 2)?.isOpen == true)
  try await world.change(.down, .up, monitor: 2)
  #expect(try await world.due() == before + ["monitor.down monitor-2", "monitor.resolved monitor-2"])
}

@Test("a child that recovers while it waits is told of in order, or not at all when the parent was it")
func recoversWhileWaiting() async throws {
  for parentGoesDown in [true, false] {
    let world = try await world()
    try await world.change(.up, .unconfirmed, after: 1000, monitor: 1)
    try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 2)
    try await world.change(.down, .up, after: 5000, monitor: 2)
    #expect(try await world.due() == [])
    if parentGoesDown {
      try await world.change(.unconfirmed, .down, failure: refused, after: 5000, monitor: 1)
      #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1"])
    } else {
      try await world.seenWell(1)
      try await world.change(.unconfirmed, .up, after: 5000, monitor: 1)
      #expect(try await world.due() == ["monitor.down monitor-2", "monitor.resolved monitor-2"])
    }
  }
}

@Test("a chain is told by its root; a second parent that is down goes on explaining")
func chainAndDiamond() async throws {
  let world = try await IncidentWorld(monitors: 4)
  try await world.depend(2, on: [1])
  try await world.depend(3, on: [1, 2])
  try await world.depend(4, on: [3])
  for n in 1...4 as ClosedRange<Int64> {
    try await world.change(.unconfirmed, .down, failure: refused, monitor: n)
  }
  #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1"])
  try await world.change(.down, .up, monitor: 1)
  #expect(
    try await world.incident(of: 3)?.causedBy?.publicID == (try await world.incident(of: 2))?.publicID,
    "its other parent still is down")
  let before = ["monitor.down monitor-1", "monitor.resolved monitor-1", "monitor.down monitor-2"]
  #expect(try await world.due(after: 600_000) == before, "the others wait for theirs")
  for n in [4, 3, 2] as [Int64] { try await world.change(.down, .up, monitor: n) }
  #expect(try await world.due(after: 600_000) == before + ["monitor.resolved monitor-2"])
}

@Test("when the parent is switched off or deleted, what is down is its own trouble", arguments: [true, false])
func parentGone(isDeleted: Bool) async throws {
  let world = try await world()
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 1)
  try await world.change(.unconfirmed, .down, failure: refused, monitor: 2)
  if isDeleted {
    let store = world.test.store
    _ = try await store.write { [scope = world.scope, principal = world.principal] db in
      try IncidentFlow.deleteMonitor(
        IncidentWorld.monitor(1), scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
    }
  } else {
    try await world.change(.down, .paused, monitor: 1)
  }
  #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1", "monitor.down monitor-2"])
}

@Test("a child told before its parent was known to be down is marked, and its end is told where its beginning was")
func lateParent() async throws {
  let world = try await world()
  try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 2)
  #expect(try await world.due(after: 60_000) == ["monitor.down monitor-2"])
  try await world.change(.unconfirmed, .down, failure: refused, after: 1000, monitor: 1)
  #expect(try await world.incident(of: 2)?.causedBy?.publicID == (try await world.incident(of: 1))?.publicID)
  try await world.change(.down, .up, monitor: 2)
  #expect(
    try await world.due() == ["monitor.down monitor-2", "monitor.down monitor-1", "monitor.resolved monitor-2"])
}

@Test("both in one turn of the engine, the child first: still one message")
func oneTransaction() async throws {
  let world = try await world()
  let now = world.test.clock.now
  let store = world.test.store
  try await store.write { [scope = world.scope] db in
    try db.run(
      "UPDATE monitor SET status = $1, status_since_ms = $2", [.int(MonitorStatus.down.code), .int(now.ms)])
    for n in [2, 1] as [Int64] {
      try IncidentFlow.apply(
        MonitorChange(
          monitor: MonitorID(n), publicID: IncidentWorld.monitor(n), organization: scope.organization,
          name: "monitor-\(n)", url: "http://x.test/", from: .unconfirmed, to: .down, since: now, at: now,
          failure: refused), in: db, world: store.world)
    }
  }
  #expect(try await world.due(after: 600_000) == ["monitor.down monitor-1"])
  #expect(try await world.incident(of: 2)?.causedBy != nil)
}
