import Domain
import JSON
import Testing
import Wire

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("Stand-ins")
struct StandInTests {
  private static let fra = RegionID(50)
  private static let own = RegionID(51)
  private static let standIn = RegionID(60)
  private static let here = WorkerID(8)
  private static let elsewhere = WorkerID(9)

  private let world: WatchWorld
  private var engine: Engine { world.engine }

  init() async throws {
    world = try await WatchWorld()
    try await world.region(Self.fra, "fra")
    try await world.region(Self.own, "own", of: 1)
    try await world.region(Self.standIn, StandIn.name)
  }

  private func monitor(_ name: String, in region: String = "fra", allows: Bool) async throws -> MonitorID {
    try await world.monitor(name, url: "http://\(name).test/", intervalS: 10, attempts: 1) {
      $0.recoveryChecks = 1
      $0.regions = [region]
      $0.allowsStandIn = allows
    }
  }

  private func ask(_ worker: WorkerID, _ region: RegionID) async throws -> JobsAnswer {
    var asked = JobsRequest()
    asked.planVersion = 0
    let bytes = try #require(await engine.claim(asked, for: worker, in: region))
    return try JobsAnswer(try JSON(parsing: bytes), region: region) { _, _ in nil }
  }

  private func bring(
    _ job: OfferedJob, _ status: CheckStatus = .up, from worker: WorkerID, in region: RegionID
  ) async -> ReportAnswer? {
    var seen = Observation(startedAt: max(job.job.due, world.test.clock.now - 100))
    seen.timing.totalUs = 20_000
    if status == .down {
      seen.failure = Failure(.connectRefused, .connect, "refused")
      seen.evidence = Evidence()
    }
    let one = Delivered(
      job: job.job.id, generation: job.generation, lateMs: 0,
      content: .attempt(0, isFinal: true, status, seen))
    return await engine.deliver([one], from: worker, in: region).first
  }

  /// Goes on for so long with the stand-in, which answers everything it is given that is due.
  private func standIn(seconds: Int, _ status: CheckStatus = .up) async throws -> [JobsAnswer] {
    var answers: [JobsAnswer] = []
    var held: [OfferedJob] = []
    for _ in 0..<seconds {
      try await world.run(seconds: 1)
      let answer = try await ask(Self.elsewhere, Self.standIn)
      answers.append(answer)
      held += answer.jobs
      let due = held.filter { $0.job.due <= world.test.clock.now }
      held.removeAll { $0.job.due <= world.test.clock.now }
      for job in due { #expect(await bring(job, status, from: Self.elsewhere, in: Self.standIn) == .accepted) }
    }
    return answers
  }

  @Test("look for a region without a worker, for monitors that allow it, and are given no plan")
  func looks() async throws {
    try await world.start()
    let lent = try await monitor("lent", allows: true)
    let kept = try await monitor("kept", allows: false)
    try await world.heard()
    let before = try await standIn(seconds: 25)
    #expect(before.allSatisfy { $0.jobs.isEmpty }, "the region's own worker may still find back after the start")
    let answers = try await standIn(seconds: 30)
    let jobs = answers.flatMap(\.jobs)
    #expect(jobs.count >= 2 && jobs.allSatisfy { $0.job.id.monitor == lent && $0.job.id.region == Self.fra })
    #expect(jobs.allSatisfy { $0.assignment.plan.isEmpty })
    #expect(answers.allSatisfy { $0.plan?.assignments.isEmpty ?? true })
    #expect(try await world.status(lent) == .up)
    #expect(try await world.status(kept) != .up)
    let stored = try await world.count("SELECT count(*) FROM result_log WHERE region_id = 50 AND worker_id = 9")
    #expect(stored == jobs.count { $0.job.due <= world.test.clock.now })
    #expect(try await world.count("SELECT count(*) FROM result_log WHERE region_id = 60") == 0)
  }

  @Test("end as soon as the region has a worker again, and their failures are told as theirs")
  func givesWay() async throws {
    try await world.start()
    let lent = try await monitor("lent", allows: true)
    try await world.heard()
    _ = try await standIn(seconds: 45, .down)
    #expect(try await world.status(lent) == .down)
    #expect(
      try await world.count("SELECT count(*) FROM evidence WHERE body LIKE '%\"stand_in\":9%'") > 0)
    _ = try await ask(Self.here, Self.fra)
    var held: [OfferedJob] = []
    for _ in 0..<15 {
      try await world.run(seconds: 1)
      #expect(try await ask(Self.elsewhere, Self.standIn).jobs.isEmpty)
      held += try await ask(Self.here, Self.fra).jobs
      for job in held where job.job.due <= world.test.clock.now {
        #expect(await bring(job, from: Self.here, in: Self.fra) == .accepted)
      }
      held.removeAll { $0.job.due <= world.test.clock.now }
    }
    #expect(try await world.status(lent) == .up)
  }

  @Test("may not answer for a monitor that does not allow it, nor for a region that it does not name")
  func lies() async throws {
    try await world.start()
    _ = try await monitor("lent", allows: true)
    let kept = try await monitor("kept", allows: false)
    try await world.heard()
    let jobs = try await standIn(seconds: 45).flatMap(\.jobs)
    var job = try #require(jobs.last)
    for (monitor, region) in [(kept, Self.fra), (job.job.id.monitor, Self.own)] {
      let id = JobID(monitor: monitor, region: region, trigger: .schedule, mark: job.job.id.mark)
      job.job = Job(id: id, due: job.job.due, budgetMs: job.job.budgetMs)
      #expect(await bring(job, .down, from: Self.elsewhere, in: Self.standIn) == .rejected)
    }
  }

  @Test("look for a private region only where its organization may check private addresses")
  func privateRegion() async throws {
    _ = try await world.test.store.write { db in
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (2, 'org_2', 'I', 'i', 0, 0)"
      )
    }
    try await world.start()
    _ = try await monitor("lent", in: "own", allows: true)
    try await world.heard()
    #expect(try await standIn(seconds: 45).allSatisfy { $0.jobs.isEmpty })
  }
}
