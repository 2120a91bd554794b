/// Votes over a long time in no more pieces than can be told apart.
extension [PastVoteSpan] {
  /// In `times`, which are in order and do not overlap, it said nothing because it had no voice.
  public func silenced(_ times: [Range<Instant>]) -> [PastVoteSpan] {
    guard !times.isEmpty else { return self }
    return flatMap { span -> [PastVoteSpan] in
      guard span.vote == .none else { return [span] }
      var out: [PastVoteSpan] = []
      var from = span.from
      for time in times.within(span.from..<span.to) {
        if from < time.lowerBound { out.append(PastVoteSpan(from: from, to: time.lowerBound, vote: .none)) }
        out.append(PastVoteSpan(from: time.lowerBound, to: time.upperBound, vote: .silenced))
        from = time.upperBound
      }
      if from < span.to { out.append(PastVoteSpan(from: from, to: span.to, vote: .none)) }
      return out
    }
  }

  /// What a reader must not miss first.
  private static let order: [PastVote] = [.down, .slow, .silenced, .none, .up]

  /// As they are while they are few; else one piece per step of an even width, which shows the worst of its time.
  public func thinned(to most: Int) -> [PastVoteSpan] {
    guard count > most, most > 0, let first, let last else { return self }
    let stepMs = Swift.max((last.to - first.from + Int64(most) - 1) / Int64(most), 1)
    var worst = [Int?](repeating: nil, count: most)
    for span in self where span.from < span.to {
      let rank = Self.order.firstIndex(of: span.vote) ?? 0
      let steps = Int((span.from - first.from) / stepMs)...Int((span.to - 1 - first.from) / stepMs)
      for i in steps.clamped(to: 0...most - 1) { worst[i] = Swift.min(worst[i] ?? rank, rank) }
    }
    var out: [PastVoteSpan] = []
    for (i, rank) in worst.enumerated() {
      guard let rank else { continue }
      let from = first.from + Int64(i) * stepMs
      let to = Swift.min(from + stepMs, last.to)
      if out.last?.vote == Self.order[rank], out.last?.to == from {
        out[out.count - 1].to = to
      } else {
        out.append(PastVoteSpan(from: from, to: to, vote: Self.order[rank]))
      }
    }
    return out
  }
}
