/// Watches one region for trouble of its own: targets that have nothing to do with each other, failing together.
///
/// Pure, and bounded by the number of targets. What is looked at is the newest report of each target: from the first new
/// failure on, nearly everything that was looked at since fails as well, and it is several targets.
public struct RegionGuard: Hashable, Sendable {
  private struct Sight: Hashable, Sendable {
    var at: Instant
    /// Nil while it works, or fails by itself.
    var failingSince: Instant?
    /// It fails, and there was a way out as it did: this is the target's own, and as good as an answer of it.
    var isItsOwn = false
  }

  /// Targets that must fail together before the region is suspected.
  public static let togetherMin = 4
  /// New failures and reports older than this say nothing about now.
  static let windowMs = Instant.minuteMs
  /// What is suspected stays so for this long at least.
  static let holdMs: Int64 = 10_000

  private var sights: [String: Sight] = [:]
  public private(set) var suspectSince: Instant?
  private var prunedAt = Instant(ms: 0)
  private var askedAt: Instant?
  private var newestFailure: Instant?

  public init() {}

  public var isSuspect: Bool { suspectSince != nil }

  /// Takes in one report about `target`; answers whether this is a new failure that may be the region's. `hasWayOut`: it
  /// failed, and somebody else far away answered after that; nil where nobody was asked.
  public mutating func see(_ target: String, failed: Bool, hasWayOut: Bool? = nil, at: Instant) -> Bool {
    let before = sights[target]
    guard before.map({ $0.at <= at }) ?? true else { return false }
    // What fails by itself is not asked about as it goes on.
    if failed, hasWayOut == nil, before?.isItsOwn ?? false { return false }
    let mayBeOurs = failed && hasWayOut != true
    sights[target] = Sight(
      at: at, failingSince: mayBeOurs ? before?.failingSince ?? at : nil, isItsOwn: failed && !mayBeOurs)
    let isNew = mayBeOurs && before?.failingSince == nil
    if isNew { newestFailure = max(newestFailure ?? at, at) }
    return isNew
  }

  /// Whether other targets are to be looked at now, because a new failure is to be told from trouble of the region.
  public mutating func asksOthers(at now: Instant) -> Bool {
    if let askedAt, now - askedAt < 5000 { return false }
    askedAt = now
    return true
  }

  /// Targets that worked when they were last looked at, the longest ago first.
  public func witnesses(besides target: String, count: Int) -> [String] {
    sights.filter { $0.value.failingSince == nil && !$0.value.isItsOwn && $0.key != target }
      .sorted { ($0.value.at, $0.key) < ($1.value.at, $1.key) }.prefix(count).map(\.key)
  }

  /// Concludes; answers whether `isSuspect` changed.
  public mutating func conclude(now: Instant) -> Bool {
    prune(now)
    if let since = suspectSince {
      guard now - since >= Self.holdMs, recovered(since: since, now: now) else { return false }
      suspectSince = nil
      return true
    }
    guard let newestFailure, now - newestFailure < Self.windowMs, failsTogether(now: now) else { return false }
    suspectSince = now
    return true
  }

  /// From some new failure on, at least four targets failed anew, and at most one in four reports was good.
  private func failsTogether(now: Instant) -> Bool {
    var moments: [(at: Instant, failed: Bool)] = []
    for sight in sights.values {
      if let since = sight.failingSince {
        if now - since < Self.windowMs { moments.append((since, true)) }
      } else if now - sight.at < Self.windowMs {
        moments.append((sight.at, false))
      }
    }
    guard moments.count >= Self.togetherMin else { return false }
    moments.sort { $0.at > $1.at || $0.at == $1.at && !$0.failed && $1.failed }
    var failed = 0
    var worked = 0
    for moment in moments {
      if moment.failed { failed += 1 } else { worked += 1 }
      if moment.failed, failed >= Self.togetherMin, failed >= 3 * worked { return true }
    }
    return false
  }

  /// Of the targets that were looked at since, and lately, more work than fail.
  private func recovered(since: Instant, now: Instant) -> Bool {
    var failed = 0
    var worked = 0
    for sight in sights.values where sight.at >= since && now - sight.at < Self.windowMs {
      if sight.failingSince == nil { worked += 1 } else { failed += 1 }
    }
    return worked > failed
  }

  private mutating func prune(_ now: Instant) {
    guard now - prunedAt >= Self.windowMs else { return }
    prunedAt = now
    sights = sights.filter { now - $0.value.at < Instant.dayMs }
  }

  /// The target that a URL leads to.
  public static func target(of url: String) -> String {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    if host.hasPrefix("[") { return target(ofHost: String(host.dropFirst().prefix { $0 != "]" })) }
    return target(ofHost: String(host.prefix { $0 != ":" }))
  }

  /// What counts as one target: the site of a name (its last two labels), the /24 or /48 of an address.
  public static func target(ofHost host: String) -> String {
    let bytes = host.utf8
    if bytes.contains(UInt8(ascii: ":")) { return host.split(separator: ":").prefix(3).joined(separator: ":") }
    let labels = host.lowercased().split(separator: ".")
    if labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) { return labels.prefix(3).joined(separator: ".") }
    return labels.suffix(2).joined(separator: ".")
  }
}
