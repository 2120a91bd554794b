import Engine
import HTML

/// Made-up values for the gallery: a shipping firm on a bad Friday.
enum Sample {
  /// 2026-11-20T14:32:06Z
  static let now: Int64 = 1_795_185_126_000
  static let minute: Int64 = 60_000, hour: Int64 = 3_600_000, day: Int64 = 86_400_000

  static func frame(
    canWrite: Bool = true, isNew: Bool = false, toast: AppFrame.Toast? = nil, banners: [AppFrame.Banner] = []
  ) -> AppFrame {
    AppFrame(
      organization: "Harbourline", organizationID: "org_7q2m", otherOrganizations: isNew ? [] : [("org_2", "Quayside")],
      person: "Ines Okafor", canWrite: canWrite,
      counts: isNew
        ? AppFrame.Counts(monitors: 0, openIncidents: 0, services: 0, statusPages: 1, regionsHealthy: 1, regions: 1)
        : AppFrame.Counts(
          monitors: 1_291, openIncidents: 1, services: 9, statusPages: 1, regionsHealthy: 4, regions: 5),
      wellbeing: isNew ? "No worker but the built-in one." : "Region sgp is silent. The rest of Martlet is well.",
      banners: banners, toast: toast, live: .organization("org_7q2m", seq: 812, epoch: "e1"))
  }

  static let silentRegion = AppFrame.Banner(
    state: .unknown, title: "Region sgp is silent",
    text: "No worker there has answered since 13:58 UTC. Its checks count as unknown, not as down.",
    link: ("See regions", Paths.regions))

  static let overdueSlots = AppFrame.Banner(
    state: .degraded, title: SlotWords.title, text: SlotWords.banner(since: now - 34 * minute))

