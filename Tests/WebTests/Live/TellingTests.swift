import Domain
import Engine
import JSON
import Store
import Testing

@testable import Web

private func service(_ name: String, of world: WebWorld, as sender: WebWorld.Sender) async throws -> String {
  let made = await world.send(.createService, [], ["name": .string(name)], as: sender)
  #expect(made.status == 201, "\(made.text)")
  return try #require(made.json["id"]?.string)
}

@Test("a service has the contract's shape and states")
func serviceShape() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let made = await world.send(.createService, [], ["name": "API"], as: owner).json
  #expect(
    made.members?.map(\.name) == [
      "id", "name", "description", "status", "status_display", "observed", "is_active", "valid_next_states", "monitors",
      "created_at", "updated_at",
    ])
  #expect(made["status"] == "operational" && made["status_display"] == "Operational" && made["observed"] == "none")
  #expect(made["valid_next_states"]?.array?.first == ["value": "degraded", "label": "Degraded Performance"])
}

@Test("an incident goes through its life under the contract's rules")
func incidentLife() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let api = try await service("API", of: world, as: owner)
  let made = await world.send(
    .createIncident, [], ["title": "Slow", "service_id": .string(api), "to_state": "degraded"], as: owner)
  #expect(made.status == 201, "\(made.text)")
  #expect(
    made.json.members?.map(\.name) == [
      "id", "title", "description", "status", "status_display", "started_at", "acknowledged_at",
      "acknowledged_by", "resolved_at", "services", "updates", "cause", "monitor_ids", "caused_by", "causing",
      "postmortem", "created_at", "updated_at",
    ])
  #expect(made.json["services"]?.array?.first?["from_state"] == "operational")
  let id = try #require(made.json["id"]?.string)
  #expect(await world.send(.showService, [api], as: owner).json["status"] == "degraded")
  let better = await world.send(
    .createIncident, [], ["title": "Odd", "service_id": .string(api), "to_state": "operational"], as: owner)
  #expect(better.status == 422)
  #expect(better.json["errors"]?.array?.first?["pointer"] == "/to_state")
  let acknowledged = await world.send(.acknowledgeIncident, [id], as: owner)
  #expect(acknowledged.status == 200 && acknowledged.json["acknowledged_at"]?.isNull == false)
  let steps: [(String, Int)] = [
    ("monitoring", 201), ("identified", 409), ("monitoring", 201), ("resolved", 201), ("resolved", 409),
    ("investigating", 409),
  ]
  for (status, expected) in steps {
    let reply = await world.send(
      .addIncidentUpdate, [id], ["status": .string(status), "message": "Words."], as: owner)
    #expect(reply.status == expected, "\(status): \(reply.text)")
  }
  #expect(await world.send(.showService, [api], as: owner).json["status"] == "operational")
  let written = await world.send(.updateIncident, [id], ["postmortem": "A lock.\n\nIt is gone."], as: owner)
  #expect(written.json["postmortem"] == "A lock.\n\nIt is gone.")
  #expect(await world.send(.deleteIncident, [id], as: owner).status == 204)
  #expect(await world.send(.showIncident, [id], as: owner).status == 404)
}

@Test("visitors see the page's services and incidents, and neither authors nor monitors")
func visitors() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let shown = try await service("API", of: world, as: owner)
  let hidden = try await service("Secret backend", of: world, as: owner)
  #expect(await world.send(.updateService, [hidden], ["is_active": false], as: owner).status == 200)
  let both: JSON = [
    ["id": .string(shown), "to_state": "partial"], ["id": .string(hidden), "to_state": "major"],
  ]
  #expect(await world.send(.createIncident, [], ["title": "Both", "services": both], as: owner).status == 201)
  let status = await world.send(.publicStatus, ["harbourline"])
  #expect(status.json["status"] == "partial" && status.json["services_total"] == 1)
  #expect(status.json["incidents_open"] == 1 && status.json["status_display"] == "Partial Outage")
  let incidents = await world.send(.publicIncidents, ["harbourline"])
  #expect(incidents.json["results"]?.array?.first?["services"]?.array?.count == 1)
  #expect(incidents.json["results"]?.array?.first?["updates"]?.array?.first?["author"] == .null)
  let services = await world.send(.publicServices, ["harbourline"])
  for reply in [status, incidents, services] { #expect(!reply.text.contains("Secret") && !reply.text.contains(hidden)) }
}

