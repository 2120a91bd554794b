import Domain
import HTML
import HTTPServer
import JSON
import SQLite
import Store
import Testing

@testable import Web

@Suite("Regions: the page and the API")
struct RegionPagesTests {
  private let world: WebWorld
  private let owner: WebWorld.Sender

  init() async throws {
    world = try WebWorld()
    owner = try await world.signUp("ada@example.org", organization: "A")
  }

  private func key(of region: String) async throws -> RegionID {
    let found = try await world.base.store.read { db in
      try db.first("SELECT id FROM region WHERE name = $1", [.text(region)]) { RegionID($0.int(0)) }
    }
    return try #require(found)
  }

  /// Lets a worker in as `martlet worker` does; answers its id.
  private func enrol(_ token: String, _ region: String) async throws -> String {
    let reply = await world.send(
      "POST", "/api/v1/worker/enroll/",
      ["token": .string(token), "region": .string(region), "hostname": "probe-1", "version": "1"])
    return try #require(reply.json["worker_id"]?.string, "\(reply.text)")
  }

  @Test("a region is added with the command for its first worker, which lets one in and no second")
  func added() async throws {
    let page = await world.post("/regions", [("name", "fra")], as: owner)
    #expect(page.status == 200)
    let command = try #require(page.once)
    let words = command.split(separator: " ").map(String.init)
    #expect(words[..<6] == ["martlet", "worker", "--control-plane", "http://m.test", "--region", "fra"])
    let token = try #require(words.firstIndex(of: "--token").map { words[$0 + 1] })
    #expect(token.hasPrefix("mr_"))
    #expect(page.text.contains("This page came over plain http."), "m.test is no loopback address")
    let worker = try await enrol(token, "fra")
    let again = await world.send(
      "POST", "/api/v1/worker/enroll/", ["token": .string(token), "region": "fra", "hostname": "h", "version": "1"])
    #expect(again.status == 401)
    let shown = await world.get("/regions", as: owner)
    #expect(shown.text.contains("probe-1") && !shown.text.contains(token))
    #expect(shown.all(between: "action=\"/regions/workers/", and: "/revoke\"") == [worker])
  }

  @Test(
    "a name that cannot be is refused beside the field, and stays in it",
    arguments: ["", "Frankfurt", "local", "-a", "a b", "ä", String(repeating: "a", count: 64)])
  func wrongName(_ name: String) async {
    let page = await world.post("/regions", [("name", name)], as: owner)
    #expect(page.status == 422)
    #expect(page.error(of: "name") == RegionDesk.nameRule)
    #expect(name.isEmpty || page.text.contains("value=\"\(name)\""))
    #expect(page.once == nil)
    let api = await world.send(.createRegion, [], ["name": .string(name)], as: owner)
    #expect(api.status == 422 && api.json["errors"]?.array?.first?["pointer"]?.string == "/name", "\(api.text)")
  }

  @Test("a name is used once")
  func taken() async {
    #expect(await world.send(.createRegion, [], ["name": "fra"], as: owner).status == 201)
    let again = await world.send(.createRegion, [], ["name": "fra"], as: owner)
    #expect(again.status == 409 && again.json["code"]?.string == "region_exists")
    let page = await world.post("/regions", [("name", "fra")], as: owner)
    #expect(page.error(of: "name") == "There is a region fra already.")
  }

  @Test("a token says how often and how long it lets workers in; local takes none")
  func tokens() async throws {
    let made = await world.send(.createRegion, [], ["name": "fra"], as: owner)
    let id = try #require(made.json["id"]?.string)
    let token = await world.send(.createRegionToken, [id], ["uses": 3, "expires_in_s": 600], as: owner)
    #expect(token.status == 201 && token.json["uses_left"]?.int == 3)
    #expect(token.json["expires_at"]?.string == (world.base.clock.now + 600_000).rfc3339)
    for (name, value) in [("uses", 0), ("uses", 101), ("expires_in_s", 59), ("expires_in_s", 30 * 86_400 + 1)] {
      let reply = await world.send(.createRegionToken, [id], .object([.init(name, .int(Int64(value)))]), as: owner)
      #expect(reply.json["errors"]?.array?.first?["pointer"]?.string == "/\(name)", "\(reply.text)")
    }
    let regions = await world.send(.listRegions, as: owner).json["results"]?.array ?? []
    let local = try #require(regions.first { $0["name"]?.string == "local" }?["id"]?.string)
    let refused = await world.send(.createRegionToken, [local], [:], as: owner)
    #expect(refused.status == 409 && refused.json["code"]?.string == "region_local")
  }

