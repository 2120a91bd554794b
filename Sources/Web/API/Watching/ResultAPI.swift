import Domain
import HTTPServer
import JSON
import Store

/// What a monitor's checks brought.
enum ResultAPI {
  typealias Window = MetricsQuestion.Window

  static let pointsMax: Int64 = 2000

  static func list(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let monitor = try await MonitorAPI.find(request, context)
    let query = request.query
    let limit = try query.int("limit", 1...1000, or: 100)
    let from = try query.instant("from") ?? Instant(ms: 0)
    var before = try query.instant("to") ?? context.world.now() + Instant.minuteMs
    let status = try query.choice("status", ResultStatus.self)
    if let cursor = try query.text("cursor", max: 20) {
      guard let ms = Int64(cursor), ms >= 0 else { throw Problem.invalid("?cursor", "is no cursor of this list") }
      before = min(before, Instant(ms: ms))
    }
    let name = try query.text("region", max: 63)
    let (rows, regions, workers) = try await context.store.read { [before] db in
      let regions = try RegionQueries.list(scope: request.scope, in: db)
      let region = name.flatMap { name in regions.first { $0.name == name }?.key }
      if name != nil, region == nil { return ([StoredResult](), regions, [WorkerID: WorkerName]()) }
      let rows = try ResultQueries.recent(
        monitor, from: from, before: before, region: region, status: status?.status, limit: limit, in: db)
      return (rows, regions, try WorkerQueries.names(of: rows.map(\.worker), in: db))
    }
    let names = Dictionary(regions.map { ($0.key, $0.name) }, uniquingKeysWith: { first, _ in first })
    return .series(
      rows.map { json($0, monitor, region: names[$0.region] ?? "", worker: workers[$0.worker]) },
      next: rows.count == limit ? rows.last.map { String($0.startedAt.ms) } : nil)
  }

  static func uptime(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let monitor = try await MonitorAPI.find(request, context)
    let window = try request.query.choice("window", or: Window.day)
    let now = context.world.now()
    let share = try await context.store.read { db in
      try ResultQueries.uptime(monitor.id, from: now - window.ms, to: now, in: db)
    }
    return .json([
      "uptime": JSON(share.uptime), "down_s": .int(share.downMs / 1000), "degraded_s": .int(share.degradedMs / 1000),
      "unknown_s": .int(share.unknownMs / 1000), "maintenance_s": .int(share.maintenanceMs / 1000),
      "learned_s": .int(share.learnedMs / 1000),
      "rule": "Time up or degraded over time that is known; unknown, paused and maintenance count for neither side.",
    ])
  }

  /// What became of every due time: by hour and region, results and missed slots by reason.
  static func slots(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let monitor = try await MonitorAPI.find(request, context)
    let now = context.world.now()
    let to = min(try request.query.instant("to") ?? now, now)
    let from = max(try request.query.instant("from") ?? to - Instant.dayMs, to - accountedMsMax)
    let (accounts, regions) = try await context.store.read { db in
      (
        try AccountingQueries.accounts(of: monitor.id, from: from, to: to, in: db),
        try RegionQueries.list(scope: request.scope, in: db)
      )
    }
    let names = Dictionary(regions.map { ($0.key, $0.name) }, uniquingKeysWith: { first, _ in first })
    return .json([
      "from": JSON(from), "to": JSON(to),
      "results": .array(
        accounts.map { account in
          [
            "hour": JSON(Instant(ms: account.hour * Instant.hourMs)), "region": .string(names[account.region] ?? ""),
            "due": JSON(account.due), "results": JSON(account.results),
            "missed": .object(MissedReason.allCases.map { .init($0.name, JSON(account.missed[$0] ?? 0)) }),
            "open": JSON(account.open),
          ]
        }),
    ])
  }

  private static let accountedMsMax = 7 * Instant.dayMs

