import Domain
import Engine
import HTTPServer
import JSON
import SQLite
import Store
import Testing

@testable import Web

/// An organization with services, a stranger's beside it.
private struct Harbour {
  let world: WebWorld
  let owner: WebWorld.Sender
  let member: WebWorld.Sender
  let stranger: WebWorld.Sender

  init() async throws {
    world = try WebWorld()
    owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    member = try await world.join("member@example.org", role: .member, of: owner)
    stranger = try await world.signUp("eve@example.org", organization: "Elsewhere")
  }

  func service(_ name: String = "Ferry") async throws -> String {
    let made = await world.post(
      Paths.newService, [("name", name), ("description", ""), ("is_active", "on")], as: owner)
    #expect(made.status == 303, "\(made.text)")
    let list = await world.send("GET", "/api/v1/services/", as: owner).json["results"]?.array ?? []
    return try #require(list.first { $0["name"]?.string == name }?["id"]?.string)
  }

  func status(of service: String) async -> String? {
    let list = await world.send("GET", "/api/v1/services/", as: owner).json["results"]?.array ?? []
    return list.first { $0["id"]?.string == service }?["status"]?.string
  }

  func open(_ services: [String], impact: String = "partial", title: String = "No sailings") async -> WebWorld.Reply {
    await world.post(
      Paths.newIncident,
      [("title", title), ("message", "We look."), ("status", "investigating"), ("impact", impact)]
        + services.map { ("service", $0) }, as: owner)
  }

  /// The id of an incident that was opened by the form.
  func opened(_ services: [String]) async throws -> String {
    let reply = await open(services)
    let place = try #require(reply.header("location"), "\(reply.text)")
    return String(place.dropFirst("/incidents/".count).prefix { $0 != "?" })
  }

  func update(_ id: String, _ status: String, _ message: String) async -> WebWorld.Reply {
    await world.post(Paths.incidentUpdates(id), [("status", status), ("message", message)], as: owner)
  }
}

@Suite("The services' pages")
struct ServicePagesTests {
  @Test("a state that a person set is theirs, also while an incident is open")
  func setByHand() async throws {
    let harbour = try await Harbour()
    let id = try await harbour.service()
    _ = try await harbour.opened([id])
    #expect(await harbour.world.get(Paths.service(id), as: harbour.owner).text.contains("Because of the incident"))
    let fields = [("name", "Ferry"), ("description", ""), ("is_active", "on"), ("status", "degraded")]
    #expect(await harbour.world.post(Paths.service(id), fields, as: harbour.owner).status == 303)
    let page = await harbour.world.get(Paths.service(id), as: harbour.owner)
    #expect(page.text.contains("Set by hand") && !page.text.contains("Because of the incident"))
  }

  @Test("a service is shown to members, edited by who may write, and not there for others")
  func edited() async throws {
    let harbour = try await Harbour()
    let (world, owner) = (harbour.world, harbour.owner)
    let id = try await harbour.service()
    let path = Paths.service(id)
    #expect(await world.send("GET", path, as: harbour.member).status == 200)
    #expect(await world.send("GET", path, as: harbour.stranger).status == 404)
    let fields = [
      ("name", "Night ferry"), ("description", "To the isles"), ("is_active", "on"), ("status", "degraded"),
    ]
    #expect(await world.post(path, fields, as: harbour.member).status == 403)
    #expect(await world.post(path, fields, as: harbour.stranger).status == 404)
    #expect(await world.post(path, fields, as: owner).status == 303)
    #expect(await harbour.status(of: id) == "degraded")
    let page = await world.send("GET", path, as: owner)
    #expect(page.text.contains("Night ferry") && page.text.contains("To the isles"))
    let refused = await world.post(path, [("name", ""), ("description", "kept"), ("status", "")], as: owner)
    #expect(refused.status == 422 && refused.text.contains("value=\"kept\""))
    let unknown = await world.post(path, [("name", "F"), ("description", ""), ("status", "sunk")], as: owner)
    #expect(unknown.status == 422 && unknown.text.contains("Choose a state."))
  }

  @Test("a deleted service is gone from its page and its list")
  func deleted() async throws {
    let harbour = try await Harbour()
    let world = harbour.world
    let id = try await harbour.service()
    #expect(await world.post(Paths.deleteService(id), [], as: harbour.member).status == 403)
    #expect(await world.post(Paths.deleteService(id), [], as: harbour.stranger).status == 404)
    #expect(await world.post(Paths.deleteService(id), [], as: harbour.owner).status == 303)
    #expect(await world.send("GET", Paths.service(id), as: harbour.owner).status == 404)
    #expect(await harbour.status(of: id) == nil)
  }
}

