import Domain
import Engine
import HTTPServer
import JSON
import SQLite
import Testing

@testable import Web

@Suite("Pages: organization, account, sessions, audit log, regions")
struct AccountPagesTests {
  @Test("the organization is renamed; a name that is none stays in the form")
  func organization() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "Harbourline")
    let saved = await world.post("/settings/organization", [("name", "Quay <side>")], as: owner)
    #expect(saved.location == "/settings/organization?done=saved")
    let page = await world.get("/settings/organization?done=saved", as: owner)
    #expect(page.text.contains("Quay &lt;side") && page.text.contains("Saved.") && !page.text.contains("<side>"))
    let long = String(repeating: "x", count: Limits.nameCharactersMax + 1)
    let wrong = await world.post("/settings/organization", [("name", long)], as: owner)
    #expect(wrong.status == 422 && wrong.error(of: "name") != nil && wrong.text.contains("value=\"\(long)\""))
  }

  @Test("a name changes at once, an address only with the password")
  func account() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    func save(_ email: String, _ password: String) async -> WebWorld.Reply {
      await world.post("/settings/account", [("name", "Ada L."), ("email", email), ("password", password)], as: owner)
    }
    #expect(await save("ada@example.org", "").location == "/settings/account?done=saved")
    let bare = await save("lovelace@example.org", "")
    #expect(bare.status == 422 && bare.error(of: "password") != nil)
    #expect(bare.text.contains("value=\"lovelace@example.org\""))
    #expect(await save("lovelace@example.org", "wrong").error(of: "password") == "It is not your password.")
    #expect(await save("lovelace@example.org", WebWorld.password).status == 303)
    let me = await world.send(.showMe, as: owner).json
    #expect(me["email"] == "lovelace@example.org" && me["name"] == "Ada L.")
    _ = try await world.signUp("eve@example.org", organization: "E")
    let taken = await save("eve@example.org", WebWorld.password)
    #expect(taken.status == 422 && taken.error(of: "email") != nil)
  }

  @Test("a password changes with the present one, ends the other sessions, and is not printed back")
  func password() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let other = await world.post("/login", [("email", "ada@example.org"), ("password", WebWorld.password)])
    let elsewhere = WebWorld.Sender.session(try #require(other.session))
    let wrong = await world.post(
      "/settings/password", [("current_password", "nope"), ("new_password", "quite another one")], as: owner)
    #expect(wrong.status == 422 && wrong.error(of: "current_password") == "It is not your password.")
    #expect(!wrong.text.contains("quite another one"))
    let short = await world.post(
      "/settings/password", [("current_password", WebWorld.password), ("new_password", "1234567")], as: owner)
    #expect(short.error(of: "new_password") != nil)
    #expect(await world.get("/monitors", as: elsewhere).status == 200)
    let changed = await world.post(
      "/settings/password", [("current_password", WebWorld.password), ("new_password", "quite another one")], as: owner)
    #expect(changed.location == "/settings/account?done=password")
    #expect(await world.get("/monitors", as: elsewhere).status == 303)
    #expect(await world.get("/monitors", as: owner).status == 200)
  }

  @Test("every page that asks for a new password names the number that is enforced")
  func passwordHint() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let hint = "At least \(PasswordRules.charactersMin) characters"
    let invited = await world.post(
      "/settings/invitations", [("email", "b@example.org"), ("role", "member")], as: owner)
    let join = String(try #require(invited.once).dropFirst("http://m.test".count))
    for (path, sender) in [
      ("/signup", .nobody), ("/reset/confirm?token=x", .nobody), (join, .nobody), ("/settings/account", owner),
    ]
      as [(String, WebWorld.Sender)]
    {
      #expect(await world.get(path, as: sender).text.contains(hint), "\(path)")
    }
    let exact = String(repeating: "qz7", count: 3).prefix(PasswordRules.charactersMin)
    #expect(PasswordRules.problem(String(exact.dropLast()), about: []) != nil)
  }

  @Test("one session is ended, then all others; this one goes on")
  func sessions() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    var others: [WebWorld.Sender] = []
    for _ in 0..<3 {
      let reply = await world.post("/login", [("email", "ada@example.org"), ("password", WebWorld.password)])
      others.append(.session(try #require(reply.session)))
    }
    let page = await world.get("/settings/sessions", as: owner)
    let ids = page.ids(in: "/settings/sessions", "end")
    #expect(ids.count == 3 && page.text.contains("this one"))
    #expect(await world.post("/settings/sessions/\(ids[0])/end", as: owner).status == 303)
    #expect(await world.get("/settings/sessions", as: owner).ids(in: "/settings/sessions", "end").count == 2)
    let eve = try await world.signUp("eve@example.org", organization: "E")
    #expect(await world.post("/settings/sessions/\(ids[1])/end", as: eve).status == 404)
    #expect(await world.post("/settings/sessions/end-others", as: owner).status == 303)
    for other in others { #expect(await world.get("/monitors", as: other).status == 303) }
    #expect(await world.get("/settings/sessions", as: owner).text.contains("signed in here only"))
  }

  @Test("the audit log names who did what, fifty to a page, newest first")
  func auditLog() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    for number in 1...60 { _ = await world.post("/settings/organization", [("name", "Name \(number)")], as: owner) }
    let first = await world.get("/settings/audit-log", as: owner)
    #expect(first.status == 200 && first.all(between: "<td class=\"c-state\">", and: "</td>").count == 50)
    #expect(first.text.contains("Name 59<") && first.text.contains("Somebody"))
    let second = await world.get("/settings/audit-log?page=2", as: owner)
    #expect(second.text.contains("Name 1<") && !second.text.contains("Name 59<"))
  }

  @Test("the audit log calls people, sessions, keys and things by name; the API keeps the ids")
  func auditNames() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let bob = try await world.join("bob@example.org", role: .member, of: owner)
    _ = await world.send("PATCH", "/api/v1/me/", ["name": "Bob Harbour"], as: bob)
    let people = await world.send(.listMembers, as: owner).json["results"]?.array ?? []
    let id = try #require(people.first { $0["email"]?.string == "bob@example.org" }?["id"]?.string)
    _ = await world.post("/settings/members/\(id)/role", [("role", "admin")], as: owner)
    // A session that is still there, one that ended, and one of the time before user agents were written down.
    let firefox = [Header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")]
    let login: JSON = ["email": "ada@example.org", "password": .string(WebWorld.password)]
    let ended = await world.send("POST", "/api/v1/auth/login/", login, headers: firefox)
    #expect(await world.post("/logout", as: .session(try #require(ended.session))).status == 303)
    _ = try await world.base.store.write { db in
      try db.run(
        """
        INSERT INTO audit_log (public_id, organization_id, at_ms, actor_kind, actor_name, action, subject_public_id,
          detail) VALUES ('aud_x', 1, 0, 'account', 'Cid', 'session.end', 'ses_gone', '{}')
        """)
    }
    let key = try await world.makeKey(.write, by: owner)
    let monitor = await world.send(
      .createMonitor, [], ["name": "Shop", "type": "http", "url": "https://a.test/"], as: key)
    let made = try #require(monitor.json["id"]?.string, "\(monitor.text)")
    _ = await world.send(.updateMonitor, [made], ["interval_s": 30], as: key)
    let page = await world.get("/settings/audit-log", as: owner)
    let told = page.all(between: "<span class=\"mono\">", and: "</td>").map { line in
      line.replacing("</span> <span class=\"soft\" dir=\"auto\">", with: " ").replacing("</span>", with: "")
    }
    for line in [
      "member.update Bob Harbour", "member.add Bob Harbour", "session.begin Firefox on Linux",
      "session.end Firefox on Linux", "session.end session of Cid", "monitor.update Shop", "monitor.create Shop",
    ] { #expect(told.contains(line), "\(line) in \(told)") }
    for prefix in ["usr_", "ses_", "mon_", "inv_", "org_"] {
      #expect(!told.contains { $0.contains(prefix) }, "\(told)")
    }
    #expect(page.text.contains(">key Key</span>"))
    #expect(!page.text.contains("email: bob@example.org") && page.text.contains("bob@example.org"))
    let rows = await world.send(.listAuditLog, as: owner).json["results"]?.array ?? []
    #expect(rows.first { $0["action"] == "member.update" }?["subject_id"]?.string == id)
  }

  @Test("the regions page says who looks from here, and that nobody does when nobody is heard of")
  func regions() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let page = await world.get("/regions", as: owner)
    #expect(page.status == 200 && page.text.contains("One region looks from here: local."))
    #expect(page.text.contains("this process"))
    world.fleet.sight.withLock { $0 = FleetSight(states: [RegionID(1): .offline], at: world.base.clock.now) }
    let silent = await world.get("/regions", as: owner)
    #expect(silent.text.contains("The one region is offline: local.") && silent.text.contains("No worker yet."))
  }
}
