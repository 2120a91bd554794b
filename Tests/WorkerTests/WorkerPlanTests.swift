import Domain
import Probe
import Testing
import Wire

@testable import Worker

@Suite("what a worker believes of its plan, and what it keeps in memory")
struct WorkerPlanTests {
  private let start = Instant(ms: 1_795_000_000_000)
  private let second: UInt64 = 1_000_000_000

  private func core(_ change: (inout WorkerCore.Configuration) -> Void = { _ in }) -> WorkerCore {
    var configuration = WorkerCore.Configuration()
    change(&configuration)
    var core = WorkerCore(configuration: configuration, worker: .embedded, spooled: 0, seed: 7)
    _ = core.handle(.begin, nowNs: second)
    return core
  }

  private func assignment(_ monitor: Int64, version: Int64 = 1, url: String = "http://127.0.0.1:1/") -> Assignment {
    Assignment(
      monitor: MonitorID(monitor), version: version, settings: MonitorSettings(name: "m", url: url),
      allowsPrivate: true, plan: [])
  }

  private func offer(_ assignment: Assignment, at second: Int64 = 0) -> OfferedJob {
    let due = start + second * 1000
    let id = JobID(monitor: assignment.monitor, region: RegionID(2), trigger: .schedule, mark: due.ms)
    return OfferedJob(
      job: Job(id: id, due: due, budgetMs: 1000), generation: Generation(epoch: 1, number: 1),
      leaseUntil: due + 16_000, assignment: assignment)
  }

  private func delta(_ version: Int64, whole: Bool = false, more: Bool = false, _ some: [Assignment]) -> PlanDelta {
    var delta = PlanDelta()
    delta.version = version
    delta.isWhole = whole
    delta.hasMore = more
    delta.assignments = some
    return delta
  }

  @discardableResult
  private func answer(_ core: inout WorkerCore, _ plan: PlanDelta?, nowNs: UInt64, jobs: [OfferedJob] = [])
    -> [WorkerCore.Action]
  {
    var answer = JobsAnswer(serverTime: start + Int64(nowNs / 1_000_000))
    answer.plan = plan
    answer.jobs = jobs
    return core.handle(.polled(answer, askedNs: nowNs), nowNs: nowNs)
  }

  private func asked(_ actions: [WorkerCore.Action]) -> [Int64?] {
    actions.compactMap { if case .poll(let asked) = $0 { asked.planVersion } else { nil } }
  }
  private func said(_ actions: [WorkerCore.Action]) -> [String] {
    actions.compactMap { if case .say(let words) = $0 { words } else { nil } }
  }
  private func delivered(_ actions: [WorkerCore.Action]) -> [Delivered] {
    actions.flatMap { action in if case .deliver(_, let results) = action { results } else { [] as [Delivered] } }
  }
  private func kept(_ actions: [WorkerCore.Action]) -> [Delivered] {
    actions.flatMap { action in if case .spool(let results) = action { results } else { [] as [Delivered] } }
  }

  // MARK: Versions

  @Test("an older delta moves nothing back, a whole plan of another run does")
  func versions() {
    var core = core()
    let epoch: Int64 = 5 << 32
    answer(&core, delta(epoch + 10, whole: true, [assignment(1, version: epoch + 10), assignment(2)]), nowNs: second)
    answer(&core, delta(epoch + 4, [assignment(1, version: epoch + 4)]), nowNs: 2 * second)
    #expect(core.planVersion == epoch + 10)
    #expect(core.plan[MonitorID(1)]?.version == epoch + 10)
    // A new run, and one on an older state.
    for other in [epoch << 1, epoch >> 1] {
      answer(&core, delta(other + 3, whole: true, [assignment(1, version: other + 3)]), nowNs: 3 * second)
      #expect(core.planVersion == other + 3)
      #expect(core.plan.keys.map(\.raw) == [1] && core.plan[MonitorID(1)]?.version == other + 3)
    }
  }

