import Domain
import JSON

extension Assignment {
  /// A monitor as `jobs/` gives it: the settings of the API and what a worker needs besides.
  public func json(publicID: PublicID<MonitorTag>) -> JSON {
    var members: [JSON.Member] = [
      .init("id", .string(publicID.text)), .init("key", .int(monitor.raw)),
      .init("region_key", JSON(plan.first?.region.raw)), .init("version", .int(version)),
      .init("name", .string(settings.name)),
      .init("type", .string(settings.kind.rawValue)), .init("url", .string(settings.url)),
      .init("interval_s", JSON(settings.intervalS)), .init("allows_private", .bool(allowsPrivate)),
      .init(
        "slots",
        .array(
          plan.map {
            [
              "from_ms": .int($0.from.ms), "to_ms": JSON($0.to?.ms), "interval_ms": .int($0.intervalMs),
              "phase_ms": .int($0.phaseMs),
            ]
          })),
    ]
    members += MonitorCodec.plain(settings).members ?? []
    members += MonitorCodec.secret(settings)?.members ?? []
    return .object(members)
  }
}

extension JobsAnswer {
  /// A job and its monitor, whose bytes are made once and copied for each of its jobs.
  public struct Offer: Sendable {
    public let lease: Lease
    public let monitor: [UInt8]

    public init(lease: Lease, monitor: [UInt8]) {
      self.lease = lease
      self.monitor = monitor
    }
  }

  /// The answer as bytes. `plan` brings the assignments as bytes likewise.
  public static func bytes(
    offers: [Offer], plan: (delta: PlanDelta, assignments: [[UInt8]])?, share: Share, serverTime: Instant
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(256 + offers.reduce(0) { $0 + $1.monitor.count + 220 })
    func put(_ text: String) { out += text.utf8 }
    put("{\"jobs\":[")
    for (index, offer) in offers.enumerated() {
      let job = offer.lease.job
      put(index > 0 ? ",{\"job_id\":\"" : "{\"job_id\":\"")
      put(job.id.text)
      put("\",\"generation\":\(offer.lease.generation.raw),\"lease_until_ms\":\(offer.lease.until.ms),\"due_at\":\"")
      put(job.due.rfc3339)
      put("\",\"trigger\":\"\(job.id.trigger.name)\",\"budget_ms\":\(job.budgetMs)")
      put(",\"first_attempt\":\(job.firstAttempt),\"monitor\":")
      out += offer.monitor
      out.append(UInt8(ascii: "}"))
    }
    put("],\"plan\":")
    if let (delta, assignments) = plan {
      put("{\"whole\":\(delta.isWhole),\"version\":\(delta.version),\"more\":\(delta.hasMore),\"removed\":[")
      put(delta.removed.map { String($0.raw) }.joined(separator: ","))
      put("],\"monitors\":[")
      for (index, assignment) in assignments.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        out += assignment
      }
      put("]}")
    } else {
      put("null")
    }
    put(",\"share\":{\"index\":\(share.index),\"of\":\(share.of)},\"server_time\":\"\(serverTime.rfc3339)\"}")
    return out
  }
}

extension Delivered {
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("job_id", .string(job.text)), .init("generation", generation.map { .int($0.raw) } ?? .null),
      .init("late_ms", JSON(lateMs)),
    ]
    switch content {
    case .missed(let reason): members.append(.init("missed", .string(reason.name)))
    case .attempt(let attempt, let isFinal, let status, let seen):
      members += [
        .init("attempts", JSON(attempt + 1)), .init("final", .bool(isFinal)), .init("status", .string(status.name)),
        .init("started_at", .string(seen.startedAt.rfc3339)),
      ]
      members += seen.members
    }
    return .object(members)
  }

  /// Nil where it is not what a worker writes; the job's id then stands for it in the answer.
  public init?(_ json: JSON) {
    guard let job = json["job_id"]?.string.flatMap(JobID.init) else { return nil }
    var generation: Generation?
    if let given = json["generation"], !given.isNull {
      guard let raw = given.int else { return nil }
      generation = Generation(raw: raw)
    }
    let lateMs = Int32(clamping: max(json["late_ms"]?.int ?? 0, 0))
    if let name = json["missed"]?.string {
      guard let reason = MissedReason.allCases.first(where: { $0.name == name }) else { return nil }
      self.init(job: job, generation: generation, lateMs: lateMs, content: .missed(reason))
      return
    }
    guard let status = json["status"]?.string.flatMap({ name in CheckStatus.allCases.first { $0.name == name } }),
      let started = json["started_at"]?.string.flatMap(Instant.init(rfc3339:)),
      let seen = Observation(json, startedAt: started), (status == .down) == (seen.failure != nil)
    else { return nil }
    let attempt = Int(clamping: (json["attempts"]?.int ?? 1) - 1).clamped(0, Limits.attempts.upperBound)
    self.init(
      job: job, generation: generation, lateMs: lateMs,
      content: .attempt(attempt, isFinal: json["final"]?.bool ?? true, status, seen))
  }
}

extension WorkerReport {
  private static let numbers: [(String, WritableKeyPath<WorkerReport, Int> & Sendable)] = [
    ("in_flight", \.inFlight), ("started", \.started), ("started_late", \.startedLate),
    ("lateness_p99_ms", \.latenessP99Ms), ("loop_lag_p99_us", \.loopLagP99Us), ("busy_permille", \.busyPermille),
    ("spool_bytes", \.spoolBytes), ("spooled", \.spooled), ("dropped", \.dropped), ("forgotten", \.forgotten),
    ("torn", \.torn), ("refused", \.refused), ("refused_jobs", \.refusedJobs),
    ("rejected", \.rejected), ("skew_ms", \.skewMs), ("crash", \.crash),
  ]

  public var json: JSON {
    .object(
      Self.numbers.map { .init($0.0, JSON(self[keyPath: $0.1])) } + [
        .init("canary_works", canaryWorks.map(JSON.bool) ?? .null),
        .init("resolver_works", resolverWorks.map(JSON.bool) ?? .null),
        .init("has_own_canaries", .bool(hasOwnCanaries)),
        .init("suspects", .array(suspects.map { .int($0.raw) })),
      ])
  }

  public init?(_ json: JSON) {
    guard json.members != nil else { return nil }
    self.init()
    for (name, path) in Self.numbers { self[keyPath: path] = Int(clamping: json[name]?.int ?? 0) }
    canaryWorks = json["canary_works"]?.bool
    resolverWorks = json["resolver_works"]?.bool
    hasOwnCanaries = json["has_own_canaries"]?.bool ?? false
    suspects = (json["suspects"]?.array ?? []).prefix(Limits.suspectsMax).compactMap { $0.int.map { MonitorID($0) } }
  }
}

extension LeaseRef {
  public var json: JSON { ["job_id": .string(job.text), "generation": .int(generation.raw)] }

  public init?(_ json: JSON, worker: WorkerID) {
    guard let job = json["job_id"]?.string.flatMap(JobID.init), let raw = json["generation"]?.int else { return nil }
    self.init(job: job, generation: Generation(raw: raw), worker: worker)
  }
}
