import Domain
import SQLite
import Store

/// The way in: reports and time become verdicts, and all of it one transaction.
extension Engine {
  /// Stores what has gathered, until nothing is left or the store refuses. One at a time.
  func flush() async {
    guard !isFlushing, now() >= flushAgainAt else { return }
    isFlushing = true
    defer { isFlushing = false }
    while await flushOnce() {}
  }

  /// True when there is more to do at once.
  private func flushOnce() async -> Bool {
    let edited = changed
    changed = []
    let batch = Array(reports.prefix(2000))
    reports.removeFirst(batch.count)
    storing = batch
    defer { storing = [] }
    let ended = closed
    closed = []
    let dropped = givenUp
    givenUp = []
    var droppedAnswers: [ReportAnswer] = []
    var health: [RegionChange] = []
    let before = Snapshot()
    var ledger = Ledger()
    swap(&ledger.slotAlarms, &slotAlarms)
    var answers: [ReportAnswer] = []
    let now = now()
    do {
      for id in edited.sorted() { try await takeEdit(id, at: now, before: before, into: &ledger) }
      let standings = try await standings(of: batch)
      // Whether a region's word counts is known before its word is taken.
      look(at: batch, now: now)
      health = regionChanges
      regionChanges = []
      for change in health { takeHealth(change, at: now, before: before, into: &ledger) }
      for (place, one) in batch.enumerated() {
        answers.append(takeReport(one.report, standings[place], place, at: now, before: before, into: &ledger))
      }
      for job in ended { takeClosed(job, into: &ledger) }
      droppedAnswers = try await take(dropped, into: &ledger)
      takeWakes(at: now, before: before, into: &ledger)
      guard !ledger.isEmpty || !batch.isEmpty || !dropped.isEmpty else { return false }
      let persisted = try await persist(ledger)
      for (reason, n) in persisted.missed { statisticsNow.missed[reason, default: 0] += n }
      for place in persisted.duplicates { answers[place] = .duplicate }
      stored(ledger.late, replayAt: persisted.replayAt)
      if statisticsNow.storeFailing { report("store_recovered", "results are stored again") }
      statisticsNow.storeFailing = false
      flushPauseMs = 0
    } catch {
      for wake in before.restore(in: watched) { wakes.push(wake) }
      changed.formUnion(edited)
      regionChanges.insert(contentsOf: health, at: 0)
      slotAlarms.insert(contentsOf: ledger.slotAlarms, at: 0)
      givenUp.insert(contentsOf: dropped, at: 0)
      reports.insert(contentsOf: batch, at: 0)
      closed.insert(contentsOf: ended, at: 0)
      await storeRefused(error, now: now)
      return false
    }
    tell(ledger)
    statisticsNow.results += ledger.results.count
    for (one, answer) in zip(batch, answers) { one.ticket?.answer(one.place, answer) }
    for (one, answer) in zip(dropped, droppedAnswers) { one.ticket.answer(one.place, answer) }
    let over = zip(dropped, droppedAnswers).filter { $1 == .accepted }.map(\.0.closed.job.id)
    let done = over + zip(batch, answers).filter { $0.report.isFinal && $1 != .stale }.map(\.0.report.job)
    do { try await queue.complete(done, now: now) } catch { report("queue_failed", "\(error)") }
    await askWhatFollows(from: ledger, at: now)
    return !reports.isEmpty || !changed.isEmpty || !regionChanges.isEmpty || !givenUp.isEmpty
  }

  /// What was taken back waits, for longer each time, and within its bound.
  private func storeRefused(_ error: any Error, now: Instant) async {
    flushPauseMs = min(5000, max(250, 2 * flushPauseMs))
    flushAgainAt = now + flushPauseMs
    shedIfNeeded()
    await keepWaiting(now: now)
    if !statisticsNow.storeFailing { report("store_failing", "\(error)") }
    statisticsNow.storeFailing = true
  }

  /// Runs that nobody planned: second opinions, witnesses, first looks.
  func askWhatFollows(from ledger: Ledger, at now: Instant) async {
    for (monitor, region) in ledger.secondOpinions {
      guard let one = watched[monitor] else { continue }
      await ask(one, .secondOpinion, regions: one.regions.filter { $0 != region }, at: now)
    }
    for (monitor, region) in ledger.lookAgain {
      guard let one = watched[monitor] else { continue }
      // As far from the attempt before it as the attempts of a run are from one another.
      await ask(one, .secondOpinion, regions: [region], at: now, due: now + MonitorSettings.backOffMs(beforeAttempt: 1))
    }
    await askWitnesses(at: now)
    await askFirstRuns(ledger.wanted, at: now)
  }

