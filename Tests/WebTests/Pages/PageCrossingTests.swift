import Domain
import HTTPServer
import SQLite
import Testing

@testable import Web

@Suite("Pages: who may, and whose they are")
struct PageCrossingTests {
  private static let adminPages = ["/settings/api-keys", "/settings/audit-log"]
  private static let everybodysPages = [
    "/monitors", "/incidents", "/services", "/status-pages", "/regions", "/settings/organization", "/settings/members",
    "/settings/channels", "/settings/notifications", "/settings/account", "/settings/sessions",
  ]
  private static let writes = [
    "/settings/organization", "/settings/invitations", "/settings/channels/new", "/settings/api-keys", "/monitors/new",
  ]

  @Test("a member reads what members read; what they may not do is refused with a page that says so")
  func member() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let member = try await world.join("bob@example.org", role: .member, of: owner)
    for path in Self.everybodysPages { #expect(await world.get(path, as: member).status == 200, "\(path)") }
    for path in Self.adminPages + ["/settings/channels/new", "/monitors/new"] {
      let reply = await world.get(path, as: member)
      #expect(reply.status == 403 && reply.text.contains("Your role does not allow this."), "\(path)")
    }
    for path in Self.writes {
      #expect(await world.post(path, [("name", "Mine"), ("email", "x@y.test")], as: member).status == 403, "\(path)")
    }
    for path in Self.adminPages + Self.everybodysPages {
      #expect(await world.get(path, as: owner).status == 200, "\(path)")
      #expect(await world.get(path).location == "/login?next=" + PercentCoding.encode(path), "\(path)")
    }
  }

  @Test("another organization's things answer like absent ones, and stay as they are")
  func crossing() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let eve = try await world.signUp("eve@example.org", organization: "E")
    let channel = await world.post(
      "/settings/channels/new",
      [("kind", "webhook"), ("name", "Pager"), ("url", "https://p.test/"), ("enabled", "on")], as: owner)
    let key = await world.post("/settings/api-keys", [("name", "K"), ("scope", "read")], as: owner)
    let invited = await world.post("/settings/invitations", [("email", "b@c.test"), ("role", "member")], as: owner)
    let ada = try #require(
      await world.send(.listMembers, as: owner).json["results"]?.array?.first?["id"]?.string)
    let note = "ntf_" + String(repeating: "7", count: 26)
    _ = try await world.base.store.write { db in
      try db.run(
        """
        INSERT INTO notification (public_id, organization_id, kind, dedup_key, payload, state, next_ms, created_ms)
        VALUES ($1, 1, 'test', 'k', '{}', 'dead', 0, 0)
        """, [.text(note)])
    }
    let channelID = try #require(channel.ids(in: "/settings/channels", "test").first)
    let keyID = try #require(key.ids(in: "/settings/api-keys", "revoke").first)
    let invitation = try #require(invited.ids(in: "/settings/invitations", "revoke").first)
    for path in [
      "/settings/channels/\(channelID)", "/settings/channels/\(channelID)/test",
      "/settings/channels/\(channelID)/delete", "/settings/notifications/\(note)/resend",
      "/settings/api-keys/\(keyID)/revoke", "/settings/invitations/\(invitation)/revoke",
      "/settings/members/\(ada)/role", "/settings/members/\(ada)/remove",
    ] {
      let fields = [("name", "Eve's"), ("role", "member"), ("url", "https://evil.test/")]
      #expect(await world.post(path, fields, as: eve).status == 404, "\(path)")
    }
    #expect(await world.get("/settings/channels/\(channelID)", as: eve).status == 404)
    #expect(await world.get("/settings/channels", as: owner).text.contains("Pager"))
    #expect(await world.get("/settings/api-keys", as: owner).ids(in: "/settings/api-keys", "revoke") == [keyID])
    #expect(await world.get("/settings/notifications", as: owner).text.contains("One message was given up."))
  }

  @Test("a form that another site sends is not carried out")
  func crossSite() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "Harbourline")
    guard case .session(let token) = owner else { return }
    for origin in [[], [Header("origin", "http://evil.test")]] {
      let reply = await world.send(
        "POST", "/settings/organization", raw: Array("name=Eve".utf8),
        headers: [Header("cookie", "martlet=\(token)")] + origin)
      #expect(reply.status == 403)
    }
    #expect(await world.get("/settings/organization", as: owner).text.contains("Harbourline"))
  }

  @Test("every link of every page leads to something, for owners and for members", arguments: [Role.owner, .member])
  func links(_ role: Role) async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let sender = role == .owner ? owner : try await world.join("bob@example.org", role: role, of: owner)
    _ = await world.post("/monitors/new", [("url", "https://shop.test/")], as: owner)
    _ = await world.post(
      "/settings/channels/new", [("kind", "slack"), ("name", "S"), ("url", "https://s.test/")], as: owner)
    _ = await world.post("/services/new", [("name", "Shop")], as: owner)
    var seen: Set<String> = ["/monitors"]
    var queue = ["/monitors"]
    while let path = queue.popLast(), seen.count < 400 {
      let reply = await world.get(path, as: sender)
      #expect([200, 303].contains(reply.status), "\(path): \(reply.status)")
      for link in reply.all(between: "href=\"/", and: "\"")
        + [reply.location.map { String($0.dropFirst()) }].compactMap({ $0 })
      where !link.hasPrefix("assets/") {
        let next =
          "/"
          + link.prefix { $0 != "#" }.split(separator: "&amp;", omittingEmptySubsequences: false).joined(separator: "&")
        if seen.insert(next).inserted { queue.append(next) }
      }
    }
    for path in Self.everybodysPages { #expect(seen.contains(path), "no way leads to \(path)") }
    #expect(seen.isSuperset(of: Self.adminPages) == (role == .owner))
    #expect(seen.count < 400)
    #expect(world.reports.all.withLock { $0 } == [])
  }
}