  static func metrics(_ request: APIRequest, _ context: WebContext) async throws -> Response {
    let monitor = try await MonitorAPI.find(request, context)
    let window = try request.query.choice("window", or: Window.day)
    let granularity = try request.query.choice("granularity", or: window.granularity)
    guard window.ms / granularity.ms <= pointsMax else {
      throw Problem.invalid("?granularity", "is too fine for this window: at most \(pointsMax) points")
    }
    let name = try request.query.text("region", max: 63)
    let now = context.world.now()
    let points = try await context.store.read { db -> [MetricsBucket] in
      let region = try name.flatMap { try RegionQueries.find($0, scope: request.scope, in: db) }
      if name != nil, region == nil { return [] }
      let question = MetricsQuestion(window: window, granularity: granularity, region: region)
      return try MetricsQueries.metrics(question, of: monitor.id, now: now, in: db)
        .filter { $0.rollup.n + $0.rollup.missed > 0 }
    }
    return .json(["results": .array(points.map(json))])
  }

  private enum ResultStatus: String, CaseIterable {
    case up, degraded, down

    var status: CheckStatus {
      switch self {
      case .up: .up
      case .degraded: .degraded
      case .down: .down
      }
    }
  }

  private static func json(_ point: MetricsBucket) -> JSON {
    let counts = point.rollup
    return [
      "start": JSON(point.start), "n": .int(counts.n), "ok": .int(counts.ok), "degraded": .int(counts.degraded),
      "down": .int(counts.n - counts.ok - counts.degraded), "missed": .int(counts.missed), "p50_us": JSON(point.p50Us),
      "p95_us": JSON(point.p95Us), "p99_us": JSON(point.p99Us), "max_us": counts.n > 0 ? .int(counts.maxUs) : .null,
      "uptime": JSON(point.uptime),
    ]
  }

  /// `worker` is nil for what the control plane's own process did.
  private static func json(
    _ row: StoredResult, _ monitor: StoredMonitor, region: String, worker: WorkerName?
  ) -> JSON {
    var members: [JSON.Member] = [
      .init("run_id", .string(row.runKey.text)), .init("trigger", .string(row.trigger.name)),
      .init("final", .bool(row.isFinal)), .init("monitor_id", JSON(monitor.publicID)),
      .init("region", .string(region)), .init("worker_id", JSON(worker?.id.text)),
      .init("stand_in", .bool(worker?.isStandIn ?? false)), .init("slot", JSON(row.slot)),
    ]
    members += [
      .init("started_at", JSON(row.startedAt)), .init("late_ms", .int(Int64(row.lateMs))),
      .init("status", .string(row.status.name)), .init("attempts", JSON(row.attempts)),
      .init("http_status", number(row.httpStatus)), .init("remote_address", JSON(row.remoteAddress)),
      .init("http_version", JSON(row.httpVersion)), .init("body_bytes", .int(row.bodyBytes)),
      .init("timing", json(row.timing)), .init("failure", row.failure.map(json) ?? .null),
      .init("certificate", row.certificate.map(json) ?? .null), .init("loop_lag_us", .int(Int64(row.loopLagUs))),
    ]
    return .object(members)
  }

  private static func json(_ timing: Timing) -> JSON {
    [
      "dns_us": number(timing.dnsUs), "connect_us": number(timing.connectUs), "tls_us": number(timing.tlsUs),
      "first_byte_us": number(timing.firstByteUs), "transfer_us": number(timing.transferUs),
      "total_us": .int(Int64(timing.totalUs)),
    ]
  }

  private static func json(_ failure: Failure) -> JSON {
    [
      "reason": .string(failure.reason.name), "phase": .string(failure.phase.name),
      "message": .string(failure.message),
    ]
  }

  private static func json(_ certificate: CertificateFacts) -> JSON {
    [
      "expires_at": JSON(certificate.expiresAt), "issuer": .string(certificate.issuer),
      "subject": .string(certificate.subject),
    ]
  }

  private static func number(_ value: Int32?) -> JSON { value.map { .int(Int64($0)) } ?? .null }
}

extension MetricsQuestion.Window {
  /// What is drawn when nobody says how fine.
  fileprivate var granularity: MetricsQuestion.Granularity {
    switch self {
    case .day: .minute
    case .week, .month: .hour
    case .quarter, .year: .day
    }
  }
}
