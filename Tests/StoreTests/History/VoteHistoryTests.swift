import Domain
import SQLite
import Testing

@testable import Store

@Suite("Votes over time")
struct VoteHistoryTests {
  private let start = HistoryWorld.midnight
  private let regions = [RegionID(1), RegionID(2), RegionID(3)]

  private func rules(intervalS: Int, attempts: Int = 1) -> VerdictRules {
    var settings = MonitorSettings(name: "m", url: "http://m.test/")
    settings.intervalS = intervalS
    settings.timeoutMs = 1000
    settings.attempts = attempts
    return VerdictRules(settings)
  }

  private func reports(
    _ id: MonitorID, every seconds: Int64, _ minutes: Range<Int64>, _ status: CheckStatus, _ region: RegionID
  )
    -> [RunReport]
  {
    stride(from: minutes.lowerBound * 60, to: minutes.upperBound * 60, by: Int(seconds)).map {
      HistoryWorld.report(id, slot: start + $0 * 1000, status: status, region: region)
    }
  }

  private func votes(_ history: VoteHistory, of region: RegionID) -> [String] {
    (history.regions.first { $0.region == region }?.spans ?? []).map {
      "\($0.vote.rawValue) \(($0.from - start) / 60_000)-\(($0.to - start) / 60_000)"
    }
  }

  @Test("what each region said, when the quorum agreed, and where nobody said anything; packed or not")
  func exact() async throws {
    let world = try await HistoryWorld()
    let id = try await world.monitor(regions: regions)
    try await world.append(regions.flatMap { reports(id, every: 60, 0..<30, .up, $0) })
    try await world.append(reports(id, every: 60, 30..<90, .down, RegionID(1)))
    try await world.append(reports(id, every: 60, 30..<40, .up, RegionID(2)))
    try await world.append(reports(id, every: 60, 40..<90, .down, RegionID(2)))
    try await world.append(reports(id, every: 60, 30..<60, .degraded, RegionID(3)))
    for _ in 0..<2 {
      let found = try await world.test.store.read { db in
        try VoteHistory(
          of: id, rules(intervalS: 60), from: start + 20 * 60_000, to: start + 90 * 60_000, in: db)
      }
      #expect(votes(found, of: RegionID(1)) == ["up 20-30", "down 30-90"])
      #expect(votes(found, of: RegionID(2)) == ["up 20-40", "down 40-90"])
      #expect(votes(found, of: RegionID(3)) == ["up 20-31", "slow 31-60", "none 60-90"])
      #expect(found.agreements.map { ($0.at - start) / 60_000 } == [40])
      #expect(found.agreements.first?.downs == 2 && found.agreements.first?.voters == 3)
      #expect(!found.isByMinute)
      try await world.close(hour: 0)
    }
  }

  @Test("what a region said while it had no voice does not count, nor what arrived after it was gone")
  func silenced() async throws {
    let world = try await HistoryWorld()
    let id = try await world.monitor(regions: regions)
    try await world.append(reports(id, every: 60, 0..<30, .up, RegionID(1)))
    for region in regions.dropFirst() { try await world.append(reports(id, every: 60, 0..<30, .down, region)) }
    try await world.test.store.write { db in
      for (region, state) in [(RegionID(2), RegionState.suspect), (RegionID(3), .offline)] {
        _ = try RegionQueries.enter(state, of: region, at: start - 60_000, in: db)
        _ = try RegionQueries.enter(.healthy, of: region, at: start + 20 * 60_000, in: db)
      }
    }
    let found = try await world.test.store.read { db in
      try VoteHistory(of: id, rules(intervalS: 60), from: start + 5 * 60_000, to: start + 30 * 60_000, in: db)
    }
    #expect(votes(found, of: RegionID(1)) == ["up 5-30"])
    #expect(votes(found, of: RegionID(2)) == ["silenced 5-20", "none 20-20", "down 20-30"])
    #expect(votes(found, of: RegionID(3)) == ["none 5-20", "down 20-30"])
    #expect(found.agreements.map { ($0.at - start) / 60_000 } == [20])
  }

  @Test("a stand-in speaks for a region without a worker, but not while its own network is in doubt")
  func standIn() async throws {
    let world = try await HistoryWorld()
    let id = try await world.monitor(regions: [RegionID(2)])
    try await world.test.store.write { [world = world.test.store.world] db in
      let place = try RegionQueries.shared(StandIn.name, in: db, world: world)
      try db.run(
        """
        INSERT INTO worker (id, public_id, region_id, key_id, secret_hash, hostname, version, address, enrolled_ms, seen_ms)
        VALUES (77, 'wrk_77', $1, 'k', $2, '', '1', '', 0, 0)
        """, [.int(place.raw), .blob([0])])
      _ = try RegionQueries.enter(.offline, of: RegionID(2), at: start - 60_000, in: db)
      _ = try RegionQueries.enter(.suspect, of: place, at: start + 10 * 60_000, in: db)
      _ = try RegionQueries.enter(.healthy, of: place, at: start + 20 * 60_000, in: db)
    }
    try await world.append(
      reports(id, every: 60, 0..<30, .up, RegionID(2)).map { report in
        var report = report
        report.worker = WorkerID(77)
        return report
      })
    let found = try await world.test.store.read { db in
      try VoteHistory(of: id, rules(intervalS: 60), from: start + 5 * 60_000, to: start + 30 * 60_000, in: db)
    }
    #expect(votes(found, of: RegionID(2)) == ["up 5-10", "none 10-20", "up 20-30"])
  }

  @Test("a long time is told by the minute between its beginning and its end, and fast")
  func long() async throws {
    let world = try await HistoryWorld()
    let id = try await world.monitor(intervalMs: 5000, regions: regions)
    for hour in Int64(0)..<12 {
      let minutes = hour * 60..<(hour + 1) * 60
      try await world.append(regions.flatMap { reports(id, every: 5, minutes, hour < 1 ? .up : .down, $0) })
      try await world.close(hour: hour)
    }
    let clock = ContinuousClock()
    let begun = clock.now
    let found = try await world.test.store.read { db in
      try VoteHistory(of: id, rules(intervalS: 5), from: start + 50 * 60_000, to: start + 12 * Instant.hourMs, in: db)
    }
    #expect(clock.now - begun < .seconds(5))
    #expect(found.isByMinute)
    for region in regions { #expect(votes(found, of: region) == ["up 50-60", "down 60-720"]) }
    #expect(found.agreements.count == 1)
  }

  @Test("many changes are thinned to as many pieces as can be told apart, and none of the bad ones is lost")
  func thinned() {
    var spans: [PastVoteSpan] = []
    for n in Int64(0)..<1000 {
      let vote: PastVote = n == 503 ? .down : n % 2 == 0 ? .up : .slow
      spans.append(PastVoteSpan(from: start + n * 1000, to: start + (n + 1) * 1000, vote: vote))
    }
    let few = spans.thinned(to: 100)
    #expect(few.count <= 100 && few.first?.from == start && few.last?.to == spans.last?.to)
    #expect(zip(few, few.dropFirst()).allSatisfy { $0.to == $1.from && $0.vote != $1.vote })
    #expect(few.filter { $0.vote == .down }.map { $0.from } == [start + 500_000])
    #expect(Array(spans.prefix(3)).thinned(to: 3).count == 3)
  }
}
