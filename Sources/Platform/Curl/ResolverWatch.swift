import CAres

/// Tells a network that fails here from targets that fail: when a check came to nothing, the DNS servers are asked for the
/// root of the DNS, which each of them can answer. Silence proves that the trouble is here. An answer proves nothing about
/// the way out, as it may be one that a server keeps. Owned by the loop's thread.
final class ResolverWatch: TimerTarget {
  /// Room for a second try after 1.5 s.
  private static let patienceNs: UInt64 = 3_000_000_000
  /// How often servers that gave no answer are asked again.
  private static let againNs: UInt64 = 5_000_000_000
  /// Servers that find names for so long and say nothing of the root any more have another policy, and no trouble.
  private static let policyNs: UInt64 = 1_800_000_000_000
  /// And how often those that find names, but never said a word about the root.
  private static let unprovedNs: UInt64 = 600_000_000_000
  private static let patienceTag = 0
  private static let againTag = 1
  /// The first question is put soon after the first name was found, so that a later silence proves something.
  private static let firstNs: UInt64 = 1_000_000_000

  /// What is believed since the last question. Servers that find names and have never said a word about the root prove
  /// nothing by that.
  private var believed: Bool?
  private var rootAnswered = false
  private var nameFound = false
  private var silentSinceNs: UInt64?
  /// Whether the servers answered when last asked; nil where nothing is proved.
  var works: Bool? { believed == true && !rootAnswered ? nil : believed }
  private let loop: EventLoop
  private weak var resolver: Resolver?
  private let configuration: Resolver.Configuration
  /// The same servers, asked in a way that tells a refusal from silence.
  private lazy var frank = openFrank()
  private var toldOfNs: UInt64 = 0
  private var question: Question?
  private var timer = TimerID.none
  private var waiting: [(Bool) -> Void] = []

  init(_ resolver: Resolver, loop: EventLoop, configuration: Resolver.Configuration) {
    self.resolver = resolver
    self.loop = loop
    self.configuration = configuration
  }

  /// Calls `done` once, possibly before returning, with what was heard since `sinceNs`. What is not about a name needs servers
  /// that answered before.
  func ask(sinceNs: UInt64, aboutName: Bool, _ done: @escaping (Bool) -> Void) {
    guard aboutName || rootAnswered else { return done(true) }
    if question == nil, let believed, toldOfNs >= sinceNs { return done(believed) }
    waiting.append(done)
    if question == nil { ask() }
  }

  /// The servers found a name.
  func found() {
    if !nameFound, believed == nil, question == nil, timer == .none {
      timer = loop.setTimer(loop.nowNs + Self.firstNs, self, tag: Self.againTag)
    }
    nameFound = true
    guard believed == false else { return }
    if let silentSinceNs, loop.nowNs - silentSinceNs > Self.policyNs { rootAnswered = false }
    if !rootAnswered { believed = true }
  }

  /// The servers are others from now on.
  func forget() {
    rootAnswered = false
    nameFound = false
    silentSinceNs = nil
    question = nil
    loop.cancelTimer(&timer)
    tell(true)
    believed = nil
  }

  private func ask() {
    loop.cancelTimer(&timer)
    timer = loop.setTimer(loop.nowNs + Self.patienceNs, self, tag: Self.patienceTag)
    let question = Question(self, askedNs: loop.nowNs)
    self.question = question
    resolver?.askForRoot { status, _ in question.arrived(status) }
  }

  fileprivate func arrived(_ question: Question, _ status: Int32) {
    switch status {
    // A server that refuses the root, has nothing to say of it or does not understand is one that is there, however late.
    case ARES_SUCCESS, ARES_ENODATA, ARES_EREFUSED, ARES_ENOTIMP, ARES_EFORMERR: conclude(question, true)
    case ARES_EDESTRUCTION, ARES_ECANCELLED: break
    case ARES_ECONNREFUSED where !question.isFrank && frank != nil && question === self.question:
      question.isFrank = true
      frank?.askForRoot { status, _ in question.arrived(status) }
    default: if question === self.question { conclude(question, false) }
    }
  }

  private func openFrank() -> Resolver? {
    var configuration = configuration
    configuration.takesRefusals = true
    return try? Resolver(loop: loop, configuration: configuration)
  }

  private func conclude(_ question: Question, _ answer: Bool) {
    // An old question's answer does not end the wait for a newer one's, but is one.
    if answer { rootAnswered = true }
    silentSinceNs = answer ? nil : silentSinceNs ?? question.askedNs
    toldOfNs = max(toldOfNs, question.askedNs)
    guard question === self.question || self.question == nil else { return }
    self.question = nil
    loop.cancelTimer(&timer)
    let works = answer || nameFound && !rootAnswered
    if !answer {
      timer = loop.setTimer(loop.nowNs + (works ? Self.unprovedNs : Self.againNs), self, tag: Self.againTag)
    }
    tell(works)
  }

  private func tell(_ works: Bool) {
    believed = works
    let told = waiting
    waiting = []
    for one in told { one(works) }
  }

  func timerFired(tag: Int) {
    timer = .none
    if tag == Self.againTag { ask() } else if let question { conclude(question, false) }
  }

  /// One question for the root on its way.
  final class Question {
    let askedNs: UInt64
    fileprivate var isFrank = false
    private weak var watch: ResolverWatch?

    fileprivate init(_ watch: ResolverWatch, askedNs: UInt64) {
      self.watch = watch
      self.askedNs = askedNs
    }

    func arrived(_ status: Int32) { watch?.arrived(self, status) }
  }
}
