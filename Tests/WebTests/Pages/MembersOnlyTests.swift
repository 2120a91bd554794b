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

@Suite("The order of a status page's services")
struct ShownServicesTests {
  @Test(
    "follows the places, then what has none, then the form",
    arguments: [
      (["1", "2", "3"], ["a", "b", "c"]), (["3", "1", "2"], ["b", "c", "a"]), (["", "1", ""], ["b", "a", "c"]),
      (["2", "2", "1"], ["c", "a", "b"]),
    ])
  func order(_ places: [String], _ wanted: [String]) {
    let ids = ["a", "b", "c"]
    let typed = Dictionary(uniqueKeysWithValues: zip(ids, places))
    #expect(ShownServices.ordered(ids) { typed[$0] ?? "" } == wanted)
  }

  @Test("a place is a number from 1 to 999", arguments: ["0", "1000", "-1", "first", "1.5", "99999999999999999999"])
  func refused(_ place: String) { #expect(ShownServices.ordered(["a"]) { _ in place } == nil) }

  @Test("is kept when it is saved, and a bad place is told beside the field with everything as typed")
  func saved() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("owner@example.org", organization: "Harbourline")
    var ids: [String] = []
    for name in ["Ferry", "Pier"] {
      let made = await world.send("POST", "/api/v1/services/", ["name": .string(name)], as: owner)
      ids.append(try #require(made.json["id"]?.string, "\(made.text)"))
    }
    func save(_ places: [String]) async -> WebWorld.Reply {
      await world.post(
        Paths.statusPages,
        [("name", "Harbourline"), ("slug", "harbourline"), ("description", ""), ("is_published", "on")]
          + ids.map { ("service", $0) } + zip(ids, places).map { (ShownServices.field($0.0), $0.1) }, as: owner)
    }
    let swapped = await save(["2", "1"])
    #expect(swapped.status == 303, "\(swapped.text)")
    let page = await world.send("GET", "/status/harbourline").text
    let pier = try #require(page.range(of: "id=\"\(ids[1])\""))
    let ferry = try #require(page.range(of: "id=\"\(ids[0])\""))
    #expect(pier.lowerBound < ferry.lowerBound)
    let refused = await save(["top", "1"])
    #expect(refused.status == 422)
    #expect(refused.text.contains("A place is a whole number from 1 to 999."))
    #expect(refused.text.contains("value=\"top\""))
  }
}
