import Testing

@testable import Domain

private let start = Instant(ms: 1_790_000_000_000)
private func at(_ s: Int64) -> Instant { start + s * 1000 }

@Suite("The verdict over again")
struct ReplayTests {
  private let rules = VerdictRules(
    intervalMs: 60_000, budgetMs: 5000, attempts: 3, recoveryChecks: 2, degradedChecks: 2, quorum: 0)

  private func look(_ status: CheckStatus, at s: Int64, region: Int64 = 1, attempt: Int = 1) -> PastLook {
    PastLook(
      region: RegionID(region), slot: at(s), attempt: attempt, startedAt: at(s) + (attempt > 1 ? 1600 : 0),
      lastedMs: 100, status: status)
  }

  private func replay(
    _ looks: [PastLook], regions: Int64 = 1, to end: Int64, wasDown: Bool = false
  ) -> Replay {
    var made = Replay(from: start, rules: rules, regions: (1...regions).map { RegionID($0) }, wasDown: wasDown)
    made.add(looks)
    made.advance(to: at(end))
    return made
  }

  private func words(_ replay: Replay) -> [String] {
    replay.states.map { "\($0.state) \(($0.since - start) / 1000)" }
  }

  @Test("what is looked at is known from the first look until the last vote's time is over")
  func known() {
    let made = replay([look(.up, at: 60), look(.up, at: 120)], to: 600)
    #expect(words(made) == ["unknown 0", "up 60", "unknown 200"])
    #expect(made.votes[RegionID(1)]?.map(\.vote) == [PastVote.none, .up, .none])
    #expect(made.states.first?.since == start && made.states.last?.until == at(600))
  }

  @Test("into the time in which the control plane did not run goes only the word of regions that looked again in time")
  func stopped() {
    func made(lookedOn: Set<RegionID>) -> Replay {
      var made = Replay(from: start, rules: rules, regions: [RegionID(1), RegionID(2)], wasDown: false)
      made.stop(at: at(130), lookedOn: lookedOn)
      made.add([look(.down, at: 60, attempt: 3), look(.down, at: 100, region: 2, attempt: 3), look(.up, at: 160)])
      made.advance(to: at(165))
      return made
    }
    let nobody = made(lookedOn: [])
    #expect(words(nobody) == ["unknown 0", "down 100", "unknown 130"])
    #expect(nobody.votes[RegionID(2)]?.map(\.vote) == [PastVote.none, .down, .none])
    #expect(words(made(lookedOn: [RegionID(1), RegionID(2)])) == ["unknown 0", "down 100"])
  }

  @Test("the same looks in another order give the same history")
  func order() {
    var looks: [PastLook] = []
    for n in Int64(1)...20 {
      let isDown = n % 7 < 2
      for region in Int64(1)...3 {
        looks.append(
          look(isDown ? .down : .up, at: n * 60 + region * 20, region: region, attempt: isDown ? 3 : 1))
      }
    }
    let made = replay(looks, regions: 3, to: 1800)
    #expect(made.states == replay(looks.reversed(), regions: 3, to: 1800).states)
    #expect(made.states == replay(looks.shuffled(), regions: 3, to: 1800).states)
    #expect(made.states.contains { $0.state == .down } && made.states.contains { $0.state == .up })
  }

  @Test("the last attempt of a run stands for those before it, and down begins with the first of them")
  func lastAttempt() {
    let made = replay([look(.up, at: 60), look(.down, at: 120, attempt: 3), look(.down, at: 180)], to: 190)
    #expect(words(made) == ["unknown 0", "up 60", "down 120"])
    #expect(made.agreements.map(\.downs) == [1])
    #expect(made.agreements.first?.at == at(120) + 1700)
    // One attempt that failed confirms nothing.
    #expect(!words(replay([look(.up, at: 60), look(.down, at: 120)], to: 190)).contains("down 120"))
  }

  @Test("one region of three that fails makes no down, two do; each region's vote is told")
  func quorum() {
    var looks: [PastLook] = []
    for n in Int64(1)...3 {
      for region in Int64(1)...3 { looks.append(look(.up, at: n * 60 + region, region: region)) }
    }
    looks.append(look(.down, at: 200, region: 1, attempt: 3))
    #expect(!replay(looks, regions: 3, to: 230).states.contains { $0.state == .down })
    looks.append(look(.down, at: 205, region: 2, attempt: 3))
    let made = replay(looks, regions: 3, to: 230)
    #expect(words(made).last == "down 205")
    #expect(made.agreements == [.init(at: at(205) + 1700, since: at(205), downs: 2, voters: 3, needed: 2)])
    #expect(made.votes[RegionID(1)]?.last?.vote == .down && made.votes[RegionID(3)]?.last?.vote == .up)
  }

