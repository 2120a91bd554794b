import Domain
import HTTPServer
import Testing

@testable import Web

@Suite("A status page that is not published")
struct MembersOnlyTests {
  static let views = ["", "/history", "/badge.svg", "/feed.atom"]

  private static func hidden() async throws -> (WebWorld, owner: WebWorld.Sender) {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    let saved = await world.post(
      Paths.statusPages, [("name", "Harbourline"), ("slug", "harbourline"), ("description", "")], as: owner)
    #expect(saved.status == 303, "\(saved.text)")
    return (world, owner)
  }

  @Test(
    "its members see it, kept by nobody; everybody else finds nothing, told as of a page that never was",
    arguments: views)
  func seen(_ view: String) async throws {
    let (world, owner) = try await Self.hidden()
    let member = try await world.join("member@example.org", role: .member, of: owner)
    let stranger = try await world.signUp("eve@example.org", organization: "Elsewhere")
    let path = "/status/harbourline" + view
    for sender in [owner, member] {
      let reply = await world.send("GET", path, as: sender)
      #expect(reply.status == 200)
      #expect(reply.header("cache-control") == "no-store")
    }
    for sender in [.nobody, stranger] as [WebWorld.Sender] {
      let reply = await world.send("GET", path, as: sender)
      let unknown = await world.send("GET", "/status/never-was" + view, as: sender)
      #expect(reply.status == 404 && unknown.status == 404)
      #expect(reply.text == unknown.text)
    }
    // What a member read is not what the loop answers the next one with.
    let head = RequestHead(
      method: "GET", target: path, host: "m.test", ifNoneMatch: nil, hasCookieOrAuthorization: false, peer: "192.0.2.1")
    #expect(world.handler.cached(head) == nil)
  }

  @Test("it says that only members see it, and listens to the organization's stream")
  func words() async throws {
    let (world, owner) = try await Self.hidden()
    let page = await world.send("GET", "/status/harbourline", as: owner)
    #expect(page.text.contains("Only members see this page"))
    #expect(page.text.contains("data-socket=\"/ws/status/org/org_"))
    #expect(!page.text.contains("/ws/status/public/"))
    #expect(page.header("set-cookie") == nil)
  }

  @Test("once published it says so no more, and is the same for all")
  func published() async throws {
    let (world, owner) = try await Self.hidden()
    let saved = await world.post(
      Paths.statusPages,
      [("name", "Harbourline"), ("slug", "harbourline"), ("description", ""), ("is_published", "on")], as: owner)
    #expect(saved.status == 303, "\(saved.text)")
    let own = await world.send("GET", "/status/harbourline", as: owner)
    let others = await world.send("GET", "/status/harbourline")
    #expect(own.status == 200 && own.bytes == others.bytes)
    #expect(!own.text.contains("Only members see this page"))
  }
}
