import Domain
import JSON

/// What a worker reads of its jobs and its plan. Members that it does not know are passed over; a value that it does not
/// know, where a known member has it, would make it do something else than was meant: that monitor is refused, and the
/// others are not.
extension JobsAnswer {
  /// Monitors that were read before and did not change since are taken from `known` instead of being read again.
  public init(_ json: JSON, region: RegionID?, known: (MonitorID, Int64) -> Assignment?)
    throws(WorkerMessage.Malformed)
  {
    self.init(serverTime: try json.neededPlausibleInstant("server_time"))
    for item in json["jobs"]?.array ?? [] {
      do throws(WorkerMessage.Malformed) { jobs.append(try OfferedJob(item, known: known)) } catch {
        refused.append(RefusedJob(item, error))
      }
    }
    if let share = json["share"], let index = share["index"]?.int, let of = share["of"]?.int, of > 0, index >= 0 {
      self.share = Share(index: Int(clamping: index % of), of: Int(clamping: of))
    }
    guard let plan = json["plan"], !plan.isNull else { return }
    var delta = PlanDelta()
    delta.isWhole = plan["whole"]?.bool ?? false
    delta.version = try plan.neededInt("version")
    delta.hasMore = plan["more"]?.bool ?? false
    delta.removed = (plan["removed"]?.array ?? []).compactMap { $0.int.map { MonitorID($0) } }
    for monitor in plan["monitors"]?.array ?? [] {
      do throws(WorkerMessage.Malformed) {
        // A worker learns its region's number with its first monitor.
        let number = monitor["region_key"]?.int.map { RegionID($0) } ?? region
        guard let number else { throw .init("/region_key", "is missing") }
        delta.assignments.append(try Assignment(monitor, region: number))
      } catch { delta.refused.append(Refusal(monitor, error)) }
    }
    self.plan = delta
  }
}

extension OfferedJob {
  fileprivate init(_ item: JSON, known: (MonitorID, Int64) -> Assignment?) throws(WorkerMessage.Malformed) {
    guard let id = JobID(try item.neededText("job_id", 1...80)) else { throw .init("/job_id", "is no job known here") }
    if let trigger = item["trigger"]?.string, !Trigger.allCases.contains(where: { $0.name == trigger }) {
      throw .init("/trigger", "\(trigger.cut(40)) is not known here")
    }
    let job = Job(
      id: id, due: try item.neededPlausibleInstant("due_at"),
      budgetMs: Int32(clamping: max(try item.neededInt("budget_ms"), 0)),
      firstAttempt: UInt8(clamping: try item.optionalInt("first_attempt") ?? 0))
    guard let monitor = item["monitor"] else { throw .init("/monitor", "is missing") }
    let generation = Generation(raw: try item.neededInt("generation"))
    let until = Instant(ms: try item.neededMs("lease_until_ms"))
    let assignment: Assignment
    if let same = known(id.monitor, try monitor.neededVersion("version")) {
      assignment = same
    } else {
      assignment = try Assignment(monitor, region: id.region)
    }
    self.init(job: job, generation: generation, leaseUntil: until, assignment: assignment)
  }
}

extension Refusal {
  fileprivate init(_ json: JSON, _ error: WorkerMessage.Malformed) {
    self.init(
      monitor: json["key"]?.int.map { MonitorID($0) }, name: (json["id"]?.string ?? "").cut(60),
      reason: "\(error.pointer) \(error.detail)")
  }
}

extension RefusedJob {
  fileprivate init(_ item: JSON, _ error: WorkerMessage.Malformed) {
    self.init(
      text: (item["job_id"]?.string ?? "").cut(80), generation: item["generation"]?.int.map(Generation.init(raw:)),
      refusal: Refusal(item["monitor"] ?? .null, error))
  }
}