  @Test("an absurd version is asked over again, without haste", arguments: [Int64.max, -1, Int64.min, 1 << 62])
  func absurd(_ version: Int64) {
    var core = core()
    answer(&core, delta(10, whole: true, [assignment(1)]), nowNs: second)
    let actions = answer(&core, delta(version, [assignment(2)]), nowNs: 2 * second)
    #expect(asked(actions).isEmpty)
    #expect(!said(actions).isEmpty)
    let later = core.handle(.timePassed, nowNs: 3 * second)
    #expect(asked(later) == [0])
    answer(&core, delta(11, whole: true, [assignment(1), assignment(2)]), nowNs: 4 * second)
    #expect(core.planVersion == 11)
  }

  @Test("a monitor that changed under the same number is read anew")
  func changed() throws {
    var core = core()
    let first = assignment(1, version: 7, url: "http://127.0.0.1:1/old")
    answer(&core, delta(10, whole: true, [first]), nowNs: second, jobs: [offer(first)])
    #expect(core.targets[MonitorID(1)] != nil)
    answer(
      &core, delta(4, whole: true, [assignment(1, version: 7, url: "http://127.0.0.1:1/new")]), nowNs: 2 * second)
    #expect(core.targets[MonitorID(1)] == nil)
  }

  // MARK: Refusing

