import Domain
import JSON
import Testing
import Wire

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("Jobs that a worker cannot do")
struct HandingOnTests {
  private static let fra = RegionID(50)
  private static let old = WorkerID(8)
  private static let new = WorkerID(9)

  private let world: WatchWorld
  private let monitor: MonitorID
  private var engine: Engine { world.engine }

  init() async throws {
    world = try await WatchWorld()
    try await world.region(Self.fra, "fra")
    monitor = try await world.monitor("m", url: "http://m.test/", intervalS: 10, attempts: 1) { $0.regions = ["fra"] }
  }

  private func ask(_ worker: WorkerID) async throws -> [OfferedJob] {
    let bytes = try #require(await engine.claim(JobsRequest(), for: worker, in: Self.fra))
    return try JobsAnswer(try JSON(parsing: bytes), region: Self.fra) { _, _ in nil }.jobs
  }

  private func refuse(_ job: OfferedJob, _ worker: WorkerID) async -> ReportAnswer? {
    let one = Delivered(
      job: job.job.id, generation: job.generation, lateMs: 0, content: .missed(RefusedJob.missed))
    return await engine.deliver([one], from: worker, in: Self.fra).first
  }

  /// The next scheduled job, in the hands of the old worker.
  private func nextJob() async throws -> OfferedJob {
    for _ in 0..<30 {
      try await world.run(seconds: 1)
      if let job = try await ask(Self.old).first(where: { $0.job.id.slot != nil }) { return job }
    }
    throw NoJob()
  }

  private struct NoJob: Error {}

  private func closed() async -> Int { await engine.statistics.missed[.workerOffline] ?? 0 }

  @Test("go to another worker of the region that may be newer, and not to the one that refused")
  func another() async throws {
    try await world.start()
    try await world.heard()
    _ = try await ask(Self.new)
    let job = try await nextJob()
    let before = await closed()
    // Twice, as when the answer was lost.
    for _ in 1...2 { #expect(await refuse(job, Self.old) == .accepted) }
    #expect(try await !ask(Self.old).contains { $0.job.id == job.job.id })
    let given = try #require(try await ask(Self.new).first { $0.job.id == job.job.id })
    #expect(given.generation > job.generation)
    #expect(await closed() == before)
    // Neither can do it: that is said, and once.
    #expect(await refuse(given, Self.new) == .accepted)
    #expect(await closed() == before + 1)
    #expect(try await !ask(Self.old).contains { $0.job.id == job.job.id })
  }

  @Test("end their slots where nobody else is there")
  func alone() async throws {
    try await world.start()
    try await world.heard()
    let job = try await nextJob()
    let before = await closed()
    #expect(await refuse(job, Self.old) == .accepted)
    #expect(await closed() == before + 1)
  }
}