  @Test("a stand-in has the region's vote while it is away, all of them one, and none once the region looks again")
  func standIns() {
    func looks(_ status: CheckStatus, regions: ClosedRange<Int64>, from: Int64, isStandIn: Bool) -> [PastLook] {
      regions.flatMap { region in
        (Int64(0)..<4).map { n in
          var one = look(status, at: from + n * 60 + region, region: region, attempt: status == .down ? 3 : 1)
          one.isStandIn = isStandIn
          return one
        }
      }
    }
    // One vantage point in the place of two regions is no majority against the third.
    var made = replay(
      looks(.down, regions: 1...2, from: 60, isStandIn: true) + looks(.up, regions: 3...3, from: 60, isStandIn: false),
      regions: 3, to: 300)
    #expect(made.agreements.isEmpty)
    #expect(made.votes[RegionID(1)]?.last?.vote == .down)
    // Two regions of their own are one.
    made = replay(
      looks(.down, regions: 1...2, from: 60, isStandIn: false) + looks(.up, regions: 3...3, from: 60, isStandIn: false),
      regions: 3, to: 300)
    #expect(made.agreements.count == 1)
    made = replay(
      looks(.down, regions: 1...1, from: 60, isStandIn: true) + looks(.up, regions: 1...1, from: 300, isStandIn: false),
      to: 500)
    #expect(made.votes[RegionID(1)]?.last?.vote == .up)
  }

  @Test("an outage goes on until it is proved to be over, also by looks of before")
  func recovery() {
    let looks = [look(.up, at: 60), look(.up, at: 120), look(.up, at: 180)]
    #expect(words(replay(looks, to: 190)) == ["unknown 0", "up 60"])
    let down = (1...4).map { look(.down, at: Int64($0) * 60, attempt: 1) }
    let made = replay(down + [look(.up, at: 300), look(.up, at: 360)], to: 370, wasDown: true)
    #expect(words(made) == ["unknown 0", "down 60", "up 300"])
    #expect(made.agreements.count == 1)
  }

  @Test("what a region says while its own network is in doubt counts for nothing")
  func doubt() {
    var made = Replay(from: start, rules: rules, regions: [RegionID(1)], wasDown: false)
    made.mute(RegionID(1), from: at(115), to: at(200))
    made.add([look(.up, at: 60), look(.down, at: 120, attempt: 3), look(.up, at: 240)])
    made.advance(to: at(250))
    #expect(words(made) == ["unknown 0", "up 60", "unknown 115", "up 240"])
  }

  @Test("of a region without a worker only a stand-in was heard, and what its own brought later changes nothing")
  func gone() {
    func votes(_ looks: [PastLook]) -> [String] {
      var made = Replay(from: start, rules: rules, regions: [RegionID(1)], wasDown: false)
      made.leave(RegionID(1), from: at(100), to: at(300))
      made.add([look(.up, at: 60)] + looks + [look(.up, at: 350)])
      made.advance(to: at(400))
      return made.votes[RegionID(1)]?.map { "\($0.vote) \(($0.from - start) / 1000)" } ?? []
    }
    var standIn = look(.up, at: 180)
    standIn.isStandIn = true
    #expect(votes([]) == ["none 0", "up 60", "none 100", "up 350"])
    #expect(votes([look(.down, at: 180, attempt: 3)]) == ["none 0", "up 60", "none 100", "up 350"])
    let own = look(.down, at: 240, attempt: 3)
    #expect(votes([standIn, own]) == ["none 0", "up 60", "none 100", "up 180", "none 260", "up 350"])
  }