  @Test("a refused monitor is told once, counted, not looked at, and taken up again when it can be done")
  func refused() {
    var core = core()
    var plan = delta(10, whole: true, [assignment(1), assignment(2)])
    answer(&core, plan, nowNs: second)
    plan = delta(11, [])
    plan.refused = [Refusal(monitor: MonitorID(2), name: "mon_two", reason: "/type icmp is not known here")]
    #expect(
      said(answer(&core, plan, nowNs: 2 * second)) == ["the monitor mon_two is refused: /type icmp is not known here"])
    plan.version = 12
    #expect(said(answer(&core, plan, nowNs: 3 * second)).isEmpty)
    #expect(core.report.refused == 1)
    #expect(core.plan.keys.map(\.raw) == [1], "what it was before is not done either")
    answer(&core, delta(13, [assignment(2, version: 13)]), nowNs: 4 * second)
    #expect(core.report.refused == 0 && core.plan.count == 2)
    plan.version = 14
    answer(&core, plan, nowNs: 5 * second)
    answer(&core, delta(15, whole: true, [assignment(1)]), nowNs: 6 * second)
    #expect(core.report.refused == 0, "it is gone")
  }

  @Test("a job that cannot be done is handed back with a reason, whichever way that shows")
  func handedBack() throws {
    var core = core()
    let good = assignment(1)
    let known = offer(good).job.id
    var answer = JobsAnswer(serverTime: start + 1000)
    let why = Refusal(monitor: MonitorID(1), name: "mon_one", reason: "/type icmp is not known here")
    answer.refused = [
      RefusedJob(text: known.text, generation: Generation(raw: 77), refusal: why),
      RefusedJob(text: "job_9.1.1.1", generation: Generation(raw: 78), refusal: why),
      RefusedJob(text: "job_1.1.1.1", generation: nil, refusal: why),
    ]
    answer.jobs = [offer(assignment(2, url: "gopher://x"))]
    var actions = core.handle(.polled(answer, askedNs: second), nowNs: second)
    actions += core.handle(.timePassed, nowNs: 2 * second)
    let back = delivered(actions)
    #expect(back.map(\.job.monitor.raw) == [1, 2])
    #expect(back.allSatisfy { $0.content == .missed(.workerOffline) && $0.generation != nil })
    #expect(core.report.refusedJobs == 4)
    #expect(!actions.contains { if case .start = $0 { true } else { false } })
  }

  // MARK: Memory

  /// A failing attempt with so much evidence.
  private func report(_ token: UInt64, bytes: Int, _ reason: FailureReason, nowNs: UInt64) -> ProbeReport {
    var seen = Observation(startedAt: start)
    seen.failure = Failure(reason, .connect, "no")
    var evidence = Evidence()
    evidence.bodyExcerpt = String(repeating: "x", count: bytes)
    seen.evidence = evidence
    return ProbeReport(
      token: token, attempt: 0, isFinal: true, startedNs: nowNs, lateMs: 0, status: .down, observation: seen)
  }

  @Test("results in memory are bounded by their bytes, not only by their number")
  func bytes() {
    var core = core { $0.pendingBytesMax = 100_000 }
    let one = assignment(1)
    var actions = answer(&core, nil, nowNs: second, jobs: (0..<40).map { offer(one, at: $0) })
    // Nobody answers for what was sent, so that all waits.
    for token in 1...40 as ClosedRange<UInt64> {
      actions += core.handle(
        .reported([report(token, bytes: 9000, .statusCode, nowNs: second)]), nowNs: 2 * second)
      #expect(core.pending.weight <= 110_000)
      #expect(core.pendingBytes == core.pending.weight)
    }
    #expect(kept(actions).count >= 20)
  }

  @Test("doubts are bounded by their number and their bytes", arguments: [(10, 1 << 30), (4000, 50_000)])
  func doubts(_ most: Int, _ bytes: Int) {
    var core = core {
      $0.pendingMax = most
      $0.pendingBytesMax = bytes
      $0.canaries = ["http://127.0.0.1:9/"]
    }
    let one = assignment(1)
    answer(&core, nil, nowNs: second, jobs: (0..<40).map { offer(one, at: $0) })
    for token in 1...40 as ClosedRange<UInt64> {
      _ = core.handle(.reported([report(token, bytes: 9000, .connectTimeout, nowNs: second)]), nowNs: 2 * second)
      #expect(core.doubted.count <= most && core.doubted.weight <= bytes)
      #expect(core.doubtedBytes == core.doubted.weight)
    }
  }

  @Test("what the disk says is what is told of it")
  func spooled() {
    var core = core()
    core.holds(12)
    var told = WorkerReport()
    core.observe { told = $0 }
    #expect(told.spooled == 12 && core.spooled == 12)
    core.holds(0)
    let actions = answer(&core, nil, nowNs: 2 * second)
    #expect(!actions.contains { if case .readSpool = $0 { true } else { false } })
  }

  // MARK: Canaries

  @Test(
    "canaries are addresses that can be looked at, private ones among them, and not too many",
    arguments: [
      ("https://example.com/", true), ("http://127.0.0.1:8080/health,http://10.0.0.1/", true), ("", false),
      (",", false), ("example.com", false), ("https://a.example/, https://b.example/", false),
      ("ftp://a.example/", false),
      (Array(repeating: "http://a.example/", count: 9).joined(separator: ","), false),
    ])
  func canaries(_ text: String, _ isGood: Bool) {
    #expect((Canaries.problem(text) == nil) == isGood, "\(text): \(Canaries.problem(text) ?? "")")
  }

  // MARK: Metrics

  @Test("each number is told in both formats")
  func metrics() {
    var sight = Worker.Sight()
    (sight.report.forgotten, sight.report.torn, sight.report.refused) = (3, 4, 5)
    let plain = WorkerMetrics(sight, isOpenMetrics: false)
    let open = WorkerMetrics(sight, isOpenMetrics: true)
    for text in [plain.text, open.text] {
      #expect(text.contains("\nmartlet_worker_forgotten_results_total 3\n"))
      #expect(text.contains("\nmartlet_worker_torn_records_total 4\n"))
      #expect(text.contains("\nmartlet_worker_refused_assignments 5\n"))
    }
    #expect(plain.text.contains("# TYPE martlet_worker_torn_records_total counter\n") && !plain.text.contains("EOF"))
    #expect(open.text.contains("# TYPE martlet_worker_torn_records counter\n") && open.text.hasSuffix("# EOF\n"))
  }
}
