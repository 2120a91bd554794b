import Domain
import HTTPServer
import JSON
import Store
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable import Web

@Suite("Accounts and sessions")
struct AuthTests {
  private func credentials(_ email: String, _ password: String = WebWorld.password) -> JSON {
    ["email": .string(email), "password": .string(password)]
  }

  @Test("the first account takes the printed link, makes everything at once, and closes the door")
  func setup() async throws {
    let world = try WebWorld(signUp: .invite)
    let token = try #require(try await world.access.prepareSetup())
    func body(_ token: String?) -> JSON {
      [
        "email": "Ada@Example.org", "password": .string(WebWorld.password), "name": "Ada",
        "organization": "Harbour Line", "setup_token": JSON(token),
      ]
    }
    #expect(await world.send(.signUp, [], body(nil)).json["code"] == "setup_token_wrong")
    #expect(await world.send(.signUp, [], body("wrong")).status == 403)
    let made = await world.send(.signUp, [], body(token))
    #expect(made.status == 201)
    #expect(made.json["email"] == "ada@example.org")
    #expect(made.json["role"] == "owner")
    #expect(made.json["organizations"]?.array?.first?["slug"] == "harbour-line")
    #expect(made.header("set-cookie")?.hasSuffix("; HttpOnly; SameSite=Lax") == true)
    #expect(await world.send(.signUp, [], body(token)).json["code"] == "sign_up_closed")
    #expect(try await world.access.prepareSetup() == nil)
    let pages = try await world.base.store.read { db in
      try db.rows("SELECT slug, is_public FROM status_page", []) { "\($0.text(0)) \($0.int(1))" }
    }
    #expect(pages == ["harbour-line 1"])
  }