  @Test("silence for want of a voice is told from silence for want of a look")
  func silenced() {
    let spans = [
      PastVoteSpan(from: at(0), to: at(60), vote: .up), PastVoteSpan(from: at(60), to: at(300), vote: .none),
      PastVoteSpan(from: at(300), to: at(400), vote: .down),
    ]
    let told = spans.silenced([at(30)..<at(90), at(120)..<at(150), at(280)..<at(310)])
    #expect(
      told.map { "\($0.vote) \(($0.from - start) / 1000)-\(($0.to - start) / 1000)" } == [
        "up 0-60", "silenced 60-90", "none 90-120", "silenced 120-150", "none 150-280", "silenced 280-300",
        "down 300-400",
      ])
    #expect(spans.silenced([]) == spans)
  }

  @Test("no stand-in speaks for a region in doubt, nor does the region's look after one's end the doubt; two make one")
  func doubtOfStandIns() {
    func said(_ looks: [PastLook], muted: [(Int64, Int64)]) -> [String] {
      var made = Replay(from: start, rules: rules, regions: [RegionID(1)], wasDown: false)
      for (from, to) in muted { made.mute(RegionID(1), from: at(from), to: at(to)) }
      made.add(looks)
      made.advance(to: at(400))
      return words(made)
    }
    var standIn = look(.down, at: 120, attempt: 3)
    standIn.isStandIn = true
    let looks = [look(.up, at: 60), standIn, look(.down, at: 180, attempt: 3), look(.up, at: 350)]
    #expect(said(looks, muted: []).contains { $0.hasPrefix("down") })
    let quiet = ["unknown 0", "up 60", "unknown 100", "up 350"]
    #expect(said(looks, muted: [(100, 300)]) == quiet)
    #expect(said(looks, muted: [(100, 200), (150, 170)]) == quiet)
    #expect(said(looks, muted: [(100, 170), (170, 300)]) == quiet)
  }

  @Test("regions and intervals of their time count, not those of now")
  func plans() {
    let old = PlanRow(
      id: 1, monitor: MonitorID(1), region: RegionID(1), from: at(-9000), to: at(120), intervalMs: 60_000, phaseMs: 0)
    let new = PlanRow(
      id: 2, monitor: MonitorID(1), region: RegionID(2), from: at(120), intervalMs: 30_000, phaseMs: 0)
    var (made, from) = Replay.of([old, new], rules: rules, window: start..<at(400), wasDown: false)
    #expect(from < start - rules.voteLastsMs)
    made.add([look(.up, at: 60), look(.up, at: 119, region: 2), look(.up, at: 150, region: 2)])
    made.advance(to: at(400))
    let known = made.states.filter { $0.state == .up }
    #expect(known.map(\.since) == [at(60), at(150)])
    #expect(known.first?.until == at(120))
    // 30 s, 5 s of attempts and the lease's grace.
    #expect(known.last?.until == at(200))
  }

  @Test("targets that fail together were the region's trouble, from their first failure on; two are not")
  func doubts() {
    func sights(_ failing: Int, _ working: Int) -> [RegionGuard.PastSight] {
      (0..<(failing + working)).flatMap { n -> [RegionGuard.PastSight] in
        (0...10).map { minute in
          let failed = n < failing && (3...5).contains(minute)
          return .init(target: "t\(n).test", failed: failed, at: at(Int64(minute * 60 + n)))
        }
      }
    }
    let found = RegionGuard.doubts(sights(6, 1))
    #expect(found.count == 1)
    #expect(found.allSatisfy { $0.contains(at(180)) && $0.upperBound > at(300) && $0.upperBound < at(420) })
    #expect(RegionGuard.doubts(sights(2, 5)).isEmpty)
    #expect(RegionGuard.doubts([]).isEmpty)
  }

  @Test("targets that were dead long before do not begin to fail together where the reading begins")
  func longDead() {
    let sights = (0..<8).flatMap { n in
      (0...10).map { minute in
        RegionGuard.PastSight(target: "t\(n).test", failed: n < 6, at: at(Int64(minute * 60 + n)))
      }
    }
    #expect(!RegionGuard.doubts(sights).isEmpty)
    #expect(RegionGuard.doubts(sights, dead: (0..<6).map { "t\($0).test" }).isEmpty)
  }

  private let now = at(9999)
  private func row(_ since: Int64, _ until: Int64?, _ state: MonitorStatus, learned: Bool = false) -> StoredSpan {
    StoredSpan(since: at(since), until: until.map(at), state: state, learnedAt: learned ? now : nil)
  }

  @Test("only unknown time is rewritten, and what was learned before; known time stays row for row")
  func rewriting() {
    let stored = [row(0, 100, .up), row(100, 400, .unknown), row(400, 500, .maintenance), row(500, nil, .up)]
    let replayed = [
      StateSpan(since: at(50), until: at(200), state: .down),
      StateSpan(since: at(200), until: at(300), state: .unknown),
      StateSpan(since: at(300), until: at(600), state: .up),
    ]
    let once = LearnedStates.rewritten(stored, by: replayed, window: at(50)..<at(600), at: now)
    #expect(
      once == [
        row(0, 100, .up), row(100, 200, .down, learned: true), row(200, 300, .unknown),
        row(300, 400, .up, learned: true),
        row(400, 500, .maintenance), row(500, nil, .up),
      ])
    // Another region's results come later still: what was learned is learned anew.
    let again = LearnedStates.rewritten(
      once, by: [StateSpan(since: at(50), until: at(600), state: .up)], window: at(50)..<at(600), at: now)
    #expect(
      again == [
        row(0, 100, .up), row(100, 400, .up, learned: true), row(400, 500, .maintenance), row(500, nil, .up),
      ])
    #expect(LearnedStates.rewritten(again, by: [], window: at(600)..<at(700), at: now) == again)
    // What is found again is no news.
    let found = LearnedStates.rewritten(
      again, by: [StateSpan(since: at(50), until: at(600), state: .up)], window: at(50)..<at(600), at: now + 60_000)
    #expect(found == again)
  }

  @Test("the end of a time that is unknown still stays open and unknown")
  func open() {
    let stored = [row(0, 100, .up), row(100, nil, .unknown)]
    let made = LearnedStates.rewritten(
      stored, by: [StateSpan(since: at(100), until: at(300), state: .up)], window: at(100)..<at(300), at: now)
    #expect(made == [row(0, 100, .up), row(100, 300, .up, learned: true), row(300, nil, .unknown)])
    let nothing = LearnedStates.rewritten(
      stored, by: [StateSpan(since: at(100), until: at(300), state: .unknown)], window: at(100)..<at(300), at: now)
    #expect(nothing == stored)
  }
}
