import Domain
import HTML

extension Sample {
  static let regions = RegionsPage(
    frame: frame(banners: [overdueSlots, silentRegion]),
    regions: [
      region(
        "fra", .healthy, monitors: 900, checks: 31.4,
        workers: [worker("fra-1", skew: 2), worker("fra-2", lateShare: 0.002, skew: -1)]),
      region(
        "gru", .healthy, monitors: 500, checks: 18.6,
        workers: [
          worker("gru-1", .overloaded, lateness: 641, lateShare: 0.313, skew: 4_200), worker("gru-2"),
        ]),
      region("local", .healthy, isLocal: true, monitors: 12, checks: 0.4, workers: [worker("this process", id: nil)]),
      region(
        "sgp", .offline, monitors: 214, checks: 7.1,
        workers: [worker("sgp-1.ap-southeast-1.compute.internal", seen: 34 * minute, spool: 81_200)]),
      region(
        "lon", .healthy, monitors: 388, checks: 30.9, silence: .init(times: 2, totalMs: 4 * minute),
        workers: [worker("lon-1")]),
      RegionsPage.Region(
        id: "reg_any", name: StandIn.name, health: .healthy, unwellSince: nil, takesWorkers: true, isPrivate: false,
        isStandIn: true, monitors: 0, checksPerSecond: 0, workers: [worker("spare-1")]),
    ], now: now)

  static var firstRegion: RegionsPage {
    var page = onlyHere
    page.mayAddStandIn = true
    return page
  }

  private static let onlyHere = RegionsPage(
    frame: frame(isNew: true),
    regions: [
      region("local", .healthy, isLocal: true, monitors: 0, checks: 0, workers: [worker("this process", id: nil)])
    ],
    now: now)

  static var addedRegion: RegionsPage {
    var page = firstRegion
    page.regions.append(region("syd", .offline, monitors: 0, checks: 0, workers: []))
    page.made = .init(
      region: "syd",
      command:
        "martlet worker --control-plane http://10.20.0.7:8080 --region syd --token mr_4q7xkz0b9nfw2hj8_c2dt5v6y8r3m1pkqe0sgxzn4wbh7ja9f --data ./martlet-syd",
      expiresAt: now + day, isPlain: true)
    return page
  }

  static var wrongRegion: RegionsPage {
    var page = regions
    page.regions[1].health = .overloaded
    page.name = "Sydney"
    page.errors = ["name": RegionDesk.nameRule]
    return page
  }

  private static func region(
    _ name: String, _ health: RegionState, isLocal: Bool = false, monitors: Int, checks: Double,
    silence: RegionSight.Silence = .init(), workers: [RegionsPage.Worker]
  ) -> RegionsPage.Region {
    RegionsPage.Region(
      id: "reg_\(name)", name: name, health: health, unwellSince: health == .healthy ? nil : now - 34 * minute,
      takesWorkers: !isLocal, isPrivate: !isLocal, monitors: monitors, checksPerSecond: checks,
      silence: silence, workers: workers)
  }

  /// Silent when it was last seen a while ago.
  private static func worker(
    _ name: String, id: String? = "wrk_1", _ health: RegionState = .healthy, lateness: Int = 2,
    lateShare: Double = 0, skew: Int = 0, seen: Int64 = 400, spool: Int = 0
  ) -> RegionsPage.Worker {
    let isThere = seen < minute
    return RegionsPage.Worker(
      id: id, name: name, health: isThere ? health : .offline, version: "0.1.0", seen: now - seen,
      jobsPerSecond: isThere ? 15.7 : nil, latenessP99Ms: isThere ? lateness : nil,
      lateShare: isThere ? lateShare : nil,
      spoolBytes: isThere ? spool : nil, spooled: isThere ? spool / 100 : nil, clockSkewMs: isThere ? skew : nil,
      isOurs: true)
  }

  static let regionEvidence = RegionEvidence(
    from: now - 45 * minute, until: nil,
    regions: [
      .init(
        name: "fra", vote: .down, checks: 90, failed: 90,
        first: .init(
          at: now - 45 * minute, reason: "The connection was reset by the server.",
          facts: [("Phase", "tls"), ("Address", "203.0.113.41")], hops: [], chain: [], excerpt: nil),
        last: .init(
          at: now - minute, reason: "It answered HTTP 502, which is not 200 to 299.",
          facts: [
            ("Phase", "first byte"), ("Answer", "HTTP 502"), ("Address", "203.0.113.41"),
            ("Took", "118 ms: DNS 1.2 ms, connect 9.0 ms, TLS 21.4 ms, first byte 86.0 ms"),
          ],
          hops: [
            "https://api.harbourline.example/v2/health answered 301 from 203.0.113.41 in 31.2 ms",
            "https://edge.harbourline.example/v2/health answered 502 from 203.0.113.44 in 86.9 ms",
          ],
          chain: [
            "CN=api.harbourline.example, by CN=E7, until 3 Feb 2027", "CN=E7, by CN=ISRG Root X1, until 12 Mar 2027",
          ], excerpt: "HTTP/1.1 502 Bad Gateway\nserver: <edge>\n\n<h1>Bad gateway</h1>")),
      .init(
        name: "lon", vote: .down, checks: 89, failed: 88,
        first: .init(
          at: now - 44 * minute, reason: "No answer within 10 s.",
          facts: [("Phase", "tls"), ("Address", "203.0.113.41"), ("Took", "10.0 s: DNS 1.4 ms, connect 12 ms")],
          hops: [],
          chain: [], excerpt: nil)),
      .init(name: "iad", vote: .up, checks: 90, failed: 0), .init(name: "sgp", vote: nil, checks: 0, failed: 0),
    ])
}