  /// A repeatable walk around a base; splitmix64.
  static func walk(_ count: Int, base: Double, seed: UInt64, jitter: Double = 0.15) -> [Double?] {
    var state = seed
    var drift = 0.0
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      let unit = Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
      drift = drift * 0.8 + (unit - 0.5) * jitter
      return max(base * (1 + drift) * (unit > 0.985 ? 1.7 : 1), base / 2)
    }
  }

  static func spark(
    _ name: String, base: Double, seed: UInt64, state: State, gap: Range<Int>? = nil, kind: Stretch.Kind = .unknown
  ) -> Sparkline {
    var values = walk(72, base: base, seed: seed)
    for index in gap ?? 0..<0 { values[index] = nil }
    return Sparkline(
      label: "Response time of \(name), last 24 hours" + (gap == nil ? "" : ", with gaps"), values: values,
      stretches: gap.map { [Stretch(kind: kind, steps: $0)] } ?? [], state: state)
  }

  static let rows: [MonitorLine] = [
    row(
      "Booking API", "api.harbourline.example/v2/health", .down, 45 * minute, "Time-out after 10 s in TLS", 140,
      69..<72, .down, uptime: 0.99896),
    row(
      "Label renderer", "labels.harbourline.example/ready", .unconfirmed, 6_000,
      "HTTP 502 from lon, asking fra and iad", 310, p95: 428, uptime: 0.99912),
    row(
      "Checkout page", "shop.quayside.example/cart", .degraded, 12 * minute, "Slower than 800 ms", 420, p95: 1_184,
      uptime: 0.99981),
    row(
      "Depot gate, Singapore", "gate.sgp.harbourline.example", .unknown, 34 * minute,
      "Only sgp looks, and sgp is silent", 90, 66..<72, .unknown, uptime: 0.99973),
    row(
      "Warehouse sync", "wms.harbourline.example/sync/health", .maintenance, 32 * minute,
      "Stock count, announced Monday", 180, 65..<72, .maintenance, p95: 244, uptime: 0.99959),
    row("Invoice mailer", "mail.harbourline.example:465", .paused, 2 * minute, "By Ines Okafor", 64, uptime: 0.99991),
    row(
      "A name that is so long that no table of any width could ever show the whole of it at once in one line",
      "https.a-very-long-host-name-that-goes-on-and-on.subdomain.harbourline.example/with/a/long/path?and=a&query=too",
      .up, 26 * day, nil, 86, p95: 132, uptime: 0.99998),
    row("ממשק ההזמנות של הנמל", "rtl.harbourline.example/בריאות", .up, 41 * day, nil, 118, p95: 171, uptime: 1),
    row(
      "Webhook dispatcher", "hooks.harbourline.example/healthz", .up, 17 * hour, nil, 47, 18..<21, .down, p95: 69,
      uptime: 0.99857),
    row("<em>not markup</em>", "xss.example/\"><img src=x>", .pending, nil, "Waits for its first result", 0),
  ]

  private static func row(
    _ name: String, _ address: String, _ state: State, _ forMs: Int64?, _ note: String?, _ base: Double,
    _ gap: Range<Int>? = nil,
    _ kind: Stretch.Kind = .unknown, p95: Int64? = nil, uptime: Double? = nil
  ) -> MonitorLine {
    MonitorLine(
      id: "mon_\(name.utf8.reduce(UInt32(7)) { ($0 &* 31) &+ UInt32($1) })", name: name, address: address, state: state,
      stateForMs: forMs, note: note,
      spark: base == 0 ? nil : spark(name, base: base * 1_000, seed: UInt64(base), state: state, gap: gap, kind: kind),
      uptime: uptime,
      p95Us: p95.map { $0 * 1_000 }, regionsUp: state == .paused ? nil : "3 of 3",
      checkedAgoMs: forMs == nil ? nil : 8_000,
      tags: name == "Booking API" ? ["api"] : [])
  }

  static let monitorList = MonitorListPage(
    frame: frame(
      toast: .init(message: "Invoice mailer is paused.", undo: Paths.resumeMonitor("mon_1")), banners: [silentRegion]),
    filter: .init(), rows: rows, page: 1, rowsPerPage: 12, total: 1_291,
    counts: [
      .down: 1, .unconfirmed: 1, .degraded: 1, .unknown: 1, .maintenance: 1, .paused: 1, .pending: 1, .up: 1_284,
    ],
    tags: ["api", "customer: Quayside"], worst: "Booking API", checksPerDay: 4_200_000, now: now)

  static var form: MonitorForm {
    var form = MonitorForm()
    form.url = "https://rates.harbourline.example/v1/health"
    form.regions =
      ["fra", "lon", "iad"].map { .init(id: $0, name: $0, isOn: true) } + [.init(id: "gru", name: "gru", isOn: false)]
    form.channels = [
      .init(id: "chn_1", name: "On call", isOn: true), .init(id: "chn_2", name: "Slack, #ops", isOn: false),
    ]
    form.services = [.init(id: "svc_1", name: "Rate quotes", isOn: false)]
    return form
  }

  static var badForm: MonitorForm {
    var form = form
    form.url = "ftp://rates.harbourline.example"
    form.timeoutMs = "90000"
    form.assertions = "header content-type holds json"
    form.errors = [
      "": "Three things are wrong; nothing was saved.", "url": "ftp is not watched. Use http:// or https://.",
      "timeout_ms": "Longer than the interval of 60 s. Use 60000 or less.",
      "assertions": "Line 1: “holds” is no comparison. Use contains.",
    ]
    return form
  }

  static let promise = Promise(
    intervalMs: 30_000, timeoutMs: 10_000, regions: 4, quorum: "majority", reportedAfterMs: 90_000, neverBelowMs: 1_350)

  static let waterfall = Waterfall(
    of: "13:46:39 UTC from fra",
    hops: [
      .init(
        title: "301 from http://api.harbourline.example",
        phases: Phases(dns: 11_800, connect: 9_100, firstByte: 10_400, transfer: 200)),
      .init(
        title: "200 from https://api.harbourline.example/v2/health",
        phases: Phases(dns: 300, connect: 9_000, tls: 21_600, firstByte: 47_200, transfer: 900)),
    ], totalUs: 110_500)

  static let evidence = Evidence(
    isOver: false, at: now - 44 * minute, verdict: "3 of 3 healthy regions failing, 2 needed",
    votes: [
      .init(region: "fra", state: .down), .init(region: "lon", state: .down), .init(region: "iad", state: .down),
      .init(region: "sgp", state: .unknown, note: "not counted"),
    ],
    facts: [
      ("First failure", "13:47:02 UTC, iad; confirmed 13:48:05"),
      ("Phase", "TLS handshake: connected in 9 ms, then silence"),
      ("Answer", "none: no byte after the hello"), ("Address", "203.0.113.41"),
      ("Certificate", "good until 3 Feb 2027 when last seen"),
    ],
    trace: [
      .init(at: "13:47:24.821", phase: "resolve", words: "203.0.113.41 in 1.2 ms", isBad: false),
      .init(at: "13:47:24.823", phase: "connect", words: "203.0.113.41:443 in 9.0 ms", isBad: false),
      .init(at: "13:47:34.821", phase: "timeout", words: "10,000 ms, attempt 3 of 3", isBad: true),
    ], excerpt: "HTTP/1.1 502 Bad Gateway\nserver: <edge>\n\n<h1>Bad gateway</h1>")

  static let results: [ResultLine] = [
    result(.down, "lon", "Time-out in TLS, attempt 3 of 3", 10_000_000),
    result(.down, "fra", "Time-out in TLS, attempt 3 of 3", 10_000_000),
    result(.up, "sgp", "200", 164_000, nil, note: "stand-in spare-1"),
    result(
      .degraded, "lon", "200, slower than 800 ms", 884_000,
      Phases(dns: 14_000, connect: 92_000, tls: 188_000, firstByte: 588_000, transfer: 2_000)),
    result(
      .up, "fra", "200", 111_000, Phases(dns: 12_000, connect: 18_000, tls: 22_000, firstByte: 57_000, transfer: 1_000)),
  ]

  private static func result(
    _ state: State, _ region: String, _ answer: String, _ us: Int64?, _ phases: Phases? = nil,
    note: String? = nil
  ) -> ResultLine {
    ResultLine(
      runID: "run_\(region)\(state.rawValue)", monitorID: "mon_1", at: now - 19_000, region: region, state: state,
      answer: answer,
      note: note ?? (state == .up ? "by hand" : ""), totalUs: us, phases: phases)
  }

  static func monitor(_ state: State, isRecovering: Bool = false) -> MonitorPage {
    var p50 = walk(144, base: 120_000, seed: 71, jitter: 0.1), p95 = walk(144, base: 310_000, seed: 72)
    let gaps = state == .down ? [76..<79, 139..<144] : [76..<79]
    for index in gaps.joined() { (p50[index], p95[index]) = (nil, nil) }
    let chart = ResponseChart(
      from: now - day, stepMs: 10 * minute, p50: p50, p95: p95,
      regions: state == .degraded || state == .down
        ? [("fra", p50), ("lon", p50.map { $0.map { $0 * 1.4 } }), ("sgp", p50.map { $0.map { $0 * 0.6 } })] : [],
      stretches: [Stretch(kind: .unknown, steps: 76..<79), Stretch(kind: .degraded, steps: 135..<139)]
        + (state == .down ? [Stretch(kind: .down, steps: 139..<144)] : []), windowWords: "over 24 hours")
    return MonitorPage(
      frame: frame(), id: "mon_1", name: state == .up ? "מערכת ההזמנות של הנמל הגדול" : "Booking API",
      url: "https://api.harbourline.example/v2/health",
      state: state, isRecovering: isRecovering, since: now - 45 * minute, now: now,
      why: state == .down
        ? "No healthy region has had an answer since 13:47 UTC: time-out after 10 s, in the TLS handshake." : nil,
      openIncident: state == .down ? "inc_1" : nil,
      facts: ["checked 6 s ago", "HTTP/1.1 from 203.0.113.7", "certificate until 3 Feb 2027"],
      promise: promise,
      windows: [
        .init(label: "24 hours", share: 0.9683, note: "45 min down, 20 min unknown"),
        .init(label: "7 days", share: 0.99552, note: "45 min down"),
        .init(label: "30 days", share: 0.99896, note: "45 min down"),
        .init(label: "90 days", share: nil, note: "not yet watched so long"),
      ], window: "24h", resolution: "10-minute p50 and p95", chart: chart, evidence: state == .down ? evidence : nil,
      chosen: .init(title: "The last good check", note: "13:46:39 UTC, fra", waterfall: waterfall), results: results,
      olderResults: "/monitors/mon_1?before=r9", tags: ["api"], services: [("svc_1", "Booking")],
      slots: SlotAccounts(rows: [
        .init(region: "fra", due: 1440, results: 1440, missed: []),
        .init(
          region: "sin-private-location-of-the-harbour", due: 1440, results: 1378,
          missed: [(.workerLost, 2), (.workerOffline, 60)], isQuarantined: true),
      ]))
  }

  static var pendingMonitor: MonitorPage {
    var page = monitor(.pending)
    page.chart = ResponseChart(
      from: now - day, stepMs: 10 * minute, p50: Array(repeating: nil, count: 144),
      p95: Array(repeating: nil, count: 144), windowWords: "over 24 hours")
    page.results = []
    page.windows = page.windows.map { .init(label: $0.label, share: nil, note: "nothing measured yet") }
    page.chosen = nil
    page.facts = []
    page.olderResults = nil
    return page
  }
}
