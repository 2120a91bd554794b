extension Verdict {
  /// Who is counted for the quorum: each region its own voice, and all stand-ins together one.
  ///
  /// Nobody knows that two stand-ins are at different places, and one that looks for two regions is at one for sure: their
  /// word counts once, so that one vantage point makes no majority by itself. It is the newest that is not just being
  /// verified.
  func voices(of votes: [RegionVote]) -> [RegionVote] {
    let standIns = votes.filter(\.isStandIn)
    guard standIns.count > 1 else { return votes }
    let spoken = standIns.filter { $0.vote != .none }
    let settled = spoken.filter { !$0.isVerifying }
    let candidates = !settled.isEmpty ? settled : !spoken.isEmpty ? spoken : standIns
    let newest = candidates.max { ($0.spokeAt, $0.region) < ($1.spokeAt, $1.region) }
    return votes.filter { !$0.isStandIn } + (newest.map { [$0] } ?? [])
  }

  /// Who says down while nobody else of a monitor of several regions has a word, where one was not chosen to be enough. All
  /// stand-ins have one key, which is no region's.
  var alone: (key: RegionID, region: RegionID, failures: UInt8)? {
    guard votes.count > 1, rules.quorum != 1, base != .down else { return nil }
    let spoken = voices(of: votes.filter { $0.hasVoice && $0.vote != .none && $0.at != nil })
    guard spoken.count == 1, spoken[0].vote == .down else { return nil }
    return (spoken[0].isStandIn ? RegionID(0) : spoken[0].region, spoken[0].region, spoken[0].failures)
  }

  /// Such a one that has not seen as many failing attempts again, which is what bears its word out where nobody else can.
  public var unborneOut: RegionID? { alone.flatMap { $0.failures < rules.attemptsAlone ? $0.region : nil } }
}

extension RegionVote {
  /// When its vote was last borne out.
  fileprivate var spokeAt: Instant { vote == .down ? lastFailure : at ?? Instant(ms: 0) }
}
