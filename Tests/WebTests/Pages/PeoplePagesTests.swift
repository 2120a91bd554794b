import Domain
import Testing

@testable import Web

@Suite("Pages: members, invitations, keys")
struct PeoplePagesTests {
  @Test("an invitation's link is shown once, works once, and leads in")
  func invitation() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.post(
      "/settings/invitations", [("email", "bob@example.org"), ("role", "admin")], as: owner)
    #expect(made.status == 200)
    let link = try #require(made.once)
    #expect(link.hasPrefix("http://m.test/join?token="))
    let token = String(try #require(link.split(separator: "=").last))
    let list = await world.get("/settings/members", as: owner)
    #expect(list.text.contains("bob@example.org"))
    #expect(!list.text.contains(token) && list.once == nil)

    let join = await world.get("/join?token=\(token)")
    #expect(join.status == 200 && join.text.contains("bob@example.org"))
    let short = await world.post("/join", [("token", token), ("name", "Bob"), ("password", "short")])
    #expect(short.status == 422)
    #expect(short.error(of: "password")?.contains("at least 8 characters") == true)
    #expect(short.text.contains("value=\"Bob\""))
    let joined = await world.post("/join", [("token", token), ("name", "Bob"), ("password", WebWorld.password)])
    #expect(joined.location == "/monitors")
    let bob = WebWorld.Sender.session(try #require(joined.session))
    #expect(await world.get("/settings/members", as: bob).status == 200)
    #expect(await world.get("/join?token=\(token)").status == 404)
  }

  @Test("an invitation that was taken back leads nowhere")
  func revoked() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.post("/settings/invitations", [("email", "b@example.org"), ("role", "member")], as: owner)
    let link = try #require(made.once)
    let id = try #require(made.ids(in: "/settings/invitations", "revoke").first)
    let gone = await world.post("/settings/invitations/\(id)/revoke", as: owner)
    #expect(gone.location == "/settings/members?done=revoked")
    #expect(await world.get(String(link.dropFirst("http://m.test".count))).status == 404)
    #expect(await world.post("/settings/invitations/\(id)/revoke", as: owner).status == 404)
  }