  @Test("a shared region's workers are its operator's: let in and sent away where there is one organization only")
  func shared() async throws {
    let region = try await world.base.store.write { [store = world.base.store] db in
      let key = try RegionQueries.shared("fra", in: db, world: store.world)
      return try db.first("SELECT public_id FROM region WHERE id = $1", [.int(key.raw)]) { $0.text(0) }
    }
    let id = try #require(region)
    let token = await world.send(.createRegionToken, [id], [:], as: owner)
    let worker = try await enrol(try #require(token.json["token"]?.string, "\(token.text)"), "fra")
    let eve = try await world.signUp("eve@example.org", organization: "E")
    for sender in [owner, eve] {
      let refused = await world.send(.createRegionToken, [id], [:], as: sender)
      #expect(refused.status == 403 && refused.json["code"]?.string == "not_operator", "\(refused.text)")
      #expect(await world.send(.revokeWorker, [worker], as: sender).status == 404)
    }
  }

  @Test("a revoked worker is nobody from then on")
  func revoked() async throws {
    let page = await world.post("/regions", [("name", "fra")], as: owner)
    let token = try #require(page.once?.split(separator: " ").map(String.init).first { $0.hasPrefix("mr_") })
    let worker = try await enrol(token, "fra")
    let gone = await world.post("/regions/workers/\(worker)/revoke", as: owner)
    #expect(gone.location == "/regions?done=revoked-worker")
    #expect(await world.post("/regions/workers/\(worker)/revoke", as: owner).status == 404)
    #expect(await !world.get("/regions", as: owner).text.contains("probe-1"))
  }

  @Test("a region counts as the engine says, and its workers as they are heard of")
  func heardOf() async throws {
    let page = await world.post("/regions", [("name", "fra")], as: owner)
    let token = try #require(page.once?.split(separator: " ").map(String.init).first { $0.hasPrefix("mr_") })
    let id = try await enrol(token, "fra")
    let region = try await key(of: "fra")
    let worker = try await world.base.store.read { db in
      try db.first("SELECT id FROM worker WHERE public_id = $1", [.text(id)]) { WorkerID($0.int(0)) }
    }
    func listed() async -> (state: String?, healthy: Int64?, worker: [String: String]) {
      let regions = await world.send(.listRegions, as: owner).json["results"]?.array ?? []
      let fra = regions.first { $0["name"]?.string == "fra" }
      let first = fra?["workers"]?.array?.first
      return (
        fra?["state"]?.string, fra?["healthy_workers"]?.int,
        ["state": first?["state"]?.string ?? "", "spooled": first?["spooled"]?.int.map(String.init) ?? "null"]
      )
    }
    let now = world.base.clock.now
    world.fleet.sight.withLock { $0 = FleetSight(states: [region: .offline], at: now) }
    var seen = await listed()
    #expect(seen.state == "offline" && seen.healthy == 0)
    #expect(seen.worker == ["state": "offline", "spooled": "null"])
    var fleet = Fleet(begun: now)
    var report = WorkerReport()
    report.spooled = 4
    _ = fleet.handle(.seen(try #require(worker), region, waitMs: 0, report), regions: [region], now: now)
    let sight = fleet.sight(at: now)
    world.fleet.sight.withLock { $0 = sight }
    seen = await listed()
    #expect(seen.state == "healthy" && seen.healthy == 1)
    #expect(seen.worker == ["state": "healthy", "spooled": "4"])
  }

  @Test("how often and how long a region had no voice lately is told; one trouble after another is one time")
  func past() async throws {
    let local = try await key(of: "local")
    let now = world.base.clock.now
    try await world.base.store.write { db in
      for (state, secondsAgo) in [
        (RegionState.suspect, Int64(600)), (.offline, 540), (.healthy, 480), (.overloaded, 100), (.healthy, 40),
      ] { _ = try RegionQueries.enter(state, of: local, at: now - secondsAgo * 1000, in: db) }
    }
    let listed = await world.send(.listRegions, as: owner).json["results"]?.array?.first
    #expect(listed?["unwell_7d"] == ["times": 2, "total_s": 180])
    let page = await world.get("/regions", as: owner)
    #expect(page.text.contains("Without a voice twice in the last 7 days, 3\(Format.space)min in all"))
    // Of another it is told once its first worker has spoken, though that one is gone.
    let made = await world.post("/regions", [("name", "fra")], as: owner)
    let token = try #require(made.once?.split(separator: " ").map(String.init).first { $0.hasPrefix("mr_") })
    let fra = try await key(of: "fra")
    func enter(_ state: RegionState, at: Instant) async throws {
      _ = try await world.base.store.write { try RegionQueries.enter(state, of: fra, at: at, in: $0) }
    }
    try await enter(.offline, at: now - 3_600_000)
    func silence() async -> JSON? {
      await world.send(.listRegions, as: owner).json["results"]?.array?.first { $0["name"] == "fra" }?["unwell_7d"]
    }
    #expect(await silence() == ["times": 0, "total_s": 0])
    let worker = try await enrol(token, "fra")
    #expect(await world.send(.revokeWorker, [worker], as: owner).status == 204)
    try await enter(.healthy, at: now + 1000)
    try await enter(.offline, at: now + 40_000)
    world.fleet.sight.withLock { $0 = FleetSight(states: $0.states, at: now + 100_000) }
    #expect(await silence() == ["times": 1, "total_s": 60])
  }

  @Test("the operator adds a stand-in, which is no region to choose; a tenant among others cannot")
  func standIn() async throws {
    let page = await world.get("/regions", as: owner)
    #expect(page.text.contains("Add a stand-in"))
    let made = await world.post("/regions", [("name", StandIn.name)], as: owner)
    let command = try #require(made.once)
    #expect(command.contains("--region &#39;*&#39; ") || command.contains("--region '*' "), "\(command)")
    let words = command.split(separator: " ").map(String.init)
    _ = try await enrol(try #require(words.firstIndex(of: "--token").map { words[$0 + 1] }), StandIn.name)
    let listed = await world.send(.listRegions, [], nil, as: owner)
    let all = try #require(listed.json["results"]?.array)
    #expect(all.last?["name"]?.string == "*" && all.last?["is_stand_in"] == .bool(true))
    let shown = await world.get("/regions", as: owner)
    #expect(shown.text.contains("Stand-ins") && !shown.text.contains("Add a stand-in<"))
    #expect(shown.text.contains("One region looks from here: local."))
    #expect(await !world.get("/monitors/new", as: owner).text.contains("value=\"*\""))
    #expect(await world.send(.createRegion, [], ["name": "*"], as: owner).status == 409)
    let eve = try await world.signUp("eve@example.org", organization: "E")
    #expect(await !world.get("/regions", as: eve).text.contains("Add a stand-in"))
    let id = try #require(all.last?["id"]?.string)
    for sender in [eve, owner] {
      #expect(await world.send(.createRegion, [], ["name": "*"], as: sender).status == 403)
      #expect(await world.send(.createRegionToken, [id], ["uses": 1], as: sender).status == 403)
    }
  }

  @Test("slots without an outcome are a banner for the operator's organization, and for nobody else")
  func overdue() async throws {
    let eve = try await world.signUp("eve@example.org", organization: "E")
    world.fleet.sight.withLock { $0.slotsOverdueSince = world.base.clock.now }
    let words = "Some checks are not accounted for"
    #expect(await world.get("/settings/account", as: owner).text.contains(words))
    #expect(await !world.get("/settings/account", as: eve).text.contains(words))
    world.fleet.sight.withLock { $0.slotsOverdueSince = nil }
    #expect(await !world.get("/settings/account", as: owner).text.contains(words))
  }

  @Test(
    "only requests for jobs may wait",
    arguments: [
      ("/api/v1/worker/jobs/", true), ("/api/v1/worker/jobs", true), ("/api/v1/worker/jobs/?x=1", true),
      ("/api/v1/worker/results/", false), ("/api/v1/monitors/", false), ("/", false),
    ])
  func waits(_ target: String, _ mayWait: Bool) {
    let head = RequestHead(
      method: "POST", target: target, host: "m.test", ifNoneMatch: nil, hasCookieOrAuthorization: true,
      peer: "127.0.0.1")
    #expect(world.handler.mayWait(head) == mayWait)
  }

  @Test("a monitor whose region has no healthy worker is saved, and every page says what is missing")
  func unwatched() async throws {
    #expect(await world.send(.createRegion, [], ["name": "fra"], as: owner).status == 201)
    let form = await world.get("/monitors/new", as: owner)
    #expect(form.text.contains("no healthy worker"))
    let saved = await world.post(
      "/monitors/new", [("url", "https://a.test/"), ("region", "fra"), ("intent", "save")], as: owner)
    let location = try #require(saved.location, "\(saved.text)")
    #expect(location.hasSuffix("?done=saved-unwatched"))
    let page = await world.get(location, as: owner)
    #expect(page.text.contains("One of its regions has no healthy worker"))
    #expect(page.text.contains("Region fra is offline") && page.text.contains("It has no worker."))
    #expect(await world.get("/settings/account", as: owner).text.contains("Region fra is offline"))
    let eve = try await world.signUp("eve@example.org", organization: "E")
    #expect(await !world.get("/settings/account", as: eve).text.contains("fra"))
  }
}
