import Domain
import HTTPServer
import JSON
import Testing

@testable import Web

@Suite("What a request says about its sender")
struct SiteTests {
  private func visit(
    _ headers: [(String, String)], peer: String = "192.0.2.1", _ settings: WebContext.Settings = .init()
  )
    -> Visit
  {
    Visit(
      Request(
        method: "POST", target: "/", headers: headers.map { Header($0.0, $0.1) }, body: [], peer: peer),
      settings: settings)
  }

  @Test("a write by cookie needs this site's own word; a key needs none")
  func crossSite() async throws {
    let world = try WebWorld()
    let ada = try await world.signUp("ada@example.org", organization: "A")
    guard case .session(let token) = ada else { return }
    let cookie = Header("cookie", "martlet=\(token)")
    let foreign: [[Header]] = [
      [], [Header("origin", "http://evil.test")], [Header("origin", "null")], [Header("sec-fetch-site", "cross-site")],
      [Header("sec-fetch-site", "same-site")], [Header("sec-fetch-site", "none")], [Header("origin", "https://m.test")],
      [Header("origin", "http://m.test.evil.test")],
      [Header("origin", "http://m.test"), Header("sec-fetch-site", "cross-site")],
    ]
    for headers in foreign {
      let reply = await world.send("PATCH", "/api/v1/me/", ["name": "Eve"], headers: [cookie] + headers)
      #expect(reply.status == 403, "\(headers)")
      #expect(reply.json["code"] == "cross_site")
    }
    #expect(await world.send(.showMe, as: ada).json["name"] == "Somebody")
    for headers in [[Header("origin", "http://m.test")], [Header("sec-fetch-site", "same-origin")]] {
      let reply = await world.send("PATCH", "/api/v1/me/", ["name": "Ada"], headers: [cookie] + headers)
      #expect(reply.status == 200, "\(headers)")
    }
    #expect(await world.send("GET", "/api/v1/me/", headers: [cookie]).status == 200)
    let key = try await world.makeKey(.write, by: ada)
    #expect(await world.send("GET", "/api/v1/organization/", as: key).status == 200)
    let login = await world.send(
      "POST", "/api/v1/auth/login/", ["email": "ada@example.org", "password": .string(WebWorld.password)],
      headers: [Header("origin", "http://evil.test")])
    #expect(login.status == 403)
    #expect(login.session == nil)
  }

