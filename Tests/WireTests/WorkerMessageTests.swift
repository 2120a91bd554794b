import Domain
import JSON
import Testing

@testable import Wire

@Suite("what workers and the control plane say to each other")
struct WorkerMessageTests {
  private let now = Instant(ms: 1_795_000_000_123)

  private var assignment: Assignment {
    var settings = MonitorSettings(name: "Shop", url: "https://shop.example/health")
    settings.headers = [.init(name: "X-Key", value: "secret \"quoted\"")]
    settings.body = "line\nline"
    settings.method = "POST"
    settings.assertions = [Assertion(.json, target: "$.status", .eq, "up")]
    settings.quorum = .count(2)
    return Assignment(
      monitor: MonitorID(7), version: 1 << 33, settings: settings, allowsPrivate: true,
      plan: [
        PlanRow(id: 0, monitor: MonitorID(7), region: RegionID(3), from: now, intervalMs: 60_000, phaseMs: 1234)
      ])
  }

  private func bytes(_ one: Assignment) -> [UInt8] {
    one.json(publicID: PublicID(stored: "mon_00000000000000000000000000")).bytes
  }

  @Test("an answer with jobs and a plan reads as it was written")
  func jobs() throws {
    let job = Job(
      id: JobID(monitor: MonitorID(7), region: RegionID(3), trigger: .schedule, mark: now.ms), due: now,
      budgetMs: 31_500, firstAttempt: 1)
    let lease = Lease(job: job, generation: Generation(epoch: 5, number: 9), worker: WorkerID(1), until: now + 46_500)
    var delta = PlanDelta()
    delta.isWhole = true
    delta.version = 12
    delta.removed = [MonitorID(8), MonitorID(9)]
    let text = JobsAnswer.bytes(
      offers: [.init(lease: lease, monitor: bytes(assignment))], plan: (delta, [bytes(assignment)]),
      share: .init(index: 1, of: 2), serverTime: now)
    let answer = try JobsAnswer(JSON(parsing: text), region: nil) { _, _ in nil }
    #expect(answer.jobs.map(\.job) == [job])
    #expect(answer.jobs.map(\.generation) == [lease.generation])
    #expect(answer.jobs.map(\.assignment) == [assignment])
    delta.assignments = [assignment]
    #expect(answer.plan == delta)
    #expect(answer.share == .init(index: 1, of: 2))
    #expect(answer.serverTime == now)
  }

  @Test("what a probe saw arrives whole", arguments: [CheckStatus.up, .degraded, .down])
  func delivered(_ status: CheckStatus) throws {
    var seen = Observation(startedAt: now)
    seen.timing.dnsUs = 0
    seen.timing.totalUs = 71_500
    seen.httpStatus = 503
    seen.remoteAddress = "203.0.113.7"
    seen.httpVersion = "1.1"
    seen.bodyBytes = 512
    seen.certificate = CertificateFacts(expiresAt: now, issuer: "CN=a", subject: "CN=b")
    seen.loopLagUs = 40
    if status == .down {
      seen.failure = Failure(.statusCode, .assertion, "The status was 503.")
      var evidence = Evidence()
      evidence.hops = [.init(url: "https://a.example/", address: "203.0.113.7", status: 503, timing: seen.timing)]
      evidence.responseHead = "HTTP/1.1 503 Nö\r\n"
      evidence.bodyExcerpt = "<b>&</b>"
      evidence.certificateChain = ["one", "two"]
      seen.evidence = evidence
    }
    let job = JobID(monitor: MonitorID(1), region: RegionID(2), trigger: .manual, mark: 77)
    for generation in [nil, Generation(epoch: 1, number: 2)] {
      let one = Delivered(
        job: job, generation: generation, lateMs: 3, content: .attempt(2, isFinal: true, status, seen))
      #expect(Delivered(try JSON(parsing: one.json.bytes)) == one)
    }
  }

  @Test("a slot that nobody looked at is delivered with its reason", arguments: MissedReason.allCases)
  func missed(_ reason: MissedReason) throws {
    let job = JobID(monitor: MonitorID(1), region: RegionID(2), trigger: .schedule, mark: now.ms)
    let one = Delivered(job: job, generation: nil, lateMs: 0, content: .missed(reason))
    #expect(Delivered(try JSON(parsing: one.json.bytes)) == one)
  }

  @Test("members that are not known are passed over, wrong ones are not believed")
  func strangers() throws {
    var report = WorkerReport()
    report.started = 5
    report.canaryWorks = false
    guard case .object(let members) = report.json else { return }
    #expect(WorkerReport(.object(members + [.init("news", "later")])) == report)
    for text in [
      #"{"job_id":"job_1.1.1.5","status":"up"}"#,
      #"{"job_id":"job_1.1.1.5","status":"down","started_at":"2026-11-21T00:00:00Z","timing":{}}"#,
      #"{"job_id":"job_1.1.1.5","status":"up","started_at":"2026-11-21T00:00:00Z","timing":{"dns_us":-1}}"#,
      #"{"job_id":"job_1.1.1.5","missed":"bored"}"#, #"{"job_id":"job_9.1.1.5","missed":"overloaded"}"#, "[]", "7",
    ] { #expect(Delivered(try JSON(parsing: text)) == nil, "\(text)") }
  }

  @Test("texts are cut at a character's end")
  func cut() {
    #expect("aéb".cut(2) == "a")
    #expect("aéb".cut(3) == "aé")
    #expect("abc".cut(9) == "abc")
  }
}
