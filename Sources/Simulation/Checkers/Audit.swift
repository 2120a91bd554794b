import Domain
import Engine
import SQLite
import Store

/// When the loop looks back while it runs.
enum Audit {
  static let everyMs = 6 * Instant.hourMs
  /// How long a slot waits for what a spool may still bring before it is judged.
  static let lateMs = 3 * Instant.hourMs
  /// How long after the last fault everything that waited must be done.
  static let drainMs = 20 * Instant.minuteMs
}

/// How far the audits got and what they found.
struct AuditState {
  var upTo = Scenario.start
  var feed: (seq: Int64, at: Instant) = (0, Scenario.start)
  var counts = SlotChecks.Counts()
  var violations: [Violation] = []
  var checks = 0
  var seen = TruthChecks.Seen()
  var drained = false
}

extension Run {
  /// Judges what is old enough, then lets go of it.
  func auditNow() async throws {
    guard engine != nil else { return plan(.audit, at: now + 10 * Instant.minuteMs) }
    try await judgeSlots(upTo: now - Audit.lateMs)
    if now >= scenario.calmFrom + Audit.drainMs, !audit.drained {
      audit.drained = true
      try await judgeDrained()
    }
    var next = now + Audit.everyMs
    let drained = scenario.calmFrom + Audit.drainMs
    if !audit.drained, next > drained { next = max(drained, now + 1) }
    plan(.audit, at: next)
  }

  private func judgeSlots(upTo end: Instant) async throws {
    guard end > audit.upTo else { return }
    let window = Span(audit.upTo, end)
    let (monitors, last) = (settings.count, audit.feed)
    let read = try await store.read { db in
      (
        slots: try ReadBack.slots(window, monitors: monitors, in: db), feed: try ReadBack.feed(after: last.seq, in: db),
        states: try ReadBack.states(in: db)
      )
    }
    let before = audit.counts.due
    var counts = audit.counts
    var found = SlotChecks.everySlotOnce(read.slots, timelines: timelines, counts: &counts)
    audit.counts = counts
    found += SlotChecks.nothingSuperseded(read.slots, stale: history.stale)
    found += SlotChecks.everyAttemptOnce(read.slots)
    found += LateChecks.quorumIsKnown(
      read.slots, states: read.states, timelines: timelines, troubles: faults.beginnings)
    found += TellingChecks.feedForward(read.feed.read, after: last)
    audit.violations += found
    audit.feed = read.feed.read.last ?? last
    history.unseen += SlotChecks.unseen(read.slots, monitors: settings.count)
    history.told += read.feed.told
    audit.upTo = end
    note(.audited, end.ms, Int64(audit.counts.due - before))
    let seq = audit.feed.seq
    try await store.write { try ReadBack.forget(before: end - 2 * Instant.hourMs, seq: seq, in: $0) }
  }

  /// I10: nothing of ours fails any more, and nothing is left of the time when it did.
  private func judgeDrained() async throws {
    func wrong(_ words: String) {
      audit.violations.append(Violation("I10", monitor: nil, at: now, words))
    }
    for worker in workers.dropFirst() where !worker.isAlive || worker.core.isAway || worker.disk.records > 0 {
      let way = !worker.isAlive ? "is gone" : worker.core.isAway ? "works by its own plan" : "is there"
      wrong("worker \(worker.number) of region \(worker.region) \(way), with \(worker.disk.records) spooled results")
    }
    let calm = scenario.calmFrom
    let left = try await store.read { try ReadBack.messages(in: $0) }.filter {
      $0.createdAt < calm && $0.state != "sent" && $0.state != "dead"
    }
    if !left.isEmpty { wrong("\(left.count) messages of the time of faults still wait") }
    if let engine {
      let seen = await engine.currentStatistics()
      if seen.storeFailing || seen.buffered > 0 { wrong("\(seen.buffered) results still wait for the store") }
      let oldest = now - 2 * Instant.minuteMs - 2 * longestBudgetMs
      if let slot = seen.oldestOpenSlot, slot < oldest { wrong("the slot of \(slot.rfc3339) is still open") }
    }
  }

  private var longestBudgetMs: Int64 { timelines.flatMap(\.all).map(\.slotBudgetMs).max() ?? 0 }

  /// Reads the rest back at the end.
  func finish() async throws {
    try await judgeSlots(upTo: now - 2 * Instant.minuteMs - 2 * longestBudgetMs)
    // What was told in the last minutes belongs to the history as well.
    let last = audit.feed
    let read = try await store.read { db in
      (
        feed: try ReadBack.feed(after: last.seq, in: db), states: try ReadBack.states(in: db),
        incidents: try ReadBack.incidents(in: db), messages: try ReadBack.messages(in: db)
      )
    }
    history.told += read.feed.told
    history.states = read.states
    history.incidents = read.incidents
    history.messages = read.messages
  }

  /// The checks that look at the whole of a run.
  func judge() -> [Violation] {
    let checks = TruthChecks(truth: truth, faults: faults, timelines: timelines, history: history)
    let monitors = settings.count
    var out = checks.noFalseDown()
    var seen = TruthChecks.Seen()
    out += checks.noMissedOutage(&seen)
    out += checks.downTime(&seen)
    out += LateChecks.downsAreTrue(history.states, outages: settings.indices.map(truth.outages))
    audit.seen = seen
    out += TellingChecks.oneIncidentPerDown(history, monitors: monitors)
    out += TellingChecks.messagesInOrder(history)
    out += TellingChecks.statesWithoutHole(history, timelines: timelines)
    out += TellingChecks.gapsUnknown(history, unseen: history.unseen, timelines: timelines)
    // What the parts report of workers and regions that come and go is as it should be.
    let ours = trouble.events.filter { line in
      let event = line.prefix { $0 != ":" }
      return event.hasSuffix("_failed") || event.hasSuffix("_followed") || event == "target_refused"
    }
    out += ours.map { Violation("trouble", monitor: nil, at: now, $0) }
    return out
  }

  func figures() -> Figures {
    var out = Figures()
    out.days = Int64(scenario.days)
    out.monitorDays = Int64(scenario.days * scenario.monitors)
    out.checks = Int64(audit.checks)
    out.slots = Int64(audit.counts.due)
    out.results = Int64(audit.counts.results)
    for (reason, n) in audit.counts.missed { out.missed[reason, default: 0] += Int64(n) }
    out.missed[.notRunning, default: 0] += Int64(audit.counts.notRunning)
    out.outages = Int64(audit.seen.outages)
    out.downs = Int64(settings.indices.reduce(0) { $0 + history.downs(of: $1).count })
    out.delaysMs = audit.seen.delaysMs
    out.errorsMs = audit.seen.errorsMs
    for fault in faults.all { out.faults[fault.kind, default: 0] += 1 }
    out.renewed = Int64(renewals)
    out.spoolFull = workers.reduce(0) { $0 + Int64($1.disk.dropped) }
    out.edits = Int64(edits.all.count)
    out.stale = Int64(history.stale.count)
    return out
  }
}