@Suite("The incidents' pages")
struct IncidentPagesTests {
  @Test("an incident opened by hand worsens its services, and resolving it sets them free")
  func life() async throws {
    let harbour = try await Harbour()
    let service = try await harbour.service()
    let id = try await harbour.opened([service])
    #expect(await harbour.status(of: service) == "partial")
    #expect(await harbour.update(id, "monitoring", "It sails again.").status == 303)
    #expect(await harbour.update(id, "resolved", "All well.").status == 303)
    #expect(await harbour.status(of: service) == "operational")
    let page = await harbour.world.send("GET", Paths.incident(id), as: harbour.member)
    #expect(page.text.contains("It sails again.") && page.text.contains("All well."))
    #expect(await harbour.world.send("GET", Paths.incident(id), as: harbour.stranger).status == 404)
  }

  @Test("who acknowledged it is named to members and in the API, never to visitors")
  func acknowledged() async throws {
    let harbour = try await Harbour()
    let (world, owner) = (harbour.world, harbour.owner)
    let id = try await harbour.opened([try await harbour.service()])
    _ = await world.send("PATCH", "/api/v1/me/", ["name": "Ines Okafor"], as: owner)
    #expect(await world.send(.showIncident, [id], as: harbour.member).json["acknowledged_by"] == .null)
    world.base.clock.advance(ms: 60_000)
    #expect(await world.post(Paths.acknowledgeIncident(id), as: owner).location?.hasSuffix("done=acknowledged") == true)
    let page = await world.get(Paths.incident(id), as: harbour.member)
    #expect(page.text.contains("acknowledged by <span dir=\"auto\">Ines Okafor</span> after 1"))
    #expect(await world.send(.showIncident, [id], as: harbour.member).json["acknowledged_by"] == "Ines Okafor")
    // Whoever comes second changes nothing.
    let key = try await world.makeKey(.write, by: owner)
    #expect(await world.send(.acknowledgeIncident, [id], [:], as: key).json["acknowledged_by"] == "Ines Okafor")
    let seen = await world.send("GET", "/api/v1/public/harbourline/incidents/")
    #expect(seen.json["results"]?.array?.first?["acknowledged_by"] == .null)
    for path in ["/api/v1/public/harbourline/incidents/", "/status/harbourline/incidents/\(id)"] {
      #expect(await world.send("GET", path).text.contains("Ines") == false)
    }
  }

  @Test("how each region voted is drawn, stands in a table and in the API, and is no stranger's business")
  func votes() async throws {
    let harbour = try await Harbour()
    let (world, owner) = (harbour.world, harbour.owner)
    let made = await world.send(
      "POST", "/api/v1/monitors/", ["name": "Sea", "url": "http://sea.example.test/"], as: owner)
    let publicID = PublicID<MonitorTag>(stored: try #require(made.json["id"]?.string, "\(made.text)"))
    let begun = world.base.clock.now
    world.base.clock.advance(ms: 10 * Instant.minuteMs)
    let now = world.base.clock.now
    let flow = world.base.clock.world
    let id = try await world.base.store.write { db -> String in
      let (monitor, organization, region) = try #require(
        try db.first(
          "SELECT m.id, m.organization_id, p.region_id FROM monitor m JOIN monitor_plan p ON p.monitor_id = m.id"
        ) {
          (MonitorID($0.int(0)), OrganizationID($0.int(1)), RegionID($0.int(2)))
        })
      for minute in Int64(1)..<10 {
        let slot = begun + minute * Instant.minuteMs
        let job = JobID(monitor: monitor, region: region, trigger: .schedule, mark: slot.ms)
        let isDown = minute > 4
        var seen = Observation(startedAt: slot + (isDown ? 1600 : 3))
        seen.timing.totalUs = 50_000
        if isDown { seen.failure = Failure(.connectRefused, .connect, "refused") }
        try ResultLog.append(
          RunReport(
            job: job, generation: nil, runKey: job.runKey, attempt: isDown ? 2 : 0, isFinal: true, lateMs: 3,
            status: isDown ? .down : .up, observation: seen), in: db)
      }
      try IncidentFlow.apply(
        MonitorChange(
          monitor: monitor, publicID: publicID, organization: organization, name: "Sea",
          url: "http://sea.example.test/",
          from: .up, to: .down, since: begun + 5 * Instant.minuteMs, at: begun + 5 * Instant.minuteMs + 1700),
        in: db, world: flow)
      return try #require(try db.first("SELECT public_id FROM incident") { $0.text(0) })
    }
    let votes = await world.send(.showIncidentVotes, [id], as: harbour.member)
    #expect(votes.status == 200, "\(votes.text)")
    let one = try #require(votes.json["results"]?.array?.first)
    #expect(one["monitor_id"]?.string == publicID.text && one["to"] == JSON(now))
    let region = try #require(one["regions"]?.array?.first)
    #expect(region["region"] == "local")
    #expect(region["spans"]?.array?.map { $0["vote"]?.string } == ["up", "down"])
    #expect(one["quorum"]?["at"]?.string == (begun + 5 * Instant.minuteMs + 1650).rfc3339)
    #expect(one["quorum"]?["votes_down"] == 1)
    #expect(await world.send(.showIncidentVotes, [id], as: harbour.stranger).status == 404)
    #expect(await world.send(.showIncidentVotes, [id]).status == 401)
    let page = await world.get(Paths.incident(id), as: harbour.member)
    #expect(page.text.contains("Votes over time") && page.text.contains("class=\"v-down\""))
    #expect(page.text.contains("quorum, 1 of 1 down") && page.text.contains("The same as a table"))
    // One that a person opened has no monitor, and so no votes.
    let other = try await harbour.opened([])
    #expect(await world.send(.showIncidentVotes, [other], as: harbour.member).json["results"] == [])
    #expect(!(await world.get(Paths.incident(other), as: harbour.member).text.contains("Votes over time")))
  }

