import Domain
import HTTPServer
import JSON
import Store
import TestSupport
import Testing

@testable import Web

@Suite("The settings' pages")
struct SettingsPagesTests {
  static let paths = [
    Paths.organization, Paths.members, Paths.channels, Paths.newChannel, Paths.notifications, Paths.apiKeys,
    Paths.account, Paths.sessions, Paths.auditLog, Paths.regions, Paths.statusPages, Paths.newIncident,
  ]

  @Test("each stands for an owner, and a member is kept out of what only admins may", arguments: paths)
  func stands(_ path: String) async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let member = try await world.join("member@example.org", role: .member, of: owner)
    #expect(await world.send("GET", path, as: owner).status == 200)
    let forAdmins = [Paths.apiKeys, Paths.auditLog, Paths.newChannel, Paths.newIncident].contains(path)
    #expect(await world.send("GET", path, as: member).status == (forAdmins ? 403 : 200))
    let nobody = await world.send("GET", path)
    #expect(nobody.status == 303)
    #expect(nobody.header("location")?.hasPrefix("/login?next=") == true)
  }

  @Test("an API key is printed once, and works")
  func key() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let made = await world.post(Paths.apiKeys, [("name", "CI"), ("scope", "read"), ("expires_at", "")], as: owner)
    let start = try #require(made.text.range(of: "id=\"once\">"))
    let key = String(made.text[start.upperBound...].prefix { $0 != "<" })
    #expect(await world.send("GET", "/api/v1/monitors/", as: .key(key)).status == 200)
    let again = await world.send("GET", Paths.apiKeys, as: owner)
    #expect(again.text.contains("CI"))
    #expect(!again.text.contains(key))
    let bad = await world.post(
      Paths.apiKeys, [("name", "Old"), ("scope", "read"), ("expires_at", "2020-01-01")], as: owner)
    #expect(bad.status == 422)
    #expect(bad.text.contains("Give a day that is not over."))
    #expect(bad.text.contains("value=\"Old\""))
  }

  @Test("an invitation's link is printed once and lets its person in")
  func invitation() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let made = await world.post(Paths.invitations, [("email", "new@example.org"), ("role", "admin")], as: owner)
    let start = try #require(made.text.range(of: "/join?token="))
    let token = String(made.text[start.upperBound...].prefix { $0 != "<" })
    #expect(await world.send("GET", Paths.members, as: owner).text.contains(token) == false)
    let joined = await world.post(
      Paths.join, [("token", token), ("name", "New"), ("password", WebWorld.password)], as: .nobody)
    #expect(joined.status == 303, "\(joined.text)")
    let members = await world.send("GET", Paths.members, as: owner)
    #expect(members.text.contains("new@example.org"))
    let wrong = await world.post(Paths.invitations, [("email", "nobody"), ("role", "member")], as: owner)
    #expect(wrong.status == 422 && wrong.text.contains("value=\"nobody\""))
  }

  @Test("the last owner stays one, and the page says why")
  func lastOwner() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let me = await world.send(.showMe, as: owner)
    let id = try #require(me.json["id"]?.string)
    let refused = await world.post(Paths.memberRole(id), [("role", "member")], as: owner)
    #expect(refused.status == 422)
    #expect(refused.text.contains("at least one owner"))
  }

  @Test("a webhook channel shows its secret once, keeps its address when the field is left empty, and never prints it")
  func channel() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let bad = await world.post(
      Paths.newChannel, [("kind", "webhook"), ("name", "Pager"), ("url", "ftp://x"), ("enabled", "on")], as: owner)
    #expect(bad.status == 422)
    let made = await world.post(
      Paths.newChannel,
      [("kind", "webhook"), ("name", "Pager"), ("url", "https://pager.example/hook/s3cret"), ("enabled", "on")],
      as: owner)
    #expect(made.text.contains("whsec_"))
    let list = await world.send("GET", Paths.channels, as: owner)
    let start = try #require(list.text.range(of: "href=\"/settings/channels/chn_"))
    let path = "/settings/channels/chn_" + list.text[start.upperBound...].prefix { $0 != "\"" }
    let saved = await world.post(path, [("name", "Pager 2"), ("url", ""), ("enabled", "on")], as: owner)
    #expect(saved.status == 303, "\(saved.text)")
    let page = await world.send("GET", path, as: owner)
    #expect(page.text.contains("Pager 2"))
    #expect(!page.text.contains("s3cret") && !page.text.contains("whsec_"))
    let tested = await world.post(path + "/test", [], as: owner)
    #expect(tested.text.contains("The test arrived"))
    let stranger = try await world.signUp("other@example.org", organization: "Other")
    #expect(await world.send("GET", path, as: stranger).status == 404)
    #expect(await world.post(path + "/delete", [], as: stranger).status == 404)
    #expect(await world.post(path + "/delete", [], as: owner).status == 303)
  }

  @Test("another address needs the password, beside its field")
  func account() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let refused = await world.post(
      Paths.account, [("name", "O"), ("email", "new@example.org"), ("password", "")], as: owner)
    #expect(refused.status == 422 && refused.text.contains("required to change the address"))
    let saved = await world.post(
      Paths.account, [("name", "O"), ("email", "new@example.org"), ("password", WebWorld.password)], as: owner)
    #expect(saved.status == 303)
    let short = await world.post(
      Paths.password, [("current_password", WebWorld.password), ("new_password", "short")], as: owner)
    #expect(short.status == 422 && short.text.contains("at least 8 characters"))
  }
}

