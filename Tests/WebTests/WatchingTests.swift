import Domain
import HTTPServer
import JSON
import Testing

@testable import Web

@Suite("Monitors and channels over the API")
struct WatchingTests {
  @Test("a monitor is made from a URL alone, changed in part, and gone after its deletion")
  func monitors() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.send(.createMonitor, [], ["url": "https://shop.example/health"], as: owner)
    #expect(made.status == 201, "\(made.text)")
    #expect(made.json["name"] == "shop.example")
    #expect(made.json["status"] == "pending")
    let id = try #require(made.json["id"]?.string)
    let changed = await world.send(
      .updateMonitor, [id],
      [
        "interval_s": 30, "quorum": 1, "headers": [["name": "Authorization", "value": "Bearer x"]],
        "assertions": [["source": "status_code", "comparison": "in", "value": "200-299"]],
      ], as: owner)
    #expect(changed.status == 200, "\(changed.text)")
    #expect(changed.json["interval_s"] == 30)
    #expect(changed.json["url"] == made.json["url"])
    #expect(changed.json["headers"]?.array?.first?["value"] == "Bearer x")
    let reader = try await world.makeKey(.read, by: owner)
    #expect(await world.send(.showMonitor, [id], as: reader).json["headers"]?.array?.first?["value"] == "***")
    #expect(await world.send(.listMonitors, as: reader).json["total"] == 1)
    #expect(await world.send(.checkMonitor, [id], as: owner).json["run_ids"] == ["run_1"])
    for operation in [APIOperation.listResults, .showMetrics] {
      #expect(await world.send(operation, [id], as: owner).json["results"] == [])
    }
    #expect(await world.send(.showUptime, [id], as: owner).json["uptime"]?.isNull == true)
    #expect(await world.send(.deleteMonitor, [id], as: owner).status == 204)
    #expect(await world.send(.showMonitor, [id], as: owner).status == 404)
  }

  @Test(
    "what cannot be run is refused with its place",
    arguments: [
      (#"{"url":"ftp://x"}"#, "/url"), (#"{"url":"https://x.test","regions":["nowhere"]}"#, "/regions"),
      (#"{"url":"https://x.test","interval_s":5,"timeout_ms":10000}"#, "/timeout_ms"),
      (#"{"url":"https://x.test","interval_s":4}"#, "/interval_s"), (#"{"name":"x"}"#, "/url"),
      (#"{"url":"https://x.test","colour":1}"#, "/colour"),
      (
        #"{"url":"https://x.test","assertions":[{"source":"body","comparison":"matches","value":"("}]}"#,
        "/assertions/0/value"
      ),
    ])
  func refused(_ body: String, _ pointer: String) async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let reply = await world.send("POST", "/api/v1/monitors", as: owner, raw: Array(body.utf8))
    #expect(reply.status == 422, "\(reply.text)")
    #expect(reply.json["errors"]?.array?.first?["pointer"]?.string == pointer, "\(reply.text)")
  }

  @Test("a channel's secret is shown once and survives a change that sends its mask back")
  func channels() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let made = await world.send(
      .createChannel, [], ["type": "webhook", "name": "Pager", "settings": ["url": "https://hook.test/a"]], as: owner)
    #expect(made.status == 201, "\(made.text)")
    #expect(made.json["settings"]?["secret"]?.string?.hasPrefix("whsec_") == true)
    let id = try #require(made.json["id"]?.string)
    let changed = await world.send(
      .updateChannel, [id], ["settings": ["url": "https://hook.test/b", "secret": "***"]], as: owner)
    #expect(changed.status == 200, "\(changed.text)")
    #expect(changed.json["settings"] == ["url": "https://hook.test/b", "secret": "***"])
    let odd = await world.send(
      .createChannel, [], ["type": "slack", "name": "S", "settings": ["url": "https://x.test/", "to": "a"]], as: owner)
    #expect(odd.json["errors"]?.array?.first?["pointer"] == "/settings/to")
    #expect(await world.send(.testChannel, [id], as: owner).json["delivered"] == true)
  }
}
