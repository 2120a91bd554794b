import Domain
import Engine
import Testing

@testable import Web

@Suite("Pages: trying a monitor's settings once")
struct MonitorTryTests {
  private func seen(_ failure: Failure? = nil) -> TryOnce.Seen {
    var observation = Observation(startedAt: Instant(ms: 1_790_000_000_000))
    observation.timing.connectUs = 1200
    observation.timing.firstByteUs = 30_000
    observation.timing.totalUs = 31_200
    observation.httpStatus = failure == nil ? 204 : 503
    observation.failure = failure
    return .init(status: failure == nil ? .up : .down, observation: observation)
  }

  private func form(_ url: String) -> [(String, String)] {
    [("url", url), ("name", "Typed name"), ("interval_s", "45"), ("intent", "try")]
  }

  @Test("a try shows what was seen beside the form as typed, and makes nothing")
  func new() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    world.tries.seen.withLock { [seen = seen()] in $0 = seen }
    let tried = await world.post("/monitors/new", form("https://shop.test/health"), as: owner)
    #expect(tried.status == 200)
    #expect(tried.text.contains("Nothing was saved") && tried.text.contains("HTTP 204"))
    #expect(tried.text.contains("value=\"Typed name\"") && tried.text.contains("value=\"45\""))
    #expect(world.tries.asked.withLock { $0.map(\.url) } == ["https://shop.test/health"])
    #expect(await world.send(.listMonitors, as: owner).json["results"]?.array?.isEmpty == true)
  }

  @Test("a failure is told in its own words")
  func failing() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let failure = Failure(.statusCode, .assertion, "The answer was 503, not 200 to 299.")
    world.tries.seen.withLock { [seen = seen(failure)] in $0 = seen }
    let tried = await world.post("/monitors/new", form("https://shop.test/"), as: owner)
    #expect(tried.status == 200 && tried.text.contains("The answer was 503, not 200 to 299."))
  }

  @Test("too many tries are refused with the form as typed; settings that cannot run are not tried")
  func refused() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let busy = await world.post("/monitors/new", form("https://shop.test/"), as: owner)
    #expect(busy.status == 429 && busy.text.contains("Try again in 7 seconds"))
    #expect(busy.text.contains("value=\"https://shop.test/\""))
    let wrong = await world.post("/monitors/new", form("gopher://shop.test/"), as: owner)
    #expect(wrong.status == 422 && wrong.error(of: "url") != nil)
    #expect(world.tries.asked.withLock { $0.count } == 1)
    let member = try await world.join("bob@example.org", role: .member, of: owner)
    #expect(await world.post("/monitors/new", form("https://shop.test/"), as: member).status == 403)
    #expect(world.tries.asked.withLock { $0.count } == 1)
  }

  @Test("a try of a saved monitor leaves it as it is")
  func edit() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.post("/monitors/new", [("url", "https://shop.test/"), ("intent", "save")], as: owner)
    let path = try #require(made.location)
    world.tries.seen.withLock { [seen = seen()] in $0 = seen }
    let tried = await world.post(path + "/edit", form("https://other.test/"), as: owner)
    #expect(tried.status == 200 && tried.text.contains("Nothing was saved"))
    let stored = await world.send(.listMonitors, as: owner).json["results"]?.array?.first
    #expect(stored?["url"] == "https://shop.test/")
    let eve = try await world.signUp("eve@example.org", organization: "E")
    #expect(await world.post(path + "/edit", form("https://other.test/"), as: eve).status == 404)
  }
}
