import Domain

/// I4, I8 and I10, and that states leave no hole: what people were told.
enum TellingChecks {
  /// One incident per entry into down, resolved by the recovery after it. While a monitor flaps, its incident stays open
  /// over many of them; when exactly it ends is the flow's to say, that it ends is held here.
  static func oneIncidentPerDown(_ history: History, monitors: Int) -> [Violation] {
    (0..<monitors).flatMap { monitor -> [Violation] in
      var wanted: [(started: Instant, resolved: Instant?, flapped: Bool)] = []
      var isOpen = false
      for one in history.told where one.monitor == monitor {
        if one.status == .down, !isOpen {
          isOpen = true
          wanted.append((one.since, nil, one.flapping))
        } else if isOpen, one.flapping, one.status != .paused {
          wanted[wanted.count - 1].flapped = true
        } else if isOpen, one.status == .up || one.status == .degraded {
          isOpen = false
          wanted[wanted.count - 1].resolved = max(one.since, wanted[wanted.count - 1].started)
        } else if isOpen, one.status == .paused {
          // Nobody looks any more: it ends with that.
          isOpen = false
          wanted[wanted.count - 1].resolved = one.at
          wanted[wanted.count - 1].flapped = true
        }
      }
      let found = history.incidents.filter { $0.monitor == monitor }.sorted { $0.id < $1.id }
      var out: [Violation] = []
      for n in 0..<max(wanted.count, found.count) {
        guard n < found.count else {
          out.append(Violation("I4", monitor: monitor, at: wanted[n].started, "went down and no incident was opened"))
          continue
        }
        guard n < wanted.count else {
          out.append(Violation("I4", monitor: monitor, at: found[n].createdAt, "an incident has no entry into down"))
          continue
        }
        let isAsTold =
          wanted[n].flapped
          ? (found[n].resolvedAt == nil) == (wanted[n].resolved == nil) : found[n].resolvedAt == wanted[n].resolved
        if found[n].startedAt != wanted[n].started || !isAsTold {
          out.append(
            Violation(
              "I4", monitor: monitor, at: found[n].createdAt,
              "incident \(found[n].startedAt.rfc3339) to \(found[n].resolvedAt?.rfc3339 ?? "now") is not what was told: \(wanted[n].started.rfc3339) to \(wanted[n].resolved?.rfc3339 ?? "now")"
            ))
        }
      }
      return out
    }
  }

  /// Each incident is told once as down and, when it ended, once as resolved; the channel hears the end after the beginning.
  static func messagesInOrder(_ history: History) -> [Violation] {
    var out: [Violation] = []
    var first: [Int64: Int] = [:]
    for (n, one) in history.carried.enumerated() where first[one.id] == nil { first[one.id] = n }
    let messages = Dictionary(grouping: history.messages, by: \.incident)
    for incident in history.incidents {
      let told = messages[incident.id] ?? []
      let downs = told.filter { $0.kind == .down }
      let flaps = told.filter { $0.kind == .flapping }
      let begins = told.filter { $0.kind != .resolved }
      let ends = told.filter { $0.kind == .resolved }
      func wrong(_ words: String) {
        out.append(Violation("I4", monitor: incident.monitor, at: incident.createdAt, words))
      }
      // One that flaps is told as that instead, or besides, and as down once more when it stays so.
      if flaps.isEmpty ? downs.count != 1 : downs.count > 2 || flaps.count > 1 {
        wrong("\(downs.count) messages say that it is down, \(flaps.count) that it flaps")
      }
      if ends.count > (incident.resolvedAt == nil ? 0 : 1) { wrong("\(ends.count) messages say that it is resolved") }
      // It ended because nobody looks any more: that is not to be told as its being up.
      let isQuiet = history.told.contains {
        $0.monitor == incident.monitor && $0.status == .paused && $0.at == incident.resolvedAt
      }
      if isQuiet, !ends.isEmpty { wrong("a message says that it is up, and nobody looked") }
      if incident.resolvedAt != nil, !isQuiet, ends.isEmpty { wrong("no message says that it is resolved") }
      for end in ends {
        guard let heard = first[end.id] else { continue }
        guard let before = begins.first, let heardBefore = first[before.id], heardBefore < heard else {
          wrong("the channel heard of the end before the beginning")
          continue
        }
      }
      for one in told where one.state == "sent" && first[one.id] == nil {
        wrong("message \(one.id) is marked sent and was not")
      }
    }
    return out
  }

  /// States follow one another without hole or overlap.
  static func statesWithoutHole(_ history: History, timelines: [Timeline]) -> [Violation] {
    timelines.indices.flatMap { monitor -> [Violation] in
      let rows = history.states.filter { $0.monitor == monitor }.sorted { $0.since < $1.since }
      var out: [Violation] = []
      for (row, next) in zip(rows, rows.dropFirst()) where row.until != next.since {
        out.append(
          Violation(
            "I2", monitor: monitor, at: row.since, "state \(row.state.rawValue) does not end where the next begins"))
      }
      if let last = rows.last, last.until != timelines[monitor].deletedAt {
        out.append(Violation("I2", monitor: monitor, at: last.since, "no state holds now, or one of what is gone"))
      }
      return out
    }
  }

  /// A time in which nothing ran and nobody looked at a monitor, longer than votes last, is unknown: never up, never down.
  static func gapsUnknown(_ history: History, unseen: [History.Unseen], timelines: [Timeline]) -> [Violation] {
    unseen.flatMap { one -> [Violation] in
      let lastsMs = timelines[one.monitor].all.map { VerdictRules($0).voteLastsMs }.max() ?? 0
      guard one.span.ms > lastsMs + 10_000 else { return [] }
      return history.states.filter {
        $0.monitor == one.monitor && $0.since < one.span.to - 1 && ($0.until ?? one.span.to) > one.span.from + 1
          && ![.unknown, .pending, .paused].contains($0.state)
      }.map {
        Violation(
          "I2", monitor: one.monitor, at: one.span.from,
          "is called \($0.state.rawValue) since \($0.since.rfc3339), while nothing ran until \(one.span.to.rfc3339)")
      }
    }
  }

  /// `seq` goes up one by one, and never back in time.
  static func feedForward(_ read: [(seq: Int64, at: Instant)], after last: (seq: Int64, at: Instant)) -> [Violation] {
    var last = last
    var out: [Violation] = []
    for one in read {
      if one.seq != last.seq + 1 || one.at < last.at {
        out.append(Violation("I8", monitor: nil, at: one.at, "event \(one.seq) follows \(last.seq)"))
      }
      last = one
    }
    return out
  }
}
