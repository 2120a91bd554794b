import Domain
import Engine
import SQLite
import Testing

@testable import Web

@Suite("Pages: channels and their messages")
struct ChannelPagesTests {
  private static let webhook = [
    ("kind", "webhook"), ("name", "Pager"), ("url", "https://pager.test/hook"), ("enabled", "on"),
  ]

  /// A webhook made on its page; its id.
  private func channel(_ world: WebWorld, as sender: WebWorld.Sender) async throws -> String {
    let made = await world.post("/settings/channels/new", Self.webhook, as: sender)
    #expect(made.status == 200, "\(made.status)")
    return try #require(made.ids(in: "/settings/channels", "test").first)
  }

  @Test("a webhook is made, its secret shown once, changed without typing its address again, deleted")
  func life() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    #expect(await world.get("/settings/channels", as: owner).text.contains("No channel."))
    let made = await world.post("/settings/channels/new", Self.webhook, as: owner)
    let secret = try #require(made.once)
    #expect(secret.hasPrefix("whsec_"))
    let id = try #require(made.ids(in: "/settings/channels", "test").first)
    let page = await world.get("/settings/channels/\(id)", as: owner)
    #expect(page.status == 200 && page.once == nil)
    #expect(!page.text.contains(secret) && !page.text.contains("pager.test/hook"))
    let changed = await world.post(
      "/settings/channels/\(id)", [("name", "Night pager"), ("url", "")], as: owner)
    #expect(changed.location == "/settings/channels/\(id)?done=saved")
    let list = await world.get("/settings/channels", as: owner)
    #expect(list.text.contains("Night pager") && list.text.contains("pager.test"))
    let stored = await world.send(.showChannel, [id], as: owner).json
    #expect(stored["enabled"]?.bool == false)
    let gone = await world.post("/settings/channels/\(id)/delete", as: owner)
    #expect(gone.location == "/settings/channels?done=deleted")
    #expect(await world.get("/settings/channels/\(id)", as: owner).status == 404)
  }

  @Test("e-mail and Slack have forms of their own", arguments: ["email", "slack"])
  func kinds(_ kind: String) async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let form = await world.get("/settings/channels/new?kind=\(kind)", as: owner)
    #expect(form.text.contains(kind == "email" ? "name=\"to\"" : "name=\"url\""))
    let made = await world.post(
      "/settings/channels/new",
      [
        ("kind", kind), ("name", "Ops"), ("to", "a@b.test, c@d.test"), ("url", "https://chat.test/x"),
        ("enabled", "on"),
      ],
      as: owner)
    let path = try #require(made.location)
    #expect(made.once == nil && path.hasSuffix("?done=saved"))
    let page = await world.get(path, as: owner)
    #expect(page.text.contains("Saved."))
    if kind == "email" { #expect(page.text.contains("value=\"a@b.test, c@d.test\"")) }
  }

  @Test("what is wrong stands beside the field, what was typed stays, nothing is made")
  func wrong() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let url = await world.post(
      "/settings/channels/new", [("kind", "webhook"), ("name", "Pager"), ("url", "ftp://x")], as: owner)
    #expect(url.status == 422 && url.error(of: "url") != nil && url.error(of: "name") == nil)
    #expect(url.text.contains("value=\"ftp://x\"") && url.text.contains("value=\"Pager\""))
    let name = await world.post(
      "/settings/channels/new", [("kind", "email"), ("name", ""), ("to", "x@y.test")], as: owner)
    #expect(name.error(of: "name") != nil && name.text.contains("value=\"x@y.test\""))
    let to = await world.post("/settings/channels/new", [("kind", "email"), ("name", "A"), ("to", "x")], as: owner)
    #expect(to.error(of: "to") != nil)
    #expect(await world.send(.listChannels, as: owner).json["results"]?.array?.isEmpty == true)
  }

  @Test("a test says on the page what came of it", arguments: [true, false])
  func test(_ isDelivered: Bool) async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let id = try await channel(world, as: owner)
    world.outcome.value.withLock { $0 = .init(isDelivered: isDelivered, reason: isDelivered ? "" : "answered 500") }
    let said = await world.post("/settings/channels/\(id)/test", as: owner)
    #expect(said.status == 200)
    #expect(said.text.contains(isDelivered ? "The test arrived" : "The test did not arrive"))
    #expect(said.text.contains("Answered 500") == !isDelivered)
  }

  @Test("a message that was given up is shown with its reason and sent again, once")
  func deadLetter() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let id = "ntf_" + String(repeating: "7", count: 26)
    _ = try await world.base.store.write { db in
      try db.run(
        """
        INSERT INTO notification (public_id, organization_id, kind, dedup_key, payload, state, attempts, last_error,
          next_ms, created_ms) VALUES ($1, 1, 'test', 'k', '{}', 'dead', 8, 'answered 503 <b>', 0, 0)
        """, [.text(id)])
    }
    let list = await world.get("/settings/notifications?outcome=dead", as: owner)
    #expect(list.text.contains("One message was given up.") && list.text.contains("Given up"))
    #expect(list.text.contains("answered 503 &lt;b"))
    #expect(list.ids(in: "/settings/notifications", "resend") == [id])
    #expect(await world.get("/settings/notifications?outcome=delivered", as: owner).text.contains("No message."))
    let sent = await world.post("/settings/notifications/\(id)/resend", as: owner)
    #expect(sent.location == "/settings/notifications?done=sent")
    let after = await world.get("/settings/notifications", as: owner)
    #expect(after.text.contains("Every message arrived or is under way."))
    #expect(after.ids(in: "/settings/notifications", "resend").isEmpty)
  }

  @Test("what a sender holds is under way; it retries only from its second try on")
  func underWay() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    _ = try await world.base.store.write { db in
      for (n, row) in [("pending", 0), ("claimed", 1), ("claimed", 2), ("sent", 1), ("dead", 8)].enumerated() {
        try db.run(
          """
          INSERT INTO notification (public_id, organization_id, kind, dedup_key, payload, state, attempts, next_ms,
            created_ms) VALUES ($1, 1, 'test', $1, '{}', $2, $3, 0, 0)
          """, [.text("ntf_\(n)"), .text(row.0), Value(row.1)])
      }
    }
    func marks(_ outcome: String) async -> [String] {
      await world.get("/settings/notifications?outcome=\(outcome)", as: owner)
        .all(between: "<td class=\"c-state\">", and: "</td>").map { mark in
          ["Waiting", "Retrying", "Given up", "Delivered"].first { mark.contains($0) } ?? mark
        }
    }
    #expect(await marks("pending") == ["Retrying", "Waiting", "Waiting"])
    #expect(await marks("delivered") == ["Delivered"])
    #expect(await marks("dead") == ["Given up"])
    #expect(await marks("").count == 5)
  }
}