  @Test("the client's address comes through trusted proxies only, from the trusted end")
  func addresses() throws {
    var settings = WebContext.Settings()
    settings.trustedProxies = try ["10.0.0.0/8", "::1"].map { try #require(AddressRange($0)) }
    func address(_ forwarded: String?, _ peer: String) -> String {
      visit(forwarded.map { [("x-forwarded-for", $0)] } ?? [], peer: peer, settings).address
    }
    #expect(address("203.0.113.9", "192.0.2.1") == "192.0.2.1")
    #expect(address("203.0.113.9", "10.1.2.3") == "203.0.113.9")
    #expect(address("198.51.100.1, 203.0.113.9", "10.1.2.3") == "203.0.113.9")
    #expect(address("198.51.100.1, 203.0.113.9, 10.9.9.9", "::1") == "203.0.113.9")
    #expect(address("198.51.100.1, evil, 10.9.9.9", "10.1.2.3") == "10.9.9.9")
    #expect(address(nil, "10.1.2.3") == "10.1.2.3")
    #expect(AddressRange("10.0.0.0/33") == nil)
    #expect(AddressRange("10.0.0") == nil)
    #expect(try #require(AddressRange("2001:db8::/33")).contains(try #require(NumericAddress("2001:db8:7fff::1"))))
    #expect(
      try #require(AddressRange("2001:db8::/33")).contains(try #require(NumericAddress("2001:db8:8000::1"))) == false)
  }

  @Test("over TLS the cookie has the name that only this host may set, and HSTS is sent; on plain http neither")
  func cookies() async throws {
    var settings = WebContext.Settings()
    settings.baseURL = "https://m.test"
    let world = try WebWorld(settings: settings)
    let token = try #require(try await world.access.prepareSetup())
    let reply = await world.send(
      .signUp, [],
      [
        "email": "a@b.test", "password": .string(WebWorld.password), "name": "A", "organization": "O",
        "setup_token": .string(token),
      ])
    let cookie = try #require(reply.header("set-cookie"))
    #expect(cookie.hasPrefix("__Host-martlet="))
    #expect(cookie.contains("; Secure"))
    #expect(cookie.contains("Path=/;"))
    #expect(reply.header("strict-transport-security") != nil)
    #expect(visit([("cookie", "martlet=x")], settings).sessionToken == nil)
    #expect(visit([("cookie", "a=b; __Host-martlet=x")], settings).sessionToken == "x")
    #expect(visit([("cookie", "martlet=x; martlet=y")]).sessionToken == nil)
    let plain = await (try WebWorld()).send(.health)
    #expect(plain.header("strict-transport-security") == nil)
    #expect(plain.header("x-content-type-options") == "nosniff")
    #expect(plain.header("content-security-policy")?.contains("frame-ancestors 'none'") == true)
    #expect(plain.header("referrer-policy") == "same-origin")
    #expect(plain.header("cache-control") == "no-store")
  }

  @Test(
    "a login leads to a local path only",
    arguments: [
      ("/monitors?q=1", true), ("//evil.test", false), ("https://evil.test", false), ("/\\evil.test", false),
      ("", false), ("/a\r\nset-cookie: x", false), ("javascript:x", false),
    ])
  func localPaths(_ path: String, _ isLocal: Bool) { #expect((Visit.localPath(path) != nil) == isLocal) }
}

@Suite("Hostile input to the API")
struct HostileInputTests {
  private static let bodies: [(String, [UInt8])] = [
    ("deep", Array(String(repeating: "[", count: 500_000).utf8)),
    ("deep objects", Array(String(repeating: #"{"a":"#, count: 100_000).utf8)),
    ("twice", Array(#"{"email":"a","email":"b"}"#.utf8)), ("NUL", [0x7B, 0, 0x7D]),
    ("NUL in text", Array(#"{"email":"a\u0000b","name":"\u0000","url":"\u0000"}"#.utf8)),
    ("not UTF-8", [0x22, 0xFF, 0xFE, 0x22]), ("NaN", Array(#"{"interval_s":NaN}"#.utf8)),
    ("huge", Array(#"{"interval_s":1e400,"name":123456789012345678901234567890}"#.utf8)),
    ("huge whole", Array(#"{"interval_s":123456789012345678901234567890,"timeout_ms":-1}"#.utf8)),
    ("list", Array("[1,2,3]".utf8)), ("null", Array("null".utf8)), ("text", Array("\"x\"".utf8)),
    ("half", Array(#"{"email":"#.utf8)), ("prototype", Array(#"{"__proto__":{"role":"owner"}}"#.utf8)),
    (
      "wrong types",
      Array(
        #"{"email":{},"password":[],"name":1,"organization":true,"role":null,"scope":7,"url":[],"organization_id":{}}"#
          .utf8)
    ),
    ("a megabyte", Array((#"{"name":""# + String(repeating: "x", count: 1_000_000) + #""}"#).utf8)),
    ("many", Array(("{" + (0..<20_000).map { #""k\#($0)":0"# }.joined(separator: ",") + "}").utf8)),
  ]

  @Test("no body makes anything but a refusal", arguments: APIOperation.allCases.filter { $0.endpoint.method != .get })
  func bodies(_ operation: APIOperation) async throws {
    guard ![.deleteMonitor, .logOut].contains(operation), operation.shape.body != nil else { return }
    let world = try WebWorld(sendsMail: true)
    let owner = try await world.signUp("ada@example.org", organization: "A")
    let arguments = operation.endpoint.template.contains("{") ? ["mon_" + String(repeating: "0", count: 26)] : []
    for (name, bytes) in Self.bodies {
      let sender = operation.endpoint.policy == .everyone ? WebWorld.Sender.nobody : owner
      let reply = await world.send(
        operation.endpoint.method.rawValue, operation.path(arguments), as: sender, raw: bytes)
      #expect(
        [400, 404, 409, 413, 422, 429].contains(reply.status), "\(name): \(reply.status) \(reply.text.prefix(300))")
      #expect(reply.header("content-type") == "application/problem+json")
      #expect(reply.bytes.count < 20_000, "\(name)")
    }
    #expect(world.reports.all.withLock { $0 } == [])
  }

  @Test("a query is read as strictly as a body")
  func queries() async throws {
    let world = try WebWorld()
    let owner = try await world.signUp("ada@example.org", organization: "A")
    for (query, status) in [
      ("?page=1&rows=100", 200), ("?page=0", 422), ("?rows=101", 422), ("?page=1&page=2", 400), ("?pag=1", 422),
      ("?page=%", 400), ("?page=%00", 400), ("?page=1e3", 422), ("?", 200),
    ] {
      let reply = await world.send("GET", "/api/v1/members\(query)", as: owner)
      #expect(reply.status == status, "\(query)")
    }
  }
}