extension Assignment {
  public init(_ json: JSON, region: RegionID) throws(WorkerMessage.Malformed) {
    let monitor = MonitorID(try json.neededInt("key"))
    try Self.checkMeaning(json)
    let settings = MonitorCodec.settings(
      name: json["name"]?.string ?? "", url: try json.neededText("url", 1...Limits.urlBytesMax),
      kind: json["type"]?.string ?? "http", intervalS: Int(clamping: try json.neededInt("interval_s")), enabled: true,
      plain: json, secret: json)
    var plan: [PlanRow] = []
    for (index, slots) in (json["slots"]?.array ?? []).enumerated() {
      let interval = try slots.neededMs("interval_ms")
      guard interval > 0 else { throw .init("/slots/\(index)/interval_ms", "must be above zero") }
      plan.append(
        PlanRow(
          id: Int64(index), monitor: monitor, region: region, from: Instant(ms: try slots.neededMs("from_ms")),
          to: try slots.optionalMs("to_ms").map(Instant.init(ms:)), intervalMs: interval,
          phaseMs: try slots.neededMs("phase_ms")))
    }
    self.init(
      monitor: monitor, version: try json.neededVersion("version"), settings: settings,
      allowsPrivate: json["allows_private"]?.bool ?? false, plan: plan)
  }

  /// Throws where a member of the settings says what this version has no meaning for.
  private static func checkMeaning(_ json: JSON) throws(WorkerMessage.Malformed) {
    try json.checkText("type") { MonitorSettings.Kind(rawValue: $0) != nil }
    try json.checkText("ip_family") { MonitorSettings.IPFamily(rawValue: $0) != nil }
    try json.checkText("method") { _ in true }
    // Sums and products are made of them: what is out of all measure would end the worker rather than one check.
    for (name, range) in [
      ("interval_s", Limits.intervalS), ("timeout_ms", Limits.timeoutMs), ("attempts", Limits.attempts),
      ("degraded_after_ms", 1...Limits.timeoutMs.upperBound), ("max_redirects", Limits.maxRedirects),
      ("certificate_warning_days", Limits.certificateWarningDays),
    ] {
      guard let number = try json.optionalInt(name) else { continue }
      guard range.contains(Int(clamping: number)) else { throw .init("/\(name)", "is out of range") }
    }
    for name in ["follow_redirects", "verify_tls", "allows_private"] {
      if let value = json[name], !value.isNull, value.bool == nil { throw .init("/\(name)", "must be true or false") }
    }
    for (index, one) in try json.optionalArray("assertions").enumerated() {
      let at = "/assertions/\(index)"
      guard let source = one["source"]?.string, let comparison = one["comparison"]?.string else {
        throw .init(at, "has no source or no comparison")
      }
      guard Assertion.Source(rawValue: source) != nil else {
        throw .init("\(at)/source", "\(source.cut(40)) is not known here")
      }
      guard Assertion.Comparison(rawValue: comparison) != nil else {
        throw .init("\(at)/comparison", "\(comparison.cut(40)) is not known here")
      }
    }
    for (index, one) in try json.optionalArray("headers").enumerated() {
      guard one["name"]?.string != nil, one["value"]?.string != nil else {
        throw .init("/headers/\(index)", "has no name or no value")
      }
    }
  }
}

extension JSON {
  fileprivate func checkText(_ name: String, _ isKnown: (String) -> Bool) throws(WorkerMessage.Malformed) {
    guard let value = self[name], !value.isNull else { return }
    guard let text = value.string else { throw .init("/\(name)", "must be a string") }
    guard isKnown(text) else { throw .init("/\(name)", "\(text.cut(40)) is not known here") }
  }

  fileprivate func optionalArray(_ name: String) throws(WorkerMessage.Malformed) -> [JSON] {
    guard let value = self[name], !value.isNull else { return [] }
    guard let array = value.array else { throw .init("/\(name)", "must be an array") }
    return array
  }

  /// Versions only ever grow: what is out of all measure would be the last one.
  fileprivate func neededVersion(_ name: String) throws(WorkerMessage.Malformed) -> Int64 {
    let version = try neededInt(name)
    guard PlanDelta.versions.contains(version) else { throw .init("/\(name)", "is out of range") }
    return version
  }
}
