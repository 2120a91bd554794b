import Domain

/// Votes over time, of one region, three and six, some with the longest of names.
extension Sample {
  private typealias Turn = (minute: Int64, vote: PastVote)

  static func votes(_ regions: Int, isOver: Bool = false, isByMinute: Bool = false) -> VoteStrips {
    let all: [(String, [Turn])] = [
      ("fra", [(-51, .up), (-45, .down)]), ("iad", [(-51, .up), (-30, .slow), (-22, .up), (-9, .silenced), (-5, .up)]),
      ("lon", [(-51, .up), (-44, .down), (-18, .up), (-17, .down)]),
      (
        "ap-southeast-1-private-location-of-the-singapore-office-floor-12",
        [(-51, .none), (-40, .down), (-12, .none)]
      ), ("sgp", [(-51, .none)]),
      ("us-west-2-oregon", [(-51, .slow), (-44, .down), (-35, .slow), (-34, .down), (-33, .slow), (-32, .down)]),
    ]
    let from = now - 51 * minute
    return VoteStrips(
      from: from, to: now, startedAt: now - 45 * minute, isOver: isOver, isByMinute: isByMinute,
      regions: all.prefix(regions).map { name, turns in
        VoteStrips.Region(
          name: name,
          spans: turns.enumerated().map { n, turn in
            let to = n + 1 < turns.count ? turns[n + 1].minute : 0
            return VoteStrips.Span(from: now + turn.minute * minute, to: now + to * minute, vote: turn.vote)
          })
      },
      quorum: .init(
        at: now - (regions == 1 ? 45 : 44) * minute + 2_000, downs: regions == 1 ? 1 : 2, voters: min(regions, 3)))
  }

  /// An incident with the votes of so many regions and little else.
  static func incidentVotes(_ regions: Int) -> IncidentPage {
    var page = incident(.investigating)
    page.votes = votes(regions)
    return page
  }
}