@Test("a hidden page answers like an absent one")
func hiddenPage() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let page = try #require(
    await world.send(.listStatusPages, as: owner).json["results"]?.array?.first?["id"]?.string)
  #expect(await world.send(.publicStatus, ["harbourline"]).status == 200)
  #expect(await world.send(.updateStatusPage, [page], ["is_public": false], as: owner).status == 200)
  let hidden = await world.send(.publicStatus, ["harbourline"])
  #expect(hidden.status == 404)
  #expect(hidden.bytes == (await world.send(.publicStatus, ["nobody-at-all"])).bytes)
}

@Test("a page's slug is unique in the installation and no word of the product")
func slugs() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  _ = try await world.signUp("b@example.com", organization: "Quayside")
  let page = try #require(
    await world.send(.listStatusPages, as: owner).json["results"]?.array?.first?["id"]?.string)
  let tries: [(String, Int)] = [("quayside", 409), ("admin", 422), ("Not A Slug", 422), ("harbour-line", 200)]
  for (slug, expected) in tries {
    #expect(
      await world.send(.updateStatusPage, [page], ["slug": .string(slug)], as: owner).status == expected, "\(slug)")
  }
  #expect(await world.send(.publicStatus, ["harbourline"]).status == 404)
  #expect(await world.send(.publicStatus, ["harbour-line"]).status == 200)
}

@Test("another organization's ids answer like absent ones, as arguments and inside bodies")
func crossing() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let stranger = try await world.signUp("b@example.com", organization: "Quayside")
  let api = try await service("API", of: world, as: owner)
  let absent = "svc_" + String(repeating: "0", count: 26)
  let theirs = await world.send(.showService, [api], as: stranger)
  #expect(theirs.status == 404)
  #expect(theirs.bytes == (await world.send(.showService, [absent], as: stranger)).bytes)
  func opening(_ id: String) async -> WebWorld.Reply {
    await world.send(
      .createIncident, [], ["title": "x", "service_id": .string(id), "to_state": "major"], as: stranger)
  }
  #expect(await opening(api).bytes == opening(absent).bytes)
  #expect(await world.send(.showService, [api], as: owner).json["status"] == "operational")
}

@Test("members read and do not write")
func members() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let member = try await world.join("m@example.com", role: .member, of: owner)
  let api = try await service("API", of: world, as: owner)
  #expect(await world.send(.showService, [api], as: member).status == 200)
  #expect(await world.send(.createService, [], ["name": "x"], as: member).status == 403)
  #expect(await world.send(.createIncident, [], ["title": "x"], as: member).status == 403)
}

@Test("a channel shows its secret once and keeps it through an edit")
func channelSecrets() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let made = await world.send(
    .createChannel, [], ["type": "webhook", "name": "Pager", "settings": ["url": "https://hooks.example.org/x"]],
    as: owner)
  #expect(made.status == 201, "\(made.text)")
  let secret = try #require(made.json["settings"]?["secret"]?.string)
  #expect(secret.hasPrefix("whsec_") && made.json["summary"] == "hooks.example.org")
  let id = try #require(made.json["id"]?.string)
  let edited = await world.send(
    .updateChannel, [id], ["settings": ["url": "https://hooks.example.org/y"]], as: owner)
  #expect(edited.status == 200 && !edited.text.contains("whsec_"))
  #expect(!(await world.send(.listChannels, as: owner)).text.contains("whsec_"))
  let stored = try await world.base.store.read { db in
    try db.first("SELECT settings_sealed FROM channel") { $0.blob(0) }
  }
  #expect(!String(decoding: stored ?? [], as: UTF8.self).contains("hooks.example.org"))
  let wrong = await world.send(
    .createChannel, [], ["type": "webhook", "name": "x", "settings": ["url": "ftp://x/", "secret": "no"]], as: owner)
  #expect(wrong.status == 422)
}

@Test("what changes while a page is being read comes after the place in the feed that the page names")
func changesWhileAPageIsRead() async throws {
  let world = try WebWorld()
  let owner = try await world.signUp("a@example.com", organization: "Harbourline")
  let api = try await service("API", of: world, as: owner)
  world.fleet.meanwhile.withLock {
    $0 = { [unowned world] in
      let made = await world.send(
        .createIncident, [], ["title": "Meanwhile", "service_id": .string(api), "to_state": "degraded"], as: owner)
      #expect(made.status == 201, "\(made.text)")
    }
  }
  let page = await world.get("/services", as: owner)
  let seq = try #require(page.all(between: " data-seq=\"", and: "\"").first.flatMap { Int64($0) })
  let missed = try await world.base.store.read { db in
    try FeedQueries.events(feed: 1, after: seq, limit: 10, in: db)
  }
  #expect(missed.contains { $0.type == .incident })
}
