import Domain
import JSON
import Store

/// Shapes of monitors and what they measured.
enum WatchingShapes {
  static let components: [(String, Schema)] = [
    ("Header", .object([.always("name", .text(1...200)), .always("value", .text(0...Limits.requestHeaderBytesMax))])),
    (
      "Assertion",
      .object([
        .always("source", .choice(Assertion.Source.self)),
        .maybe("target", .text(0...1000).described("A header's name or a JSONPath.")),
        .always("comparison", .choice(Assertion.Comparison.self)),
        .maybe("value", .text(0...Limits.assertionValueBytesMax, lines: true)),
      ])
    ),
    (
      "Monitor",
      .object(
        [.always("id", .id(MonitorTag.self))]
          + settings.map { .always($0.0, $0.1) } + [
            .always("status", .choice(MonitorStatus.self)), .always("status_since", .instant),
            .always("recovering", .boolean),
            .always(
              "flapping",
              .boolean.described("Goes down and comes back so often that its incident stays open and quiet.")),
            .always("created_at", .instant), .always("updated_at", .instant),
          ])
    ),
    ("NewMonitor", .object(settings.map { $0.0 == "url" ? .always($0.0, $0.1) : .maybe($0.0, $0.1) })),
    ("MonitorChanges", .object(settings.map { .maybe($0.0, $0.1) })),
    ("Result", .object(result)), ("Metric", .object(metric)),
  ]

  private static let settings: [(String, Schema)] = [
    ("name", .text()), ("type", .choice(MonitorSettings.Kind.self)),
    ("url", .text(1...Limits.urlBytesMax).example("https://shop.example/health")), ("method", .text(1...20)),
    ("headers", .array(.ref("Header"), 0...Limits.requestHeadersMax)),
    ("body", .nullable(.text(0...Limits.requestBodyBytesMax, lines: true))), ("interval_s", .integer(Limits.intervalS)),
    ("timeout_ms", .integer(Limits.timeoutMs)),
    ("degraded_after_ms", .nullable(.integer(1...Limits.timeoutMs.upperBound))),
    ("attempts", .integer(Limits.attempts)),
    ("regions", .array(.text(1...63), 1...50)),
    (
      "allow_stand_in",
      .boolean.described(
        "Let a worker of no region look while a region has none; off by default. All of them together are one vote.")
    ),
    ("quorum", .either(.choice(["majority"]), .integer(1...50))),
    ("recovery_checks", .integer(Limits.recoveryChecks)), ("follow_redirects", .boolean),
    ("max_redirects", .integer(Limits.maxRedirects)), ("verify_tls", .boolean),
    ("certificate_warning_days", .integer(Limits.certificateWarningDays)),
    ("ip_family", .choice(MonitorSettings.IPFamily.self)),
    ("tags", .array(.text(1...Limits.tagCharactersMax), 0...Limits.tagsMax)), ("enabled", .boolean),
    ("assertions", .array(.ref("Assertion"), 0...Limits.assertionsMax)),
    (
      "depends_on",
      .array(.id(MonitorTag.self), 0...Limits.dependenciesMax)
        .described("Monitors that this one needs to work. While one is down, this one's trouble is told with it.")
    ),
  ]

  private static let phases = ["dns_us", "connect_us", "tls_us", "first_byte_us", "transfer_us"]

  private static let result: [Schema.Property] = [
    .always("run_id", .nullable(.string)),
    .always("trigger", .choice(["schedule", "created", "manual", "second_opinion"])),
    .always("final", .boolean), .always("monitor_id", .id(MonitorTag.self)), .always("region", .string),
    .always(
      "worker_id", .nullable(.id(WorkerTag.self)).described("Null for the control plane's own process.")),
    .always(
      "stand_in", .boolean.described("Seen from elsewhere, by a worker of no region, as the region had none.")),
    .always("slot", .nullable(.instant)),
    .always("started_at", .nullable(.instant)), .always("late_ms", .nullable(.integer)), .always("status", .string),
    .always("attempts", .integer), .always("http_status", .nullable(.integer)),
    .always("remote_address", .nullable(.string)), .always("http_version", .nullable(.string)),
    .always("body_bytes", .nullable(.integer)),
    .always(
      "timing",
      .nullable(.object(phases.map { .always($0, .nullable(.integer)) } + [.always("total_us", .integer)]))),
    .always(
      "failure",
      .nullable(
        .object([
          .always("reason", .string), .always("phase", .nullable(.string)), .always("message", .nullable(.string)),
        ]))),
    .always(
      "certificate",
      .nullable(
        .object([
          .always("expires_at", .nullable(.instant)), .always("issuer", .nullable(.string)),
          .always("subject", .nullable(.string)),
        ]))),
    .always("loop_lag_us", .nullable(.integer)),
  ]

