import Domain
import Probe
import Testing
import Wire

@testable import Worker

@Suite("what a worker does next")
struct WorkerCoreTests {
  private let second: UInt64 = 1_000_000_000
  private let start = Instant(ms: 1_795_000_000_000)

  /// A worker whose monotonic clock began with the server's at `start`, after its first answer.
  private final class Bench {
    var core: WorkerCore
    var nowNs: UInt64 = 1_000_000_000
    let start: Instant

    init(_ start: Instant, _ change: (inout WorkerCore.Configuration) -> Void = { _ in }) {
      var configuration = WorkerCore.Configuration()
      change(&configuration)
      core = WorkerCore(configuration: configuration, worker: .embedded, spooled: 0, seed: 7)
      self.start = start
    }

    var now: Instant { start + Int64(nowNs / 1_000_000) - 1000 }

    func send(_ event: WorkerCore.Event) -> [WorkerCore.Action] { core.handle(event, nowNs: nowNs) }

    /// Time passes in the steps of the real one.
    func wait(ms: Int) -> [WorkerCore.Action] {
      var out: [WorkerCore.Action] = []
      for _ in 0..<ms / 50 {
        nowNs += 50_000_000
        out += send(.timePassed)
      }
      return out
    }

    @discardableResult
    func begin() -> [WorkerCore.Action] { send(.begin) }

    func answer(
      jobs: [OfferedJob] = [], plan: PlanDelta? = nil, share: JobsAnswer.Share = .init(index: 0, of: 1)
    ) -> [WorkerCore.Action] {
      var answer = JobsAnswer(serverTime: now)
      answer.jobs = jobs
      answer.plan = plan
      answer.share = share
      return send(.polled(answer, askedNs: nowNs))
    }
  }

  private func assignment(_ monitor: Int64, everyMs: Int64 = 5000) -> Assignment {
    var settings = MonitorSettings(name: "m", url: "http://127.0.0.1:1/\(monitor)")
    settings.intervalS = Int(everyMs / 1000)
    settings.timeoutMs = 1000
    settings.attempts = 1
    return Assignment(
      monitor: MonitorID(monitor), version: 1, settings: settings, allowsPrivate: true,
      plan: [
        PlanRow(
          id: 0, monitor: MonitorID(monitor), region: RegionID(2), from: start - Instant.hourMs, intervalMs: everyMs,
          phaseMs: monitor * 100 % everyMs)
      ])
  }

  private func offer(_ monitor: Int64, due: Instant, generation: UInt32 = 1) -> OfferedJob {
    let id = JobID(monitor: MonitorID(monitor), region: RegionID(2), trigger: .schedule, mark: due.ms)
    let job = Job(id: id, due: due, budgetMs: 1000)
    return OfferedJob(
      job: job, generation: Generation(epoch: 1, number: generation), leaseUntil: due + job.leaseMs,
      assignment: assignment(monitor))
  }

  private func report(_ token: UInt64, _ bench: Bench, _ failure: Failure? = nil) -> ProbeReport {
    var seen = Observation(startedAt: Instant(ms: 5))
    seen.failure = failure
    return ProbeReport(
      token: token, attempt: 0, isFinal: true, startedNs: bench.nowNs, lateMs: 0, status: failure == nil ? .up : .down,
      observation: seen)
  }

  private func started(_ actions: [WorkerCore.Action]) -> [ProbeRun] {
    actions.flatMap { action in if case .start(let runs) = action { runs } else { [] as [ProbeRun] } }
  }
  private func deliveries(_ actions: [WorkerCore.Action]) -> [(batch: Int, results: [Delivered])] {
    actions.compactMap { if case .deliver(let batch, let results) = $0 { (batch, results) } else { nil } }
  }
  private func spooled(_ actions: [WorkerCore.Action]) -> [Delivered] {
    actions.flatMap { action in if case .spool(let results) = action { results } else { [] as [Delivered] } }
  }
  private func polls(_ actions: [WorkerCore.Action]) -> Int {
    actions.count { if case .poll = $0 { true } else { false } }
  }

  @Test("a job starts at its due time by the server's clock, and once however often it is offered")
  func due() throws {
    let bench = Bench(start)
    bench.begin()
    let job = offer(1, due: bench.now + 3000)
    let run = try #require(started(bench.answer(jobs: [job])).first)
    #expect(run.dueNs == bench.nowNs + 3 * second)
    #expect(started(bench.answer(jobs: [job])).isEmpty)
  }

