import Domain
import Testing

@testable import Engine

/// What every queue of jobs must keep to, whatever it stands on: run it with a maker of empty queues.
struct QueueContract {
  let make: @Sendable () async throws -> any JobQueue
  let region = RegionID(1)
  let here = WorkerID(1)
  let there = WorkerID(2)
  let start = Instant(ms: 1_790_000_000_000)

  func job(_ monitor: Int64 = 1, due: Int64 = 0, budgetMs: Int32 = 1000) -> Job {
    Job(
      id: JobID(monitor: MonitorID(monitor), region: region, trigger: .schedule, mark: (start + due).ms),
      due: start + due, budgetMs: budgetMs)
  }

  func emittingTwiceIsOnce() async throws {
    let queue = try await make()
    try await queue.emit([job(), job()], now: start)
    try await queue.emit([job()], now: start)
    #expect(try await queue.claim(region: region, worker: here, max: 10, now: start).count == 1)
    try await queue.complete([job().id], now: start)
    try await queue.emit([job()], now: start)
    #expect(try await queue.claim(region: region, worker: here, max: 10, now: start).isEmpty)
  }

  func earliestFirstAndNoMoreThanAsked() async throws {
    let queue = try await make()
    try await queue.emit([job(3, due: 300), job(1, due: 100), job(2, due: 200)], now: start)
    let first = try await queue.claim(region: region, worker: here, max: 2, now: start)
    #expect(first.map(\.job.id.monitor.raw) == [1, 2])
    #expect(try await queue.claim(region: RegionID(2), worker: here, max: 2, now: start).isEmpty)
    #expect(try await queue.claim(region: region, worker: there, max: 2, now: start).map(\.job.id.monitor.raw) == [3])
  }

  func eachLeaseHasAHigherGeneration() async throws {
    let queue = try await make()
    try await queue.emit([job()], now: start)
    let first = try #require(try await queue.claim(region: region, worker: here, max: 1, now: start).first)
    let later = first.until + 1
    #expect(try await queue.advance(now: later).isEmpty)
    // Its time is over, but nobody else holds it: what the first one brings counts still.
    #expect(try await queue.standing(of: [first.ref]) == [.current])
    let second = try #require(try await queue.claim(region: region, worker: there, max: 1, now: later).first)
    #expect(second.generation > first.generation)
    #expect(try await queue.standing(of: [first.ref, second.ref]) == [.superseded, .current])
    // Nor does the first one's word count again once the job is over.
    try await queue.complete([job().id], now: later)
    _ = try await queue.advance(now: later + 60_000)
    #expect(try await queue.standing(of: [first.ref, second.ref]) == [.superseded, .unknown])
  }

  func renewedLeasesLastAndLostOnesAreNamed() async throws {
    let queue = try await make()
    try await queue.emit([job(budgetMs: 60_000)], now: start)
    let lease = try #require(try await queue.claim(region: region, worker: here, max: 1, now: start).first)
    let half = start + (lease.until - start) / 2
    #expect(try await queue.renew([lease.ref], now: half).isEmpty)
    #expect(try await queue.advance(now: lease.until + 1).isEmpty)
    #expect(try await queue.standing(of: [lease.ref]) == [.current])
    try await queue.complete([lease.job.id], now: half)
    #expect(try await queue.renew([lease.ref], now: half) == [lease.ref])
    #expect(try await queue.standing(of: [lease.ref]) == [.unknown])
  }

  func whatNobodyTookClosesAsOfflineAndWhatWasLostAsLost() async throws {
    let queue = try await make()
    try await queue.emit([job(1), job(2)], now: start)
    _ = try await queue.claim(region: region, worker: here, max: 1, now: start)
    var closed: [ClosedJob] = []
    for second in stride(from: Int64(0), through: 120_000, by: 1000) {
      closed += try await queue.advance(now: start + second)
    }
    #expect(Set(closed.map(\.job.id.monitor.raw)) == [1, 2])
    #expect(closed.first { $0.job.id.monitor.raw == 2 }?.reason == .workerOffline)
    #expect(closed.first { $0.job.id.monitor.raw == 1 }?.reason == .workerLost)
    #expect(try await queue.claim(region: region, worker: here, max: 9, now: start + 120_000).isEmpty)
  }