  private static let metric: [Schema.Property] =
    [.always("start", .instant)] + ["n", "ok", "degraded", "down", "missed"].map { .always($0, .integer) }
    + ["p50_us", "p95_us", "p99_us", "max_us"].map { .always($0, .nullable(.integer)) }
    + [.always("uptime", .nullable(.number(0...1)))]

  static let windows = ["24h", "7d", "30d", "90d", "365d"]

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listMonitors:
      OperationShape(
        "Monitors", tag: "monitors",
        query: OperationShape.Parameter.paging + [
          .init("q", .text(0...120), "Part of the name or the URL."),
          .init("status", .choice(MonitorStatus.self), "One state."), .init("tag", .text(0...40), "One tag."),
          .init("sort", .choice(MonitorFilter.Sort.self).defaulting(to: "state"), "The order."),
        ], answer: .page(of: .ref("Monitor")))
    case .createMonitor:
      OperationShape(
        "Make a monitor; its first check runs at once", tag: "monitors", body: .ref("NewMonitor"),
        example: ["name": "Checkout", "url": "https://shop.example/health", "interval_s": 60], status: 201,
        answer: .ref("Monitor"), errors: [409])
    case .updateMonitor:
      OperationShape(
        "Change a monitor", tag: "monitors", body: .ref("MonitorChanges"), bodyIsRequired: false,
        example: ["enabled": false], answer: .ref("Monitor"))
    case .deleteMonitor: OperationShape("Delete a monitor", tag: "monitors", status: 204)
    case .checkMonitor:
      OperationShape(
        "Check now in every region", tag: "monitors", status: 202,
        answer: .object([.always("run_ids", .array(.string))]), errors: [409])
    default: measured(operation)
    }
  }

  private static func measured(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listResults:
      OperationShape(
        "Checks of a monitor, newest first", tag: "monitors",
        query: [
          .init("from", .instant, "Results from here on."), .init("to", .instant, "Results before this."),
          .init("region", .text(1...63), "One region."),
          .init("status", .choice(["up", "degraded", "down"]), "One outcome."),
          .init("limit", .integer(1...1000).defaulting(to: 100), "How many at most."),
          .init("cursor", .text(1...20), "The `next` of the answer before."),
        ],
        answer: .object([.always("results", .array(.ref("Result"))), .always("next", .nullable(.string))]))
    case .showMetrics:
      OperationShape(
        "Counts and percentiles over time", tag: "monitors",
        query: [
          .init("window", .choice(windows).defaulting(to: "24h"), "How far back."),
          .init("granularity", .choice(["1m", "1h", "1d"]), "How wide a point is; without it what suits the window."),
          .init("region", .text(1...63), "One region."),
        ], answer: .object([.always("results", .array(.ref("Metric")))]))
    case .showUptime:
      OperationShape(
        "Uptime and the seconds it is made of", tag: "monitors",
        query: [.init("window", .choice(windows).defaulting(to: "24h"), "How far back.")],
        answer: .object(
          [.always("uptime", .nullable(.number(0...1)))]
            + ["down_s", "degraded_s", "unknown_s", "maintenance_s"].map { .always($0, .integer) }
            + [
              .always(
                "learned_s",
                .integer.described(
                  "Of the time that is known, what nobody knew then: results that came late told it, without an incident."
                )),
              .always("rule", .string),
            ]))
    case .accountSlots:
      OperationShape(
        "What became of every due time: due = results + missed + open", tag: "monitors",
        query: [
          .init("from", .instant, "Slots from here on; a day back without it, seven days at most."),
          .init("to", .instant, "Slots before this; now without it."),
        ],
        answer: .object([
          .always("from", .instant), .always("to", .instant),
          .always(
            "results",
            .array(
              .object([
                .always("hour", .instant), .always("region", .string), .always("due", .integer),
                .always("results", .integer),
                .always("missed", .object(MissedReason.allCases.map { .always($0.name, .integer) })),
                .always("open", .integer),
              ]))),
        ]))
    default: OperationShape("A monitor", tag: "monitors", answer: .ref("Monitor"))
    }
  }
}
