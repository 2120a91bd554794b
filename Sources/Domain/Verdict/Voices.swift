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

  /// The one region with a vote while the others of a monitor are silent, if it says down and nothing bears that out.
  func unborneOut(now: Instant) -> RegionID? {
    let spoken = voices(of: votes.filter { $0.isLive(rules, now: now) }).filter { $0.vote != .none }
    return base != .down && isUnborneOut(spoken) ? spoken[0].region : nil
  }

  /// Where nobody else can look, the one that says down has to see as many failing attempts again. Not where one was chosen
  /// to be enough.
  func isUnborneOut(_ spoken: [RegionVote]) -> Bool {
    votes.count > 1 && rules.quorum != 1 && spoken.count == 1 && spoken[0].vote == .down
      && spoken[0].failures < rules.attemptsAlone
  }
}

extension RegionVote {
  /// When its vote was last borne out.
  fileprivate var spokeAt: Instant { vote == .down ? lastFailure : at ?? Instant(ms: 0) }
}