  /// Results that wait for the store are done: their leases go on, so that nobody does the runs again meanwhile.
  private func keepWaiting(now: Instant) async {
    let refs = reports.filter(\.report.isFinal).compactMap(\.report.lease)
    do { _ = try await queue.renew(refs, now: now) } catch { report("queue_failed", "\(error)") }
  }

  /// Looks at once at monitors that are new or run again.
  private func askFirstRuns(_ ids: [MonitorID], at now: Instant) async {
    guard !ids.isEmpty else { return }
    for id in ids {
      guard let one = watched[id], one.wantsRun else { continue }
      one.wantsRun = false
      await ask(one, .created, regions: one.regions, at: now)
    }
    await dispatch()
  }

  /// How the lease of each report stands; one that comes from a spool has none any more.
  private func standings(of batch: [Incoming]) async throws -> [LeaseStanding] {
    var known = try await queue.standing(of: batch.compactMap(\.report.lease)).makeIterator()
    return batch.map { $0.report.generation == nil ? .unknown : known.next() ?? .unknown }
  }

  /// What only the transaction could tell.
  struct Persisted: Sendable {
    /// Slots that are missed by it, and why.
    var missed: [MissedReason: Int] = [:]
    /// Places in the batch of results whose slot had one already.
    var duplicates: [Int] = []
    /// When unknown time is to be recomputed, where late results ask for it.
    var replayAt: Instant?
  }

  /// Applies a ledger in one transaction. What follows from a monitor's change is its own affair: when it fails for
  /// another reason than the store's, it is given up and told, and everybody else's results are kept.
  @discardableResult
  func persist(_ ledger: Ledger) async throws -> Persisted {
    guard !ledger.isEmpty else { return Persisted() }
    let onChange = onChange
    let onRegionChange = onRegionChange
    let onSlotAlarm = onSlotAlarm
    let report = report
    let now = now()
    return try await store.write { db in
      var persisted = Persisted()
      for report in ledger.results {
        try ResultLog.append(report, in: db)
        if report.isFinal { try ResultLog.unmiss(report.job, in: db) }
      }
      for (place, report) in ledger.outOfOrder {
        guard try !ResultLog.holds(report.job, in: db) else {
          persisted.duplicates.append(place)
          continue
        }
        try ResultLog.append(report, in: db)
        try ResultLog.unmiss(report.job, in: db)
      }
      for job in ledger.missed where try ResultLog.missed(job.job.id, reason: job.reason, in: db) {
        persisted.missed[job.reason, default: 0] += 1
      }
      for one in ledger.entered { try EngineQueries.enter(one.state, since: one.since, monitor: one.monitor, in: db) }
      for one in ledger.shown { try EngineQueries.show(one.shown, monitor: one.monitor, in: db) }
      for (id, verdict) in ledger.verdicts { try EngineQueries.saveVerdict(verdict, of: id, now: now, in: db) }
      for change in ledger.changes {
        do { try db.savepoint { try onChange(change, db) } } catch  where !StoreTrouble.isPassing(error) {
          report("change_not_followed", "\(change.publicID) \(change.from) to \(change.to): \(error)")
        }
      }
      for change in ledger.regions {
        do { try db.savepoint { try onRegionChange(change, db) } } catch  where !StoreTrouble.isPassing(error) {
          report("region_change_not_followed", "\(change.name) \(change.from) to \(change.to): \(error)")
        }
      }
      for change in ledger.slotAlarms {
        do { try db.savepoint { try onSlotAlarm(change, db) } } catch  where !StoreTrouble.isPassing(error) {
          report("slot_alarm_not_followed", "\(error)")
        }
      }
      persisted.replayAt = try Self.ask(ledger.late, now: now, in: db)
      for kept in ledger.evidence {
        try EvidenceLog.keep(kept.report, isFirst: kept.isFirst, organization: kept.organization, in: db)
      }
      return persisted
    }
  }

