import Domain
import HTTPServer
import JSON
import TestSupport
import Testing

@testable @_spi(Minting) import Store
@testable import Web

@Test("clients that come while events are written each get all of them, once and in order")
func noGapBetweenReplayAndBroadcast() async throws {
  let live = try await LiveWorld()
  let count: Int64 = 300
  let ids = try await withThrowingTaskGroup(of: ConnectionID?.self) { group in
    for _ in 0..<3 {
      group.addTask {
        for _ in 0..<count / 3 { try await live.append() }
        return nil
      }
    }
    for _ in 0..<60 {
      group.addTask { try await live.publicSocket("page-1", "?since=0&epoch=\(live.hub.epoch)").0 }
    }
    return try await group.reduce(into: [ConnectionID]()) { if let id = $1 { $0.append(id) } }
  }
  #expect(ids.count == 60)
  for id in ids {
    try await eventually("all events arrive") { try numbers(live.transport.log(id).sent).count >= count }
    #expect(try numbers(live.transport.log(id).sent) == Array(1...count))
  }
}

@Test("hello comes first, and carries the number and the epoch")
func hello() async throws {
  let live = try await LiveWorld()
  try await live.append()
  let (id, _) = try await live.publicSocket("page-1")
  try await eventually("hello") { !live.transport.log(id).sent.isEmpty }
  #expect(
    live.transport.log(id).sent == [#"{"type":"hello","seq":1,"epoch":"\#(live.hub.epoch)"}"#])
}

@Test(
  "an unknown epoch and a number from the future are answered by reset", arguments: ["?since=1&epoch=x", "?since=9"])
func reset(query: String) async throws {
  let live = try await LiveWorld()
  try await live.append()
  let (id, _) = try await live.publicSocket("page-1", query)
  try await eventually("reset") { live.transport.log(id).sent.count == 2 }
  #expect(live.transport.log(id).sent.last == #"{"type":"reset","seq":1,"epoch":"\#(live.hub.epoch)"}"#)
}

@Test("a socket of one page hears nothing of another's")
func pagesApart() async throws {
  let live = try await LiveWorld()
  let (mine, _) = try await live.publicSocket("page-1")
  let (other, _) = try await live.publicSocket("page-2")
  try await eventually("both joined") { live.transport.log(mine).topic != 0 && live.transport.log(other).topic != 0 }
  try await live.append(page: 2)
  try await live.append(page: 1)
  try await eventually("mine arrives") { live.transport.log(mine).sent.count == 2 }
  try await eventually("the other arrives") { live.transport.log(other).sent.count == 2 }
  #expect(try numbers(live.transport.log(mine).sent) == [1])
}

@Test("an unknown page, and one that is not public, close with 4001")
func unknownPage() async throws {
  let live = try await LiveWorld()
  try await live.test.store.write { db in _ = try db.run("UPDATE status_page SET is_public = 0 WHERE id = 2") }
  for slug in ["nobody", "page-2"] {
    let (id, _) = try await live.publicSocket(slug)
    #expect(live.transport.log(id).code == 4001)
    #expect(live.transport.log(id).sent.isEmpty)
  }
}

@Test("a page that is hidden loses its listeners")
func hidden() async throws {
  let live = try await LiveWorld()
  let (id, _) = try await live.publicSocket("page-1")
  try await eventually("joined") { live.transport.log(id).topic != 0 }
  try await live.test.store.write { db in
    try db.run("UPDATE status_page SET is_public = 0 WHERE id = 1")
    db.announce(.pageChanged(StatusPageID(1)))
  }
  try await eventually("closed") { live.transport.log(id).code == 4003 }
}

@Test("a ticket opens one socket, within thirty seconds, of its own organization")
func tickets() async throws {
  let live = try await LiveWorld()
  let ticket = try #require(live.hub.tickets.issue(live.session)).token
  let first = try await live.organizationSocket("?token=\(ticket)")
  try await eventually("hello") { !live.transport.log(first).sent.isEmpty }
  #expect(live.transport.log(try await live.organizationSocket("?token=\(ticket)")).code == 4002)
  let late = try #require(live.hub.tickets.issue(live.session)).token
  live.test.clock.advance(ms: Limits.liveTicketMs)
  #expect(live.transport.log(try await live.organizationSocket("?token=\(late)")).code == 4002)
  let wrong = try #require(live.hub.tickets.issue(live.session)).token
  let other = "org_00000000000000000000000002"
  let strayed = try await live.organizationSocket("?token=\(wrong)", organization: other)
  #expect(live.transport.log(strayed).code == 4003)
  #expect(live.transport.log(try await live.organizationSocket("")).code == 4001)
}

@Test("the end of a session closes its sockets")
func sessionEnd() async throws {
  let live = try await LiveWorld()
  let id = try await live.organizationSocket("", signedIn: live.session)
  try await eventually("joined") { live.transport.log(id).topic != 0 }
  try await live.test.store.write { db in
    try db.run("DELETE FROM session WHERE id = 1")
    db.announce(.sessionsEnded(AccountID(1)))
  }
  try await eventually("closed") { live.transport.log(id).code == 4003 }
}

@Test("a socket from another site's page is refused before it is accepted")
func foreignOrigin() async throws {
  let live = try await LiveWorld()
  let headers = [
    Header("upgrade", "websocket"), Header("origin", "https://evil.test"), Header("host", "status.example"),
  ]
  let asked = try live.asked("/ws/status/public/page-1/", ["page-1"], headers: headers)
  await #expect { try await live.handlers.publicSocket(asked, live.strangers) } throws: {
    ($0 as? Problem)?.status == 403
  }
}