  @Test("what is wrong with an invitation stands beside the field, with what was typed")
  func wrongInvitation() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let wrong = await world.post("/settings/invitations", [("email", "no address"), ("role", "admin")], as: owner)
    #expect(wrong.status == 422)
    #expect(wrong.error(of: "email") == "It must be an e-mail address.")
    #expect(wrong.text.contains("value=\"no address\""))
    let own = await world.post("/settings/invitations", [("email", "ada@example.org"), ("role", "admin")], as: owner)
    #expect(own.error(of: "email") == "They belong to the organization already.")
    let role = await world.post("/settings/invitations", [("email", "b@example.org"), ("role", "king")], as: owner)
    #expect(role.error(of: "role") == "Choose a role.")
  }

  @Test("a role changes, a member is removed and is out at once; the last owner stays")
  func members() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let bob = try await world.join("bob@example.org", role: .member, of: owner)
    let own = await world.get("/settings/members", as: bob)
    #expect(own.text.contains("bob@example.org") && !own.text.contains("ada@example.org"))
    #expect(own.ids(in: "/settings/members", "remove").isEmpty && !own.text.contains("Invite somebody"))
    let people = await world.send(.listMembers, as: owner).json["results"]?.array ?? []
    func id(_ email: String) throws -> String {
      try #require(people.first { $0["email"]?.string == email }?["id"]?.string)
    }
    let (ada, bobID) = (try id("ada@example.org"), try id("bob@example.org"))
    #expect(await world.post("/settings/members/\(bobID)/remove", as: bob).status == 403)
    let changed = await world.post("/settings/members/\(bobID)/role", [("role", "admin")], as: owner)
    #expect(changed.location == "/settings/members?done=saved")
    #expect(await world.get("/settings/members", as: bob).text.contains("ada@example.org"))
    let owners = await world.post("/settings/members/\(bobID)/role", [("role", "owner")], as: bob)
    #expect(owners.status == 422 && owners.text.contains("Only an owner makes owners."))
    let last = await world.post("/settings/members/\(ada)/remove", as: owner)
    #expect(last.status == 422 && last.text.contains("at least one owner"))
    #expect(await world.post("/settings/members/\(bobID)/remove", as: owner).status == 303)
    #expect(await world.get("/monitors", as: bob).location?.hasPrefix("/login") == true)
  }

  @Test("a member leaves by their own hand, by page or API, which the audit log says; the last owner stays")
  func leave() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "Harbourline")
    let bob = try await world.join("bob@example.org", role: .member, of: owner)
    let cid = try await world.join("cid@example.org", role: .member, of: owner)
    #expect(await world.get("/settings/members", as: bob).text.contains("Leave Harbourline"))
    let left = await world.post("/settings/members/leave", as: bob)
    #expect(left.location == "/login?out=left")
    #expect(left.header("set-cookie")?.contains("Max-Age=0") == true)
    #expect(await world.get("/login?out=left").text.contains("You left the organization."))
    #expect(await world.get("/monitors", as: bob).location?.hasPrefix("/login") == true)
    #expect(await world.send(.leaveOrganization, as: cid).status == 204)
    #expect(await world.send(.showMe, as: cid).status == 401)
    let last = await world.send(.leaveOrganization, as: owner)
    #expect(last.status == 409 && last.json["code"] == "last_owner")
    let page = await world.post("/settings/members/leave", as: owner)
    #expect(page.status == 422 && page.text.contains("at least one owner"))
    #expect(page.text.contains("only owner") && !page.text.contains("Leave Harbourline"))
    #expect(!page.text.contains("bob@example.org") && !page.text.contains("cid@example.org"))
    let rows = await world.send(.listAuditLog, as: owner).json["results"]?.array ?? []
    #expect(rows.count { $0["action"] == "member.leave" } == 2)
    #expect(await world.post("/settings/members/leave").location == "/login")
  }

  @Test("who removes themselves has left, and is told to sign in")
  func leaving() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let bob = try await world.join("bob@example.org", role: .admin, of: owner)
    let people = await world.send(.listMembers, as: owner).json["results"]?.array ?? []
    let id = try #require(people.first { $0["email"]?.string == "bob@example.org" }?["id"]?.string)
    let left = await world.post("/settings/members/\(id)/remove", as: bob)
    #expect(left.status == 303)
    #expect(await world.get(try #require(left.location), as: bob).location?.hasPrefix("/login") == true)
    #expect(await world.get("/settings/members", as: owner).text.contains("bob@example.org") == false)
  }

  @Test("a key is shown once, works, and is refused once revoked")
  func keys() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.post(
      "/settings/api-keys", [("name", "Deploys"), ("scope", "read"), ("expires_at", "")], as: owner)
    #expect(made.status == 200)
    let key = try #require(made.once)
    #expect(await world.send(.listMonitors, as: .key(key)).status == 200)
    let list = await world.get("/settings/api-keys", as: owner)
    #expect(list.text.contains("Deploys") && !list.text.contains(key) && list.once == nil)
    let id = try #require(list.ids(in: "/settings/api-keys", "revoke").first)
    #expect(await world.post("/settings/api-keys/\(id)/revoke", as: owner).status == 303)
    #expect(await world.send(.listMonitors, as: .key(key)).status == 401)
    #expect(await world.post("/settings/api-keys/\(id)/revoke", as: owner).status == 404)
  }

  @Test("what is wrong with a key stands beside its fields, and no key is made")
  func wrongKeys() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let wrong = await world.post(
      "/settings/api-keys", [("name", ""), ("scope", "all"), ("expires_at", "2001-02-03")], as: owner)
    #expect(wrong.status == 422 && wrong.once == nil)
    #expect(wrong.error(of: "name") == "Give a name of at most \(Limits.nameCharactersMax) characters.")
    #expect(wrong.error(of: "scope") == "Choose what the key may do.")
    #expect(wrong.error(of: "expires_at") == "Give a day that is not over.")
    #expect(wrong.text.contains("value=\"2001-02-03\""))
    #expect(await world.send(.listAPIKeys, as: owner).json["results"]?.array?.isEmpty == true)
  }
}