  @Test("results go out after a tenth of a second, with their generation and the server's time")
  func delivering() throws {
    let bench = Bench(start)
    bench.begin()
    let run = try #require(started(bench.answer(jobs: [offer(1, due: bench.now)])).first)
    var actions = bench.send(.reported([report(run.token, bench)]))
    #expect(deliveries(actions).isEmpty)
    let began = bench.now
    actions = bench.wait(ms: 100)
    let batch = try #require(deliveries(actions).first)
    let result = try #require(batch.results.first)
    #expect(result.generation == Generation(epoch: 1, number: 1))
    guard case .attempt(0, true, .up, let seen) = result.content else { return #expect(Bool(false)) }
    #expect(seen.startedAt == began)
    #expect(deliveries(bench.wait(ms: 1000)).isEmpty)
  }

  @Test("what was not answered is sent again, in order")
  func again() throws {
    let bench = Bench(start)
    bench.begin()
    let runs = started(bench.answer(jobs: [offer(1, due: bench.now), offer(2, due: bench.now)]))
    _ = bench.send(.reported([report(runs[0].token, bench)]))
    let first = try #require(deliveries(bench.wait(ms: 100)).first)
    _ = bench.send(.deliveryFailed(batch: first.batch, .away))
    _ = bench.send(.reported([report(runs[1].token, bench)]))
    let second = try #require(deliveries(bench.wait(ms: 2000)).first)
    #expect(second.results.map(\.job.monitor.raw) == [1, 2])
  }

  @Test("what will never be taken is given up, so that the rest goes on")
  func refused() throws {
    let bench = Bench(start)
    bench.begin()
    let runs = started(bench.answer(jobs: [offer(1, due: bench.now), offer(2, due: bench.now)]))
    _ = bench.send(.reported([report(runs[0].token, bench)]))
    let first = try #require(deliveries(bench.wait(ms: 100)).first)
    _ = bench.send(.deliveryFailed(batch: first.batch, .refused))
    _ = bench.send(.reported([report(runs[1].token, bench)]))
    let second = try #require(deliveries(bench.wait(ms: 200)).first)
    #expect(second.results.map(\.job.monitor.raw) == [2])
    #expect(bench.core.report.rejected == 1)
    var answer = DeliveryAnswer()
    answer.rejected = [.init(job: second.results[0].job.text, code: "unknown_job")]
    _ = bench.send(.delivered(batch: second.batch, answer))
    #expect(bench.core.report.rejected == 2)
  }

  @Test("what is too much at once is halved until it goes through, and nothing of it is lost")
  func halving() throws {
    let bench = Bench(start)
    bench.begin()
    let runs = started(bench.answer(jobs: (1...8).map { offer($0, due: bench.now) }))
    _ = bench.send(.reported(runs.map { report($0.token, bench) }))
    var taken: [Int64] = []
    var actions = bench.wait(ms: 200)
    for _ in 0..<20 {
      var next: [WorkerCore.Action] = []
      for (batch, results) in deliveries(actions) {
        let fits = results.count <= 2
        if fits { taken += results.map(\.job.monitor.raw) }
        next += bench.send(fits ? .delivered(batch: batch, DeliveryAnswer()) : .deliveryFailed(batch: batch, .refused))
      }
      actions = next + bench.wait(ms: 200)
    }
    #expect(taken == Array(1...8))
  }

  @Test("without canaries a failure waits for a word of the control plane; without one it is the network's here")
  func lonely() throws {
    for answers in [true, false] {
      let bench = Bench(start)
      bench.begin()
      let run = try #require(started(bench.answer(jobs: [offer(1, due: bench.now)])).first)
      bench.nowNs += second
      var actions = bench.send(.reported([report(run.token, bench, Failure(.connectTimeout, .connect, "no answer"))]))
      #expect(actions.contains { if case .renew(let refs) = $0 { refs.isEmpty } else { false } })
      bench.nowNs += second / 100
      if answers { actions = bench.send(.renewed([], lost: [])) } else { actions = bench.send(.renewFailed([])) }
      for _ in 0..<12 {
        if !answers { actions += bench.send(.renewFailed([])) }
        actions += bench.wait(ms: 1000)
      }
      let said = deliveries(actions).flatMap(\.results) + spooled(actions)
      let isDown = said.contains { if case .attempt(_, _, .down, _) = $0.content { true } else { false } }
      #expect(isDown == answers)
      #expect(said.contains { $0.content == .missed(.regionSuspect) } == !answers)
    }
  }

  @Test("without an answer it does its share of the plan itself, and keeps the results on disk without a lease")
  func away() throws {
    let bench = Bench(start)
    bench.begin()
    var plan = PlanDelta()
    plan.isWhole = true
    plan.assignments = (1...40).map { assignment($0) }
    _ = bench.answer(plan: plan, share: .init(index: 1, of: 2))
    let lost = bench.now
    var runs: [ProbeRun] = []
    var kept: [Delivered] = []
    for _ in 0..<30 {
      _ = bench.send(.pollFailed(.away))
      let actions = bench.wait(ms: 1000)
      let begun = started(actions)
      runs += begun
      kept += spooled(actions) + spooled(bench.send(.reported(begun.map { report($0.token, bench) })))
    }
    #expect(bench.core.isAway)
    // Nobody else is asked to do these: half of forty monitors every five seconds, from where the control plane's own
    // jobs ended.
    let dues = runs.map { bench.now + Int64(bitPattern: ($0.dueNs &- bench.nowNs)) / 1_000_000 }
    #expect(dues.allSatisfy { $0 >= lost + Limits.jobsAheadMs })
    #expect(Set(runs.map(\.target.settings.url)).count > 10 && Set(runs.map(\.target.settings.url)).count < 30)
    #expect(kept.count > runs.count / 2)
    #expect(kept.allSatisfy { $0.generation == nil })
    #expect(Set(kept.map(\.job)).count == kept.count)
  }

  @Test("it asks again later and later while nobody answers, at once when somebody did")
  func backOff() {
    let bench = Bench(start)
    bench.begin()
    var asked: [Int] = []
    for _ in 0..<4 {
      var polled = 0
      for _ in 0..<15 {
        let actions = bench.send(.pollFailed(.away)) + bench.wait(ms: 1000)
        polled += polls(actions)
      }
      asked.append(polled)
    }
    #expect(asked[0] > asked[3] && asked[3] <= 3, "\(asked)")
    #expect(polls(bench.answer()) == 1)
  }

  @Test("a revoked worker ends at once and begins nothing more")
  func revoked() {
    let bench = Bench(start)
    bench.begin()
    _ = bench.answer(jobs: [offer(1, due: bench.now + 3000)])
    let actions = bench.send(.pollFailed(.revoked))
    #expect(actions.contains { if case .end(.some) = $0 { true } else { false } })
    #expect(actions.contains { if case .cancel(let tokens) = $0 { tokens.count == 1 } else { false } })
    #expect(bench.wait(ms: 5000).isEmpty)
  }

  @Test("a revoked worker leaves on its disk what nobody took yet")
  func revokedKeeps() throws {
    for isDelivery in [false, true] {
      let bench = Bench(start)
      bench.begin()
      let runs = started(bench.answer(jobs: (1...3).map { offer($0, due: bench.now) }))
      _ = bench.send(.reported([report(runs[0].token, bench)]))
      let sent = try #require(deliveries(bench.wait(ms: 100)).first)
      _ = bench.send(.reported([report(runs[1].token, bench)]))
      _ = bench.send(.reported([report(runs[2].token, bench, Failure(.connectTimeout, .connect, "no answer"))]))
      let actions = bench.send(isDelivery ? .deliveryFailed(batch: sent.batch, .revoked) : .pollFailed(.revoked))
      let kept = spooled(actions)
      #expect(kept.map(\.job.monitor.raw) == [1, 2, 3])
      #expect(kept.allSatisfy { $0.generation == nil } && kept.last?.content == .missed(.regionSuspect))
      #expect(bench.core.giveUp().isEmpty)
    }
  }

  @Test("a lease is renewed in its second half; a lost one ends the run")
  func renewing() throws {
    let bench = Bench(start)
    bench.begin()
    _ = bench.answer(jobs: [offer(1, due: bench.now)])
    func renewals(_ actions: [WorkerCore.Action]) -> [LeaseRef] {
      actions.flatMap { action in if case .renew(let refs) = action { refs } else { [] as [LeaseRef] } }
    }
    #expect(renewals(bench.wait(ms: 6000)).isEmpty)
    _ = bench.answer()
    let refs = renewals(bench.wait(ms: 4000))
    #expect(refs.count == 1)
    let actions = bench.send(.renewed(refs, lost: refs))
    #expect(actions.contains { if case .cancel(let tokens) = $0 { tokens.count == 1 } else { false } })
  }

  @Test("a failure that the canaries share is the network's here: the slot is missed, not down")
  func canaries() throws {
    let bench = Bench(start) { $0.canaries = ["http://127.0.0.1:2/"] }
    let begun = started(bench.begin()) + started(bench.answer(jobs: [offer(1, due: bench.now)]))
    let run = try #require(begun.first { !Canary.isToken($0.token) })
    let refused = Failure(.connectTimeout, .connect, "no answer")
    // The canary's first look is old by then: the failure waits for a new one.
    let first = try #require(begun.first { Canary.isToken($0.token) })
    _ = bench.send(.reported([report(first.token, bench)]))
    _ = bench.wait(ms: 6000)
    _ = bench.answer()
    let asked = started(bench.send(.reported([report(run.token, bench, refused)])))
    #expect(deliveries(bench.wait(ms: 500)).isEmpty)
    let canary = try #require(asked.first { Canary.isToken($0.token) })
    let actions = bench.send(.reported([report(canary.token, bench, refused)])) + bench.wait(ms: 200)
    #expect(deliveries(actions).flatMap(\.results).map(\.content) == [.missed(.regionSuspect)])
  }

  @Test("a name that nobody can look up here is missed at once, without asking anybody")
  func ownResolver() throws {
    let bench = Bench(start)
    bench.begin()
    let run = try #require(started(bench.answer(jobs: [offer(1, due: bench.now)])).first)
    var failed = report(run.token, bench, Failure(.dnsError, .dns, "no answer"))
    failed.isOwnTrouble = true
    _ = bench.send(.reported([failed]))
    let result = try #require(deliveries(bench.wait(ms: 100)).first?.results.first)
    #expect(result.content == .missed(.regionSuspect))
    #expect(result.generation == Generation(epoch: 1, number: 1))
  }

  @Test("what came from the target itself is never doubted")
  func certain() throws {
    let bench = Bench(start) { $0.canaries = ["http://127.0.0.1:2/"] }
    bench.begin()
    let run = try #require(started(bench.answer(jobs: [offer(1, due: bench.now)])).first { !Canary.isToken($0.token) })
    _ = bench.send(.reported([report(run.token, bench, Failure(.statusCode, .assertion, "500"))]))
    #expect(deliveries(bench.wait(ms: 200)).first?.results.count == 1)
  }

  @Test("what is spooled is delivered piece by piece, and the disk is emptied after the answer")
  func unspooling() throws {
    let bench = Bench(start)
    bench.core = WorkerCore(configuration: .init(), worker: .embedded, spooled: 3, seed: 7)
    var actions = bench.begin() + bench.answer()
    #expect(actions.contains { if case .readSpool = $0 { true } else { false } })
    let one = Delivered(
      job: offer(1, due: start).job.id, generation: nil, lateMs: 0, content: .missed(.spoolFull))
    actions = bench.send(.spoolRead([one, one, one], mark: 4))
    let batch = try #require(deliveries(actions).first)
    #expect(!actions.contains { if case .emptySpool = $0 { true } else { false } })
    actions = bench.send(.delivered(batch: batch.batch, DeliveryAnswer()))
    #expect(actions.contains { if case .emptySpool(mark: 4) = $0 { true } else { false } })
    #expect(bench.core.spooled == 0)
  }

  @Test("a leaving worker ends when what it began is delivered")
  func leaving() throws {
    let bench = Bench(start)
    bench.begin()
    let runs = started(bench.answer(jobs: [offer(1, due: bench.now), offer(2, due: bench.now + 4000)]))
    var actions = bench.send(.leave)
    #expect(actions.contains { if case .cancel(let tokens) = $0 { tokens == [runs[1].token] } else { false } })
    actions = bench.send(.reported([report(runs[0].token, bench)])) + bench.wait(ms: 100)
    let batch = try #require(deliveries(actions).first)
    actions = bench.send(.delivered(batch: batch.batch, DeliveryAnswer()))
    #expect(actions.contains { if case .end(.none) = $0 { true } else { false } })
  }

  @Test("a plan in pieces forgets what it did not name, and learns what changed")
  func plan() {
    let bench = Bench(start)
    bench.begin()
    var first = PlanDelta()
    first.isWhole = true
    first.assignments = [assignment(1), assignment(2)]
    _ = bench.answer(plan: first)
    var piece = PlanDelta()
    piece.isWhole = true
    piece.assignments = [assignment(2)]
    piece.hasMore = true
    _ = bench.answer(plan: piece)
    #expect(bench.core.plan.count == 2)
    var rest = PlanDelta()
    rest.assignments = [assignment(3)]
    rest.version = 9
    _ = bench.answer(plan: rest)
    #expect(bench.core.plan.keys.sorted().map(\.raw) == [2, 3])
    #expect(bench.core.planVersion == 9)
    var delta = PlanDelta()
    delta.removed = [MonitorID(2)]
    delta.version = 10
    _ = bench.answer(plan: delta)
    #expect(bench.core.plan.keys.map(\.raw) == [3])
  }
}