@Test("who talks too fast is closed with 4008")
func tooFast() async throws {
  let live = try await LiveWorld()
  let (id, callbacks) = try await live.publicSocket("page-1")
  for _ in 0..<Limits.liveMessagesPerSecondMax { callbacks.message(id, []) }
  #expect(live.transport.log(id).code == nil)
  callbacks.message(id, [])
  #expect(live.transport.log(id).code == 4008)
}

@Test("samples carry no number, reach only their organization, and at most one a second and monitor")
func samples() async throws {
  let live = try await LiveWorld()
  let id = try await live.organizationSocket("", signedIn: live.session)
  try await eventually("joined") { live.transport.log(id).topic != 0 }
  let other = TenantScope(minting: OrganizationID(2))
  live.hub.sample(monitor: MonitorID(1), scope: other) {
    Issue.record("a sample was made for nobody")
    return ["n": 0]
  }
  for n in 1...3 { live.hub.sample(monitor: MonitorID(1), scope: live.scope) { ["n": .int(Int64(n))] } }
  live.hub.sample(monitor: MonitorID(2), scope: live.scope) { ["n": 9] }
  try await eventually("samples") { live.transport.log(id).sent.count >= 3 }
  #expect(
    live.transport.log(id).sent.dropFirst() == [
      #"{"type":"monitor_update","data":{"n":1}}"#, #"{"type":"monitor_update","data":{"n":9}}"#,
    ])
}

@Test("polling answers what was missed, and says when it cannot")
func polling() async throws {
  let live = try await LiveWorld()
  for _ in 1...3 { try await live.append() }
  func ask(_ query: String) async throws -> JSON {
    let response = try await live.handlers.publicChanges(
      try live.asked("/events/status/public/page-1/changes/\(query)", ["page-1"], headers: []), live.strangers)
    guard case .bytes(let bytes) = response.body else { return .null }
    return try JSON(parsing: bytes)
  }
  let some = try await ask("?since=1&epoch=\(live.hub.epoch)")
  #expect(some["results"]?.array?.compactMap { $0["seq"]?.int } == [2, 3])
  #expect(some["seq"]?.int == 3 && some["reset"]?.bool == false)
  #expect(try await ask("?since=4")["reset"]?.bool == true)
}

@Test("when the tail cannot be read, the socket is told to come back")
func databaseAway() async throws {
  let live = try await LiveWorld()
  let page = try await live.handlers.publicSocket(
    try live.asked("/ws/status/public/page-1/", ["page-1"]), live.strangers)
  live.test.store.close()
  let (id, _) = try live.connect(page)
  try await eventually("closed") { live.transport.log(id).code == 1013 }
}
