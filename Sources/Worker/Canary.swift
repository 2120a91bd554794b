import Domain
import Probe

/// Places that always answer: when none of them does, it is the network here.
struct Canary: Sendable {
  private static let firstToken: UInt64 = 1 << 63
  private static let everyNs: UInt64 = 15_000_000_000
  private static let freshNs: UInt64 = 2_000_000_000
  private static let timeoutMs = 3000

  static let countMax = 8

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
    for (index, url) in urls.prefix(Self.countMax).enumerated() {
      // Whoever starts a worker hears at its start of one that is none (`Canaries.problem`).
      guard let target = try? Self.target(url) else { continue }
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

  fileprivate static func target(_ url: String) throws(TargetError) -> ProbeTarget {
    var settings = MonitorSettings(name: "canary", url: url)
    settings.timeoutMs = Self.timeoutMs
    settings.attempts = 1
    return try ProbeTarget(settings)
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

/// Places that an operator names as canaries. They may be private ones: whoever starts the worker chose them.
public enum Canaries {
  public static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

  /// Nil where each of a list, with commas between, can be looked at; or what to write instead. A worker with canaries
  /// none of which can be looked at would call every failure its own network's.
  public static func problem(_ text: String) -> String? {
    let urls = list(text)
    guard (1...Canary.countMax).contains(urls.count) else { return "give 1 to \(Canary.countMax) addresses." }
    for url in urls {
      do throws(TargetError) { _ = try Canary.target(url) } catch {
        return "give http or https addresses: \(url) is none. \(error.detail)"
      }
    }
    return nil
  }
}

extension WorkerCore {
  mutating func lookAtCanaries(nowNs: UInt64, into actions: inout [Action]) {
    let runs = canary.ask(configuration.canaries, isUrgent: !doubted.isEmpty, nowNs: nowNs)
    if !runs.isEmpty { actions.append(.start(runs)) }
  }
}