@Suite("Public pages")
struct PublicPagesTests {
  @Test("a page is answered by the loop once it was rendered, with 304 for who has it, and is gone when it is hidden")
  func cached() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let head = RequestHead(
      method: "GET", target: "/status/harbourline", host: "m.test", ifNoneMatch: nil, hasCookieOrAuthorization: false,
      peer: "192.0.2.1")
    #expect(world.handler.cached(head) == nil)
    let first = await world.send("GET", "/status/harbourline")
    #expect(first.status == 200 && first.header("set-cookie") == nil)
    #expect(world.handler.cached(head) != nil)
    let tag = try #require(first.header("etag"))
    let again = await world.send("GET", "/status/harbourline", headers: [Header("if-none-match", tag)])
    #expect(again.status == 304 && again.bytes.isEmpty)
    let hidden = await world.post(
      Paths.statusPages, [("name", "Harbourline"), ("slug", "harbourline"), ("description", "")], as: owner)
    #expect(hidden.status == 303, "\(hidden.text)")
    #expect(world.handler.cached(head) == nil)
    #expect(await world.send("GET", "/status/harbourline").status == 404)
  }

  @Test(
    "history, feed and badge stand; months that are none are not found",
    arguments: [
      ("/status/harbourline/history", 200), ("/status/harbourline/history?month=2020-01", 200),
      ("/status/harbourline/feed.atom", 200), ("/status/harbourline/badge.svg", 200),
      ("/status/harbourline/incidents/inc_00000000000000000000000000", 404), ("/status/nobody", 404),
      ("/status/nobody/feed.atom", 404),
    ])
  func views(_ path: String, _ status: Int) async throws {
    let world = try WebWorld()
    _ = try await world.signUp("owner@example.org", organization: "Harbourline")
    #expect(await world.send("GET", path).status == status)
  }

  @Test("a stranger who asks too often is told how long to wait")
  func limited() async throws {
    let world = try WebWorld()
    _ = try await world.signUp("owner@example.org", organization: "Harbourline")
    var last = await world.send("GET", "/status/harbourline")
    for _ in 0..<60 where last.status == 200 { last = await world.send("GET", "/status/harbourline") }
    #expect(last.status == 429)
    #expect(last.header("retry-after") != nil)
    #expect(await world.send("GET", "/status/harbourline", peer: "192.0.2.9").status == 200)
  }

  @Test("a service that comes to watch a monitor which is down is part of its incident")
  func adoption() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let made = await world.send(
      .createMonitor, [], ["name": "API", "type": "http", "url": "http://example.test/"], as: owner)
    let monitor = try #require(made.json["id"]?.string, "\(made.text)")
    let store = world.base.store
    _ = try await store.write { db in
      try db.run(
        """
        INSERT INTO incident (id, public_id, organization_id, title, description, status, cause, started_ms, created_ms,
          updated_ms) VALUES (1, 'inc_11111111111111111111111111', 1, 'API is down', '', 'investigating', 'monitor', 1, 1, 1)
        """)
      try db.run("UPDATE monitor SET status = $1", [.int(MonitorStatus.down.code)])
      return try db.run("INSERT INTO incident_monitor (incident_id, monitor_id, is_open) VALUES (1, 1, 1)")
    }
    let posted = await world.post(
      Paths.newService, [("name", "Shop"), ("description", ""), ("is_active", "on"), ("monitor", monitor)], as: owner)
    #expect(posted.status == 303, "\(posted.text)")
    let page = await world.send("GET", "/status/harbourline")
    #expect(page.text.contains("API is down"))
    #expect(page.text.contains("Major outage"))
  }
}
