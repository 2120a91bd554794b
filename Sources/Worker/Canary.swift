import Domain
import Probe

/// Places that always answer: when none of them does, it is the network here.
struct Canary: Sendable {
  private static let firstToken: UInt64 = 1 << 63
  private static let everyNs: UInt64 = 15_000_000_000
  private static let freshNs: UInt64 = 2_000_000_000
  private static let timeoutMs = 3000

  private(set) var works: Bool?
  private var askedNs: UInt64 = 0
  /// When the look that `works` tells of was asked for.
  private var toldOfNs: UInt64 = 0
  private var waiting = 0
  private var anyWorked = false

  var isUnderWay: Bool { waiting > 0 }

  static func isToken(_ token: UInt64) -> Bool { token >= firstToken }

  /// The runs to begin now: once in a while, and at once when there is a doubt.
  mutating func ask(_ urls: [String], isUrgent: Bool, nowNs: UInt64) -> [ProbeRun] {
    guard !urls.isEmpty, waiting == 0 else { return [] }
    let age = nowNs - min(askedNs, nowNs)
    guard askedNs == 0 || age >= Self.everyNs || isUrgent && age >= Self.freshNs else { return [] }
    var runs: [ProbeRun] = []
    for (index, url) in urls.enumerated() {
      var settings = MonitorSettings(name: "canary", url: url)
      settings.timeoutMs = Self.timeoutMs
      settings.attempts = 1
      guard let target = try? ProbeTarget(settings) else { continue }
      runs.append(
        ProbeRun(
          token: Self.firstToken + UInt64(index), target: target, dueNs: 0, budgetMs: Int64(Self.timeoutMs),
          allowsPrivate: true, urgent: true))
    }
    askedNs = nowNs
    waiting = runs.count
    anyWorked = false
    return runs
  }

  mutating func take(_ report: ProbeReport, nowNs: UInt64) {
    waiting = max(0, waiting - 1)
    if report.status != .down || report.observation.failure?.cameFromTarget == true { anyWorked = true }
    guard waiting == 0 || anyWorked else { return }
    works = anyWorked
    toldOfNs = askedNs
  }

  /// When `ask` has something to begin; nil while a look is under way.
  func asksAtNs(_ urls: [String], isUrgent: Bool) -> UInt64? {
    guard !urls.isEmpty, waiting == 0 else { return nil }
    return askedNs == 0 ? 0 : askedNs + (isUrgent ? Self.freshNs : Self.everyNs)
  }

  /// Whether the network works by a look that was not begun before that moment; nil while one is to come.
  func verdict(askedAfterNs: UInt64) -> Bool? { toldOfNs >= askedAfterNs ? works : nil }
}

extension WorkerCore {
  mutating func lookAtCanaries(nowNs: UInt64, into actions: inout [Action]) {
    let runs = canary.ask(configuration.canaries, isUrgent: !doubted.isEmpty, nowNs: nowNs)
    if !runs.isEmpty { actions.append(.start(runs)) }
  }
}