  func aRefusedJobIsForTheOthers() async throws {
    let queue = try await make()
    try await queue.emit([job()], now: start)
    let both: Set = [here, there]
    func lease(_ worker: WorkerID) async throws -> LeaseRef? {
      try await queue.claim(region: region, worker: worker, max: 9, now: start).first?.ref
    }
    let first = try #require(try await lease(here))
    // Nobody else is there, or it is not theirs to refuse.
    #expect(try await !queue.refuse(first, others: [here], now: start))
    #expect(try await !queue.refuse(first, others: [], now: start))
    let others = LeaseRef(job: first.job, generation: first.generation, worker: there)
    #expect(try await !queue.refuse(others, others: both, now: start))
    #expect(try await queue.standing(of: [first]) == [.current])
    // Said once or twice, it is the other one's, and never again the first one's.
    for _ in 1...2 { #expect(try await queue.refuse(first, others: both, now: start)) }
    #expect(try await lease(here) == nil)
    let second = try #require(try await lease(there))
    #expect(second.generation > first.generation)
    #expect(try await queue.standing(of: [first, second]) == [.superseded, .current])
    #expect(try await !queue.refuse(second, others: both, now: start), "both refused it")
    // Once it began anew it may be another version.
    try await queue.handBack(worker: here, isLost: false, now: start)
    #expect(try await queue.refuse(second, others: both, now: start))
    #expect(try await lease(here)?.job == first.job)
    try await queue.complete([first.job], now: start)
    // Three leases at most, however many there are to ask.
    try await queue.emit([job(2)], now: start)
    let all = Set((1...9).map { WorkerID($0) })
    var handedOn = 0
    for worker in all.sorted() {
      guard let ref = try await lease(worker), ref.job.monitor.raw == 2 else { break }
      if try await queue.refuse(ref, others: all, now: start) { handedOn += 1 }
    }
    #expect(handedOn == Limits.leasesPerJobMax - 1)
    try await queue.complete([job(2).id], now: start)
    // What was refused and not taken was not lost.
    try await queue.emit([job(3)], now: start)
    #expect(try await queue.refuse(try #require(try await lease(here)), others: both, now: start))
    let end = job(3).closesAt + 1
    #expect(try await queue.advance(now: end).map(\.reason) == [.workerOffline])
  }

  func aJobIsLeasedThreeTimesAtMost() async throws {
    let queue = try await make()
    // Long enough to be leased again and again before its slot closes.
    let job = Job(
      id: JobID(monitor: MonitorID(1), region: region, trigger: .schedule, mark: start.ms), due: start + 600_000,
      budgetMs: 1000)
    try await queue.emit([job], now: start)
    var leases = 0
    var now = start
    var closed: [ClosedJob] = []
    while closed.isEmpty, now < start + 3_600_000 {
      leases += try await queue.claim(region: region, worker: here, max: 1, now: now).count
      now = now + 1000
      closed = try await queue.advance(now: now)
    }
    #expect(leases <= Limits.leasesPerJobMax)
    #expect(closed.first?.reason == .workerLost)
  }

  func aLeavingWorkerHandsBack() async throws {
    let queue = try await make()
    try await queue.emit([job(1), job(2)], now: start)
    _ = try await queue.claim(region: region, worker: here, max: 1, now: start)
    try await queue.handBack(worker: here, isLost: false, now: start)
    #expect(try await queue.claim(region: region, worker: there, max: 9, now: start).count == 2)
  }

  func onlyWhatAllowsItIsLent() async throws {
    let queue = try await make()
    let lent = Job(id: job(2).id, due: start, budgetMs: 1000, allowsStandIn: true)
    try await queue.emit([job(1), lent], now: start)
    #expect(try await queue.ready(in: region) == 2)
    #expect(try await queue.lendable(in: region) == 1)
    let taken = try await queue.lend(region: region, worker: there, max: 9, now: start)
    #expect(taken.map(\.job.id.monitor.raw) == [2])
    #expect(try await queue.claim(region: region, worker: here, max: 9, now: start).map(\.job.id.monitor.raw) == [1])
    #expect(try await queue.standing(of: taken.map(\.ref)) == [.current])
    try await queue.handBack(worker: there, isLost: false, now: start)
    #expect(try await queue.claim(region: region, worker: here, max: 9, now: start).map(\.job.id.monitor.raw) == [2])
    #expect(try await queue.lend(region: region, worker: there, max: 9, now: start).isEmpty)
    _ = try await queue.advance(now: start + 1)
    #expect(try await queue.lendable(in: region) == 0)
    #expect(try await queue.ready(in: region) == 0)
  }

  func whatNobodyClaimsPilesUpNowhere() async throws {
    let queue = try await make()
    for n in 0..<50 as Range<Int64> { try await queue.emit([job(n, due: n)], now: start) }
    for second in stride(from: Int64(0), through: 120_000, by: 1000) {
      _ = try await queue.advance(now: start + second)
    }
    #expect(try await queue.ready(in: region) == 0)
  }

  func anEditTakesBackWhatIsStillToCome() async throws {
    let queue = try await make()
    try await queue.emit([job(1, due: 0), job(1, due: 60_000), job(2, due: 60_000)], now: start)
    try await queue.withdraw(MonitorID(1), from: start + 1)
    let left = try await queue.claim(region: region, worker: here, max: 9, now: start)
    #expect(left.map { ($0.job.due - start) } == [0, 60_000])
    #expect(left.last?.job.id.monitor == MonitorID(2))
  }
}

@Suite("The queue in memory")
struct MemoryQueueTests {
  private let contract = QueueContract { MemoryQueue(epoch: 1) }

  @Test("emitting twice is once") func once() async throws { try await contract.emittingTwiceIsOnce() }
  @Test("the earliest due comes first, no more than asked")
  func order() async throws { try await contract.earliestFirstAndNoMoreThanAsked() }
  @Test("each lease has a higher generation than the one before")
  func generations() async throws { try await contract.eachLeaseHasAHigherGeneration() }
  @Test("a renewed lease lasts, a lost one is named")
  func renewal() async throws { try await contract.renewedLeasesLastAndLostOnesAreNamed() }
  @Test("what nobody took closes as offline, what was lost as lost")
  func closing() async throws { try await contract.whatNobodyTookClosesAsOfflineAndWhatWasLostAsLost() }
  @Test("a job that a worker cannot do is for the others") func refused() async throws {
    try await contract.aRefusedJobIsForTheOthers()
  }
  @Test("a job is leased three times at most") func three() async throws {
    try await contract.aJobIsLeasedThreeTimesAtMost()
  }
  @Test("a leaving worker hands back what it holds") func leaving() async throws {
    try await contract.aLeavingWorkerHandsBack()
  }
  @Test("a stand-in is given only what allows it") func lending() async throws {
    try await contract.onlyWhatAllowsItIsLent()
  }
  @Test("what nobody claims piles up nowhere") func noPile() async throws {
    try await contract.whatNobodyClaimsPilesUpNowhere()
  }
  @Test("an edit takes back what is still to come") func edit() async throws {
    try await contract.anEditTakesBackWhatIsStillToCome()
  }
}