  @Test("an incident does not make a service better, and says so beside the field with everything as typed")
  func onlyWorse() async throws {
    let harbour = try await Harbour()
    let service = try await harbour.service()
    _ = try await harbour.opened([service])
    let refused = await harbour.open([service], impact: "degraded", title: "Slow as well")
    #expect(refused.status == 422)
    #expect(refused.text.contains("an incident does not make it"))
    #expect(refused.text.contains("value=\"Slow as well\""))
  }

  @Test("it only moves forward; what was typed and chosen stays")
  func forward() async throws {
    let harbour = try await Harbour()
    let id = try await harbour.opened([])
    #expect(await harbour.update(id, "monitoring", "It sails.").status == 303)
    let back = await harbour.update(id, "investigating", "Or does it?")
    #expect(back.status == 422 && back.text.contains("only moves forward") && back.text.contains("Or does it?"))
    let silent = await harbour.update(id, "resolved", "")
    #expect(silent.status == 422 && silent.text.contains("Say what is new."))
    #expect(silent.text.contains("value=\"resolved\" checked"))
  }

  @Test("who writes to an incident that was resolved meanwhile is told, and keeps the words")
  func late() async throws {
    let harbour = try await Harbour()
    let id = try await harbour.opened([])
    #expect(await harbour.update(id, "resolved", "All well.").status == 303)
    let late = await harbour.update(id, "monitoring", "Half the fleet is back.")
    #expect(late.status == 422)
    #expect(late.text.contains("resolved meanwhile") && late.text.contains("Half the fleet is back."))
  }

  @Test("acknowledging what was resolved meanwhile leads back to it and says so")
  func lateAcknowledgement() async throws {
    let harbour = try await Harbour()
    let id = try await harbour.opened([])
    #expect(await harbour.update(id, "resolved", "All well.").status == 303)
    let late = await harbour.world.post(Paths.acknowledgeIncident(id), [], as: harbour.owner)
    #expect(late.status == 303, "\(late.text)")
    let place = try #require(late.header("location"))
    #expect(await harbour.world.send("GET", place, as: harbour.owner).text.contains("nothing is left to acknowledge"))
    #expect(harbour.world.reports.all.withLock { $0 }.isEmpty)
  }

  @Test("a postmortem has the length that the API allows")
  func postmortem() async throws {
    let harbour = try await Harbour()
    let id = try await harbour.opened([])
    #expect(await harbour.update(id, "resolved", "All well.").status == 303)
    let path = Paths.postmortem(id)
    let long = String(repeating: "a", count: Limits.postmortemCharactersMax + 1)
    let refused = await harbour.world.post(path, [("postmortem", long)], as: harbour.owner)
    #expect(refused.status == 422)
    #expect(refused.text.contains("Use at most") && refused.text.contains(long))
    #expect(await harbour.world.post(path, [("postmortem", "A rope.")], as: harbour.owner).status == 303)
    #expect(await harbour.world.send("GET", Paths.incident(id), as: harbour.owner).text.contains("A rope."))
  }
}
