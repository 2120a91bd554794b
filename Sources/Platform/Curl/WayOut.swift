import CAres

/// Proves that there is a way out of the place that looks: servers of the DNS's root are asked for the root past the DNS
/// servers of the place, over TCP as checks go. One of them may stand in the next room, as most stand at hundreds of places;
/// two of two operators hardly do. Silence proves nothing, as many networks let nobody ask but their own servers. Owned by
/// the loop's thread.
public final class WayOut: TimerTarget {
  /// A, F, K, L and M, of an operator each (https://root-servers.org). What they prove holds for IPv4.
  public static let rootServers = "198.41.0.4,192.5.5.241,193.0.14.129,199.7.83.42,202.12.27.33"
  private static let answersMin = 2
  /// How long an answer is waited for. With the pause before it less than what a run may spend on finding out about its first
  /// failure: the pause before the second attempt and the slack of the budget.
  private static let patienceNs: UInt64 = 700_000_000
  /// Between two questions: many checks that fail at once are one doubt.
  private static let pauseNs: UInt64 = 250_000_000
  /// The same while nobody answers.
  private static let pauseUnprovedNs: UInt64 = 15_000_000_000
  private static let patienceTag = 0
  private static let nextTag = 1

  private let loop: EventLoop
  /// One for each server.
  private let servers: [Resolver]
  /// When the newest question that enough of them answered was asked.
  private var provedNs: UInt64?
  /// Whether enough answered the newest question: only then is an answer worth waiting for.
  private var answers = false
  private var askedNs: UInt64?
  private var question = 0
  private var answered = 0
  private var silent = 0
  private var timer = TimerID.none
  private var waiting: [(sinceNs: UInt64, done: (Bool) -> Void)] = []

  /// Whether these can be asked: two or more of `address`, `address:port` and `[address]:port`.
  public static func areServers(_ text: String) -> Bool {
    let all = text.split(separator: ",", omittingEmptySubsequences: false)
    return Set(all).count >= answersMin
      && all.allSatisfy { server in
        if IPAddress(String(server)) != nil { return true }
        guard let colon = server.lastIndex(of: ":"), UInt16(server[server.index(after: colon)...]) != nil else {
          return false
        }
        let host = server[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return IPAddress(String(isBracketed ? host.dropFirst().dropLast() : host)) != nil
      }
  }

  /// `servers`: `address:port,…`, as `areServers` finds good.
  init(loop: EventLoop, servers: String) {
    self.loop = loop
    self.servers = servers.split(separator: ",").compactMap { server in
      var configuration = Resolver.Configuration()
      configuration.servers = String(server)
      configuration.hostsPath = "/dev/null"
      configuration.tryTimeoutMs = Int32(Self.patienceNs / 1_000_000)
      configuration.tries = 1
      configuration.asksOverTCP = true
      return try? Resolver(loop: loop, configuration: configuration)
    }
  }

  /// Calls `done` once, possibly before returning, with whether enough answered a question that was asked at `sinceNs` or later.
  func ask(sinceNs: UInt64, _ done: @escaping (Bool) -> Void) {
    if let provedNs, provedNs >= sinceNs { return done(true) }
    if answers { waiting.append((sinceNs, done)) } else { done(false) }
    askSoon()
  }

  private func askSoon() {
    guard timer == .none else { return }
    let next = askedNs.map { $0 + (answers ? Self.pauseNs : Self.pauseUnprovedNs) } ?? 0
    if next <= loop.nowNs {
      askNow()
    } else if answers {
      timer = loop.setTimer(next, self, tag: Self.nextTag)
    }
  }

  private func askNow() {
    askedNs = loop.nowNs
    (answered, silent) = (0, 0)
    question += 1
    let number = question
    timer = loop.setTimer(loop.nowNs + Self.patienceNs, self, tag: Self.patienceTag)
    for server in servers {
      server.askForRoot { [weak self] status, isOwn in self?.arrived(number, status == ARES_SUCCESS && isOwn) }
    }
  }

  private func arrived(_ number: Int, _ isAnswer: Bool) {
    guard number == question else { return }
    if isAnswer { answered += 1 } else { silent += 1 }
    if isAnswer, answered == Self.answersMin { conclude(true) }
    if !isAnswer, servers.count - silent < Self.answersMin, timer != .none { conclude(false) }
  }

  private func conclude(_ isProved: Bool) {
    loop.cancelTimer(&timer)
    answers = isProved
    if isProved { provedNs = askedNs }
    let askedNs = askedNs ?? 0
    let told = waiting
    // What failed only after the question was put waits for the next one.
    waiting = isProved ? told.filter { askedNs < $0.sinceNs } : []
    if !waiting.isEmpty { askSoon() }
    for one in told where !isProved || askedNs >= one.sinceNs { one.done(isProved) }
  }

  public func timerFired(tag: Int) {
    timer = .none
    // An answer that comes later still proves something when nobody waits for it any more.
    if tag == Self.nextTag { askNow() } else { conclude(false) }
  }
}
