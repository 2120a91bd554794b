import Domain
import Testing

@Suite("What is wrong with a monitor's settings")
struct MonitorProblemsTests {
  private typealias Change = @Sendable (inout MonitorSettings) -> Void

  private static func settings(_ change: Change = { _ in }) -> MonitorSettings {
    var settings = MonitorSettings(name: "Shop", url: "https://shop.example/health")
    change(&settings)
    return settings
  }

  private static func assertion(
    _ source: Assertion.Source, target: String = "", _ comparison: Assertion.Comparison, _ value: String = ""
  ) -> Change {
    { $0.assertions = [Assertion(source, target: target, comparison, value)] }
  }

  @Test("nothing, by default")
  func fine() { #expect(Self.settings().problems().isEmpty) }

  private static let wrong: [(String, Change)] = [
    ("/name", { $0.name = "" }), ("/name", { $0.name = "  " }), ("/name", { $0.name = "a\nb" }),
    ("/name", { $0.name = String(repeating: "x", count: 121) }),
    ("/url", { $0.url = "" }), ("/url", { $0.url = "ftp://shop.example/" }), ("/url", { $0.url = "shop.example" }),
    ("/url", { $0.url = "https://" + String(repeating: "x", count: 2048) + ".example/" }),
    (
      "/interval_s",
      {
        $0.intervalS = 4; $0.timeoutMs = 1000
      }
    ), ("/interval_s", { $0.intervalS = 86_401 }),
    ("/timeout_ms", { $0.timeoutMs = 99 }),
    (
      "/timeout_ms",
      {
        $0.timeoutMs = 60_001; $0.intervalS = 120
      }
    ),
    (
      "/timeout_ms",
      {
        $0.intervalS = 5; $0.timeoutMs = 5001
      }
    ),
    ("/degraded_after_ms", { $0.degradedAfterMs = 0 }), ("/degraded_after_ms", { $0.degradedAfterMs = 10_001 }),
    ("/degraded_checks", { $0.degradedChecks = 0 }), ("/attempts", { $0.attempts = 0 }),
    ("/attempts", { $0.attempts = 11 }), ("/recovery_checks", { $0.recoveryChecks = 21 }),
    ("/max_redirects", { $0.maxRedirects = -1 }), ("/certificate_warning_days", { $0.certificateWarningDays = -1 }),
    ("/method", { $0.method = "get" }), ("/method", { $0.method = "CONNECT" }), ("/method", { $0.method = "A B" }),
    ("/headers/0/name", { $0.headers = [.init(name: "Bad Name", value: "x")] }),
    ("/headers/0/name", { $0.headers = [.init(name: "Transfer-Encoding", value: "chunked")] }),
    ("/headers/0/value", { $0.headers = [.init(name: "X", value: "a\r\nEvil: 1")] }),
    ("/headers", { $0.headers = (0...50).map { .init(name: "X\($0)", value: "") } }),
    ("/headers", { $0.headers = [.init(name: "X", value: String(repeating: "x", count: 8192))] }),
    ("/body", { $0.body = String(repeating: "x", count: 64 * 1024 + 1) }),
    ("/regions", { $0.regions = [] }), ("/regions", { $0.regions = ["local", "local"] }),
    ("/regions/0", { $0.regions = ["Local"] }), ("/regions/1", { $0.regions = ["local", ""] }),
    ("/quorum", { $0.quorum = .count(0) }), ("/quorum", { $0.quorum = .count(2) }),
    ("/tags", { $0.tags = ["a", "a"] }), ("/tags", { $0.tags = (0...20).map { "t\($0)" } }),
    ("/tags/0", { $0.tags = [""] }),
    ("/assertions", { $0.assertions = (0...30).map { _ in Assertion(.statusCode, .in, "200") } }),
    ("/assertions/0/comparison", assertion(.statusCode, .contains, "2")),
    ("/assertions/0/comparison", assertion(.body, .lt, "2")),
    ("/assertions/0/target", assertion(.header, target: "", .exists)),
    ("/assertions/0/target", assertion(.json, target: "status", .eq, "up")),
    ("/assertions/0/target", assertion(.body, target: "x", .contains, "ok")),
    ("/assertions/0/value", assertion(.statusCode, .in, "200-")),
    ("/assertions/0/value", assertion(.statusCode, .in, "99")),
    ("/assertions/0/value", assertion(.statusCode, .in, "299-200")),
    ("/assertions/0/value", assertion(.responseTimeMs, .lt, "soon")),
    ("/assertions/0/value", assertion(.responseTimeMs, .lt, "nan")),
    ("/assertions/0/value", assertion(.statusCode, .eq, "2.5")), ("/assertions/0/value", assertion(.body, .contains)),
    ("/assertions/0/value", assertion(.body, .empty, "x")),
    ("/assertions/0/value", assertion(.header, target: "Vary", .in, "a,,b")),
    ("/assertions/0/value", assertion(.body, .contains, String(repeating: "x", count: 4097))),
  ]

  @Test("each is told with a pointer to its field and a sentence", arguments: wrong.indices)
  func told(_ i: Int) {
    let (pointer, change) = Self.wrong[i]
    let found = Self.settings(change).problems()
    #expect(found.map(\.pointer) == [pointer], "case \(i)")
    #expect(found.allSatisfy { !$0.detail.isEmpty })
  }

  private static let right: [Change] = [
    {
      $0.intervalS = 5; $0.timeoutMs = 5000
    },
    {
      $0.intervalS = 86_400; $0.timeoutMs = 60_000; $0.attempts = 10
    },
    { $0.degradedAfterMs = 10_000 }, { $0.headers = [.init(name: "Host", value: "other.example")] },
    { $0.headers = [.init(name: "X-Empty", value: "")] },
    {
      $0.regions = ["a", "b-2"]; $0.quorum = .count(2)
    },
    { $0.name = "Größe 語" }, { $0.url = "http://[::1]:8080/?q=1" }, assertion(.statusCode, .in, "200-299, 304"),
    assertion(.header, target: "content-type", .contains, "json"), assertion(.json, target: "$.status", .eq, "up"),
    assertion(.certificateDays, .gt, "7"), assertion(.body, .empty),
  ]

  @Test("what is allowed passes", arguments: right.indices)
  func passes(_ i: Int) { #expect(Self.settings(Self.right[i]).problems().isEmpty, "case \(i)") }

  @Test("all of them are told at once, in the order of the fields, and expressions by who can read them")
  func together() {
    let found = Self.settings {
      $0.name = ""
      $0.intervalS = 1
      $0.timeoutMs = 100
      $0.assertions = [Assertion(.body, .matches, "("), Assertion(.body, .contains, "x")]
    }.problems { FieldProblem("/value", "does not parse: \($0.value)") }
    #expect(found.map(\.pointer) == ["/name", "/interval_s", "/assertions/0/value"])
  }
}