  @Test("of many who race for the first account one wins")
  func election() async throws {
    let world = try WebWorld(signUp: .invite)
    let token = try #require(try await world.access.prepareSetup())
    let statuses = await withTaskGroup(of: Int.self) { group in
      for n in 0..<8 {
        group.addTask {
          await world.send(
            .signUp, [],
            [
              "email": .string("p\(n)@example.org"), "password": .string(WebWorld.password), "name": "P",
              "organization": "O", "setup_token": .string(token),
            ]
          ).status
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.sorted() == [201] + Array(repeating: 403, count: 7))
  }

  @Test("an unknown address and a wrong password answer the same; attempts are counted by account and by address")
  func loginLimits() async throws {
    let world = try WebWorld()
    _ = try await world.signUp("ada@example.org", organization: "A")
    let wrong = await world.send(.logIn, [], credentials("ada@example.org", "wrong password"))
    let unknown = await world.send(.logIn, [], credentials("eve@example.org", "wrong password"))
    #expect(wrong.status == 401)
    #expect(wrong.bytes == unknown.bytes)
    for n in 0..<9 {
      let reply = await world.send(
        "POST", APIOperation.logIn.path(), credentials("ada@example.org", "wrong"), peer: "192.0.2.\(n + 10)")
      #expect(reply.status == 401)
    }
    let limited = await world.send(
      "POST", APIOperation.logIn.path(), credentials("ada@example.org"), peer: "192.0.2.99")
    #expect(limited.status == 429)
    #expect(limited.header("retry-after") == "30")
    world.base.clock.advance(ms: 30_000)
    #expect(await world.send(.logIn, [], credentials("ada@example.org")).status == 200)
    for n in 0..<30 { _ = await world.send(.logIn, [], credentials("x\(n)@example.org", "wrong")) }
    #expect(await world.send(.logIn, [], credentials("ada@example.org")).status == 429)
    let elsewhere = await world.send(
      "POST", APIOperation.logIn.path(), credentials("ada@example.org"), peer: "2001:db8::1")
    #expect(elsewhere.status == 200)
  }

  @Test("the hash that stands for nobody costs what a real one costs")
  func nobodysHash() {
    #expect(Access.nobodysHashIsStandard)
  }

  @Test("a session ends by logout, by revocation, when idle and at its end; its token is not in the database")
  func sessionEnds() async throws {
    let world = try WebWorld()
    let first = try await world.signUp("ada@example.org", organization: "A")
    let second = try #require(await world.send(.logIn, [], credentials("ada@example.org")).session)
    let list = await world.send(.listSessions, [], as: .session(second)).json["results"]?.array ?? []
    #expect(list.count == 2)
    let other = try #require(list.first { $0["is_current"] == false }?["id"]?.string)
    #expect(await world.send(.endSession, [other], as: .session(second)).status == 204)
    #expect(await world.send(.showMe, as: first).status == 401)
    #expect(await world.send(.endSession, [other], as: .session(second)).status == 404)
    let out = await world.send(.logOut, [], as: .session(second))
    #expect(out.status == 204)
    #expect(out.header("set-cookie")?.contains("Max-Age=0") == true)
    #expect(await world.send(.showMe, as: .session(second)).status == 401)
    let idle = try #require(await world.send(.logIn, [], credentials("ada@example.org")).session)
    world.base.clock.advance(ms: 13 * Instant.dayMs)
    #expect(await world.send(.showMe, as: .session(idle)).status == 200)
    world.base.clock.advance(ms: 13 * Instant.dayMs)
    #expect(await world.send(.showMe, as: .session(idle)).status == 200)
    world.base.clock.advance(ms: 14 * Instant.dayMs)
    #expect(await world.send(.showMe, as: .session(idle)).status == 401)
    let busy = try #require(await world.send(.logIn, [], credentials("ada@example.org")).session)
    for _ in 0..<6 {
      #expect(await world.send(.showMe, as: .session(busy)).status == 200)
      world.base.clock.advance(ms: 10 * Instant.dayMs)
    }
    #expect(await world.send(.showMe, as: .session(busy)).status == 401)
  }

  @Test("a new password ends every other session and says so")
  func passwordChange() async throws {
    let world = try WebWorld()
    let heard = Heard()
    world.base.store.subscribe { heard.add($0) }
    let first = try await world.signUp("ada@example.org", organization: "A")
    let second = WebWorld.Sender.session(
      try #require(await world.send(.logIn, [], credentials("ada@example.org")).session))
    func change(_ old: String, _ new: String) async -> WebWorld.Reply {
      await world.send(
        .changePassword, [], ["current_password": .string(old), "new_password": .string(new)], as: second)
    }
    #expect(
      await change("wrong", "another fine phrase").json["errors"]?.array?.first?["pointer"] == "/current_password")
    #expect(await change(WebWorld.password, "password").json["errors"]?.array?.first?["pointer"] == "/new_password")
    #expect(await change(WebWorld.password, "another fine phrase").status == 204)
    #expect(await world.send(.showMe, as: first).status == 401)
    #expect(await world.send(.showMe, as: second).status == 200)
    #expect(heard.all.contains { if case .sessionsEnded = $0 { true } else { false } })
    #expect(await world.send(.logIn, [], credentials("ada@example.org")).status == 401)
    #expect(await world.send(.logIn, [], credentials("ada@example.org", "another fine phrase")).status == 200)
  }

  private final class Heard: Sendable {
    private let events = Mutex<[StoreEvent]>([])
    func add(_ more: [StoreEvent]) { events.withLock { $0 += more } }
    var all: [StoreEvent] { events.withLock { $0 } }
  }

  @Test("a mailed link sets a new password once, within its hour")
  func reset() async throws {
    let world = try WebWorld(sendsMail: true)
    let session = try await world.signUp("ada@example.org", organization: "A")
    let known = await world.send(.requestReset, [], ["email": "ADA@example.org"])
    let unknown = await world.send(.requestReset, [], ["email": "eve@example.org"])
    #expect(known.status == 202)
    #expect(known.bytes == unknown.bytes)
    var token: String?
    for _ in 0..<1000 where token == nil {
      if case .passwordReset(_, _, let found)? = world.outbox.mails.withLock({ $0.first }) { token = found }
      try await Task.sleep(for: .milliseconds(5))
    }
    let body: JSON = ["token": .string(try #require(token)), "password": "another fine phrase"]
    #expect(await world.send(.confirmReset, [], ["token": "wrong", "password": "another fine phrase"]).status == 410)
    #expect(await world.send(.confirmReset, [], body).status == 204)
    #expect(await world.send(.confirmReset, [], body).status == 410)
    #expect(await world.send(.showMe, as: session).status == 401)
    #expect(world.outbox.mails.withLock { $0.count } == 1)
  }

  @Test("switching the organization changes the token and what is seen; another's organization is not there")
  func switching() async throws {
    let world = try WebWorld()
    let ada = try await world.signUp("ada@example.org", organization: "A")
    let eve = try await world.signUp("eve@example.org", organization: "E")
    let home = try #require(await world.send(.showMe, as: ada).json["organization_id"]?.string)
    let theirs = await world.send(.switchOrganization, [], ["organization_id": .string(home)], as: eve)
    let absent = await world.send(
      .switchOrganization, [], ["organization_id": .string("org_" + String(repeating: "0", count: 26))], as: eve)
    #expect(theirs.status == 404)
    #expect(theirs.bytes == absent.bytes)
    let invited = await world.send(.createInvitation, [], ["email": "eve@example.org"], as: ada)
    let token = String(try #require(invited.json["link"]?.string?.split(separator: "=").last))
    #expect(await world.send(.acceptInvitation, [], ["token": .string(token)], as: ada).status == 403)
    let joined = await world.send(.acceptInvitation, [], ["token": .string(token)], as: eve)
    #expect(joined.status == 200)
    #expect(joined.json["role"] == "member")
    #expect(await world.send(.showMe, as: eve).status == 401)
    let moved = WebWorld.Sender.session(try #require(joined.session))
    #expect(await world.send(.showOrganization, as: moved).json["id"]?.string == home)
  }

  @Test("an organization keeps an owner; an admin does not touch owners; a key's last use is written")
  func roles() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let admin = try await world.join("bob@example.org", role: .admin, of: owner)
    let member = try await world.join("cid@example.org", role: .member, of: owner)
    let ids = await world.send(.listMembers, as: owner).json["results"]?.array?.compactMap { $0["id"]?.string } ?? []
    #expect(ids.count == 3)
    #expect(await world.send(.updateMember, [ids[0]], ["role": "member"], as: owner).json["code"] == "last_owner")
    #expect(await world.send(.removeMember, [ids[0]], as: admin).json["code"] == "not_allowed")
    #expect(await world.send(.updateMember, [ids[2]], ["role": "owner"], as: admin).json["code"] == "not_allowed")
    #expect(await world.send(.updateMember, [ids[2]], ["role": "admin"], as: admin).json["role"] == "admin")
    #expect(await world.send(.listAPIKeys, as: member).status == 200)
    #expect(await world.send(.removeMember, [ids[2]], as: admin).status == 204)
    #expect(await world.send(.showMe, as: member).status == 401)
    let key = try await world.makeKey(.read, by: owner)
    #expect(await world.send(.showOrganization, as: key).status == 200)
    let listed = await world.send(.listAPIKeys, as: owner).json["results"]?.array?.first
    #expect(listed?["used_at"]?.isNull == false)
    #expect(listed?["key"] == nil)
    let log = await world.send(.listAuditLog, as: owner).json["results"]?.array?.compactMap { $0["action"]?.string }
    #expect(log?.prefix(3) == ["api_key.create", "member.remove", "member.update"])
  }
}
