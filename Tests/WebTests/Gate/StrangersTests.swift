import Domain
import HTTPServer
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("What strangers may ask of public pages")
struct StrangersTests {
  private struct Away: Error {}

  /// Counts how often somebody looked.
  private final class Places: Sendable {
    let clock = TestWorld()
    let strangers: Strangers
    private let looks = Mutex(0)
    var looked: Int { looks.withLock { $0 } }

    init() { strangers = Strangers(world: clock.world) }

    /// 200, 404 or 429.
    func ask(_ page: String, from address: String = "192.0.2.1", isMember: Bool = false, trouble: Bool = false)
      async
      throws -> Int
    {
      do {
        return try await strangers.look(for: page, from: address) {
          looks.withLock { $0 += 1 }
          if trouble { throw Away() }
          return page.hasPrefix("real") ? 200 : nil
        } own: {
          isMember ? 200 : nil
        }
      } catch let problem as Problem {
        #expect(problem.status != 429 || problem.headers.contains { $0.name == "retry-after" })
        return problem.status
      }
    }
  }

  @Test("names that lead nowhere are looked up thirty times, then once a second, for each address")
  func misses() async throws {
    let places = Places()
    for n in 0..<30 { #expect(try await places.ask("none-\(n)") == 404) }
    for n in 0..<100 { #expect(try await places.ask("other-\(n)") == 429) }
    #expect(places.looked == 30)
    #expect(try await places.ask("none", from: "192.0.2.2") == 404)
    places.clock.advance(ms: 1000)
    #expect(try await places.ask("none") == 404)
    #expect(try await places.ask("none") == 429)
  }

  @Test("what is found costs nothing of that, and a known page is open to who has tried too many names")
  func hits() async throws {
    let places = Places()
    for n in 0..<100 { #expect(try await places.ask("real-\(n)") == 200) }
    for n in 0..<30 { #expect(try await places.ask("none-\(n)") == 404) }
    #expect(try await places.ask("real-1") == 200)
    #expect(try await places.ask("none") == 429)
  }

  @Test("many who come for one page at once, as after a restart, are let in; many for none are not")
  func together() async throws {
    let places = Places()
    func ask(_ page: String) async throws -> [Int: Int] {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<45 { group.addTask { try await places.ask(page) } }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
    }
    #expect(try await ask("real") == [200: 45])
    #expect(try await ask("none") == [404: 30, 429: 15])
  }

  @Test("trouble of ours is nobody's miss")
  func trouble() async throws {
    let places = Places()
    for n in 0..<60 {
      await #expect(throws: Away.self) { try await places.ask("real-\(n)", trouble: true) }
    }
    #expect(try await places.ask("none") == 404)
  }

  @Test("a hidden page that a member has just read is to strangers as one that never was")
  func hidden() async throws {
    let places = Places()
    for _ in 0..<40 { #expect(try await places.ask("hidden", isMember: true) == 200) }
    for n in 0..<30 { #expect(try await places.ask("none-\(n)") == 404) }
    #expect(try await places.ask("hidden") == 429)
    #expect(try await places.ask("never-was") == 429)
  }

  @Test("one page takes fifty requests a second from an address, and refusing them costs no misses")
  func onePage() async throws {
    let places = Places()
    var seen: [Int] = []
    for _ in 0..<60 { seen.append(try await places.ask("real")) }
    #expect(seen == [Int](repeating: 200, count: 50) + [Int](repeating: 429, count: 10))
    #expect(try await places.ask("real", from: "192.0.2.2") == 200)
    #expect(try await places.ask("none") == 404)
  }

  @Test("pages, badges, feeds, the API and live changes draw on the same thirty")
  func everyWay() async throws {
    let world = try WebWorld()
    _ = try await world.signUp("ada@example.org", organization: "Harbourline")
    let ways = [
      "/status/%", "/status/%/history", "/status/%/badge.svg", "/status/%/feed.atom", "/api/v1/public/%/status/",
      "/api/v1/public/%/services/", "/api/v1/public/%/incidents/", "/api/v1/public/%/changes/",
    ]
    func target(_ n: Int, _ slug: String) -> String { ways[n % ways.count].replacing("%", with: slug) }
    for n in 0..<30 {
      let reply = await world.send("GET", target(n, "none-\(n)"))
      #expect(reply.status == 404, "\(target(n, "")): \(reply.status)")
    }
    for n in ways.indices {
      let reply = await world.send("GET", target(n, "more-\(n)"))
      #expect(reply.status == 429, "\(target(n, "")): \(reply.status)")
      #expect(reply.header("retry-after") == "1")
    }
    #expect(await world.send("GET", "/status/none", peer: "192.0.2.9").status == 404)
    #expect(await world.send("GET", "/status/harbourline", peer: "192.0.2.9").status == 200)
    for n in ways.indices { #expect(await world.send("GET", target(n, "harbourline")).status == 200) }
  }
}