  /// An edit, a pause, a resumption, a new monitor or a deleted one.
  private func takeEdit(_ id: MonitorID, at now: Instant, before: Snapshot, into ledger: inout Ledger) async throws {
    let sealer = store.sealer
    let (stored, lately) = try await store.read { db in
      (
        try EngineQueries.one(id, in: db, sealer: sealer),
        try PlanQueries.touching(id, from: now - Instant.hourMs, to: now, in: db)
      )
    }
    let known = watched[id]
    let planned = known?.plan ?? []
    let lentBefore = known?.settings.allowsStandIn
    guard let stored else {
      try await takeBack(id, keeping: [], at: now)
      // Nor does what is due already wait for anybody, or show as open until its time is over.
      try await queue.withdraw(id, from: Instant(ms: 0))
      forgetCrashes(over: id)
      watched[id] = nil
      noteGone(id, of: known?.pastRegions ?? [])
      return
    }
    let one = known ?? Watched(stored)
    let wasEnabled = known?.verdict.isEnabled ?? false
    before.keep(one)
    one.replace(stored)
    one.endedPlan = lately.filter { $0.to != nil }
    planVersion += 1
    one.version = planVersion
    watched[id] = one
    try await liftQuarantine(of: id)
    configure(one, at: now, into: &ledger)
    if !one.settings.allowsStandIn { endStandIns(one, at: now, into: &ledger) }
    if planned != one.plan || lentBefore.map({ $0 != one.settings.allowsStandIn }) ?? false {
      try await takeBack(id, keeping: one.plan.filter(planned.contains), at: now)
    }
    catchUp(one, at: now)
    if !one.settings.enabled {
      one.wantsRun = false
    } else if known == nil || !wasEnabled {
      one.wantsRun = true
    }
    if one.wantsRun { ledger.wanted.append(id) }
  }

  func configure(_ one: Watched, at now: Instant, into ledger: inout Ledger) {
    feed(
      .configured(
        VerdictRules(one.settings), regions: one.regions.isEmpty ? one.verdict.votes.map(\.region) : one.regions,
        isEnabled: one.settings.enabled), to: one, at: now, into: &ledger)
    muteUnwell(one, at: now, into: &ledger)
  }

  private func takeReport(
    _ report: RunReport, _ standing: LeaseStanding, _ place: Int, at now: Instant, before: Snapshot,
    into ledger: inout Ledger
  ) -> ReportAnswer {
    // A superseded lease counts for nothing; one that is not known any more closed while its last report was under way.
    guard let one = watched[report.job.monitor] else { return .rejected }
    guard standing != .superseded else { return .stale }
    before.keep(one)
    if let slot = report.job.slot, report.isFinal {
      if let last = one.lastSlot[report.job.region], slot <= last {
        guard slot < last else { return .duplicate }
        ledger.outOfOrder.append((place, report))
        noteLate(report, of: one, at: now, into: &ledger)
        return .accepted
      }
    } else if report.worker != .embedded {
      guard !one.hasSeen(report, standing) else { return .duplicate }
      one.heard.add(report)
    }
    if report.job.slot == nil, report.isFinal, !ledger.askedRuns.insert(report.runKey).inserted { return .duplicate }
    // Its slot has its result: what a worker that slept has still to say about it moves nothing.
    if !report.isFinal, let slot = report.job.slot, let last = one.lastSlot[report.job.region], slot <= last {
      return .stale
    }
    if isRegionsOwnTrouble(report) {
      if report.isFinal, report.job.slot != nil {
        ledger.missed.append(ClosedJob(job: Job(closing: report), reason: .regionSuspect))
      }
      return .accepted
    }
    if let slot = report.job.slot, report.isFinal { one.lastSlot[report.job.region] = slot }
    ledger.results.append(report)
    noteLate(report, of: one, at: now, into: &ledger)
    let event = Verdict.Report(
      region: report.job.region, trigger: report.job.trigger, startedAt: report.observation.startedAt,
      status: report.status, isStandIn: report.isStandIn)
    guard hasVoice(report) else { return .accepted }
    feed(.reported(event), to: one, at: now, report: report, into: &ledger)
    if report.isFinal, report.status != .down { reassure(one, at: now, into: &ledger) }
    return .accepted
  }

  /// What workers gave up: theirs to say while nobody else has the job.
  private func take(_ dropped: [GivenUp], into ledger: inout Ledger) async throws -> [ReportAnswer] {
    var known = try await queue.standing(of: dropped.compactMap(\.lease)).makeIterator()
    return dropped.map { one in
      if one.lease != nil, known.next() == .superseded { return .stale }
      takeClosed(one.closed, into: &ledger)
      return .accepted
    }
  }

  private func takeClosed(_ job: ClosedJob, into ledger: inout Ledger) {
    // A job that had its result left the queue with it: what closes here is a slot without one.
    guard job.job.id.slot != nil, watched[job.job.id.monitor] != nil else { return }
    ledger.missed.append(job)
  }

  private func takeWakes(at now: Instant, before: Snapshot, into ledger: inout Ledger) {
    while let next = wakes.first, next.at <= now {
      _ = wakes.pop()
      guard let one = watched[next.monitor], one.wakesAt == next.at else { continue }
      one.wakesAt = nil
      before.keep(one, wokenAt: next.at)
      feed(.timePassed, to: one, at: now, into: &ledger)
    }
  }

  /// One event to one verdict; what follows goes into the ledger.
  func feed(
    _ event: Verdict.Event, to one: Watched, at now: Instant, report: RunReport? = nil, into ledger: inout Ledger
  ) {
    let bytes = one.verdict.encoded
    let actions = one.verdict.handle(event, now: now)
    if one.verdict.encoded != bytes { ledger.verdicts[one.id] = one.verdict }
    for action in actions {
      switch action {
      case .enter(let state, let since):
        ledger.entered.append(.init(monitor: one.id, state: state, since: since))
      case .show(let shown, let was):
        ledger.shown.append((one.id, shown))
        ledger.changes.append(change(one, from: was, to: shown, at: now, report: report))
      case .askOthers(let region):
        ledger.secondOpinions.append((one.id, region))
      case .askAgain(let region):
        ledger.lookAgain.append((one.id, region))
      case .keepEvidence(_, let isFirst):
        if let report {
          ledger.evidence.append(.init(report: report, isFirst: isFirst, organization: one.organization))
        }
      case .streakEnded: break
      }
    }
    if let wake = one.verdict.wakesAt, wake != one.wakesAt, one.wakesAt.map({ $0 > wake || $0 <= now }) ?? true {
      one.wakesAt = wake
      wakes.push(Wake(at: wake, monitor: one.id))
    }
  }

  func change(
    _ one: Watched, from was: Verdict.Shown, to shown: Verdict.Shown, at now: Instant, report: RunReport?
  ) -> MonitorChange {
    MonitorChange(
      monitor: one.id, publicID: one.publicID, organization: one.organization, name: one.settings.name,
      url: one.settings.url, from: was.status, to: shown.status, since: shown.since, at: now,
      failure: report?.observation.failure, httpStatus: report?.observation.httpStatus,
      region: report.flatMap(place(of:)), recovering: shown.recovering,
      flapping: shown.flapping, wasFlapping: was.flapping,
      flaps: Int(one.verdict.flapping.changes), flappingSince: one.verdict.flapping.began)
  }

  /// While the store refuses, memory stays bounded: the oldest results are given up, and their slots are missed; beyond
  /// that many missed slots the oldest are only counted, and found missing at the next start.
  private func shedIfNeeded() {
    if reports.count > Limits.waitingForStoreMax {
      let shed = reports.prefix(reports.count - Limits.waitingForStoreMax)
      for one in shed {
        if one.report.isFinal { closed.append(ClosedJob(job: Job(closing: one.report), reason: .overloaded)) }
        one.ticket?.answer(one.place, .busy)
      }
      reports.removeFirst(shed.count)
    }
    if closed.count > Limits.waitingForStoreMax {
      let shed = closed.prefix(closed.count - Limits.waitingForStoreMax)
      for one in shed { statisticsNow.missed[one.reason, default: 0] += 1 }
      closed.removeFirst(shed.count)
    }
  }
}

/// The state of monitors before a turn, to go back to when it could not be stored.
final class Snapshot {
  private var verdicts: [MonitorID: (Verdict, [RegionID: Instant], HeardAttempts)] = [:]
  private var woken: [Engine.Wake] = []

  func keep(_ one: Watched, wokenAt: Instant? = nil) {
    if verdicts[one.id] == nil { verdicts[one.id] = (one.verdict, one.lastSlot, one.heard) }
    if let wokenAt { woken.append(Engine.Wake(at: wokenAt, monitor: one.id)) }
  }

  /// Answers the wakes that were taken meanwhile: they are still to come.
  func restore(in watched: [MonitorID: Watched]) -> [Engine.Wake] {
    for (id, (verdict, lastSlot, heard)) in verdicts {
      watched[id]?.verdict = verdict
      watched[id]?.lastSlot = lastSlot
      watched[id]?.heard = heard
    }
    for wake in woken { watched[wake.monitor]?.wakesAt = wake.at }
    return woken
  }
}
