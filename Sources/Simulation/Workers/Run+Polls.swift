import Domain
import Engine
import Probe
import Wire
import Worker

/// Requests for jobs, which wait at the control plane. One that nothing comes of is followed by the next, every four
/// seconds for hours: while a worker is calm this is left out, and its last rounds are played when something happens to it.
extension Run {
  /// How long a calm worker counts as being there.
  static let calmMs = Instant.dayMs

  func polled(_ sent: JobsRequest, _ w: Int, _ life: Int, _ key: WorkerID, _ id: Int64) async throws {
    guard let engine else { return }
    let asked = try passed(sent)
    if let older = workers[w].parked, older.key == key {
      workers[w].parked = nil
      answer(w, older.life, older.id, .nothing(await engine.nothing(for: key, in: regionID(w))))
    }
    if let offered = await engine.ask(asked, isNew: true, waitMs: asked.waitMs, from: key, in: regionID(w)) {
      noteClaims(offered, w)
      answer(w, life, id, offer(offered))
    } else {
      workers[w].parked = .init(id: id, life: life, key: key, asked: asked, at: now)
      await settle(w)
      if !workers[w].isCalm { plan(.waited(w, id), at: now + asked.waitMs) }
    }
    watchSilence(w)
  }

  private func noteClaims(_ offered: Engine.Offered, _ w: Int) {
    for offer in offered.offers {
      note(
        .claimed, monitor: offer.lease.job.id.monitor, region: workers[w].region, worker: workers[w].number,
        offer.lease.job.id.slot?.ms ?? 0, offer.lease.generation.raw)
    }
  }

  /// Jobs became ready: whoever waits for them gets its share.
  func answerParked(in region: RegionID) async throws {
    let all = workers.indices.filter { $0 > 0 && regionID($0) == region && workers[$0].parked != nil }
    guard !all.isEmpty else { return }
    let first = Int(random.below(Int64(all.count)))
    for w in all[first...] + all[..<first] {
      guard try await queue.ready(in: region) > 0 else { return }
      await rouse(w)
      try await answerParked(w)
    }
  }

  private func answerParked(_ w: Int) async throws {
    guard let engine, let parked = workers[w].parked,
      let offered = await engine.ask(
        parked.asked, isNew: false, waitMs: 0, from: parked.key, in: regionID(w))
    else { return }
    workers[w].parked = nil
    noteClaims(offered, w)
    answer(w, parked.life, parked.id, offer(offered))
  }

  func waited(_ w: Int, _ id: Int64) async throws {
    guard let engine, let parked = workers[w].parked, parked.id == id, !workers[w].isCalm, parked.until <= now else {
      return
    }
    try await answerParked(w)
    guard workers[w].parked?.id == id else { return }
    workers[w].parked = nil
    answer(w, parked.life, id, .nothing(await engine.nothing(for: parked.key, in: regionID(w))))
  }

  /// The control plane ends: who waits is told so, or finds out.
  func dropParked() {
    for w in workers.indices {
      guard let parked = workers[w].parked else { continue }
      workers[w].parked = nil
      answer(w, parked.life, parked.id, .failed(.away))
    }
  }

  /// A turn when a worker that was just heard of would count as silent, if it is not heard of again.
  func watchSilence(_ w: Int) {
    guard !workers[w].isCalm else { return }
    workers[w].heard += 1
    let waitMs = workers[w].parked.map { max($0.until - now, 0) } ?? 0
    plan(.silent(w, workers[w].heard), at: now + waitMs + Limits.workerSilentMs + random.between(1...250))
  }

  // MARK: Calm

  /// Nothing is to come but from outside: neither its requests for jobs nor its looks at the clock are played any more.
  func settle(_ w: Int) async {
    guard let engine, let parked = workers[w].parked, parked.life == workers[w].life, !workers[w].isCalm else { return }
    let one = workers[w]
    guard one.isAlive, !one.mustAsk, !one.isCutOff, !one.isLossy, one.pausedUntil == nil, one.core.isCalm,
      one.asking.count == 1
    else { return }
    let sees = truth.brokenPaths[one.region].holding(now) == nil
    guard one.core.configuration.canaries.isEmpty || one.core.canaryWorks == sees else { return }
    workers[w].isCalm = true
    workers[w].ticks += 1
    workers[w].tickAt = nil
    workers[w].heard += 1
    workers[w].asking[parked.id]?.until = scenario.end + Instant.dayMs
    await engine.wait([(parked.key, regionID(w))], waitMs: Self.calmMs)
  }

  /// Something is about to happen to a worker: what it went through since it became calm is made up for.
  func rouse(_ w: Int) async {
    guard workers[w].isCalm, let parked = workers[w].parked else { return }
    workers[w].isCalm = false
    let roundMs = parked.asked.waitMs + 40
    let rounds = (now - parked.at) / roundMs
    // The half minute before the last one has its best answer as well.
    for round in [rounds - 8, rounds - 1, rounds] where round > 0 { await makeUp(w, parked.at + round * roundMs) }
    guard let engine, let parked = workers[w].parked else { return }
    workers[w].asking[parked.id]?.until = parked.at - 20 + Request.poll(parked.asked).timeoutMs
    plan(
      .gaveUp(w, life: workers[w].life, parked.id), at: max(parked.at - 20 + Request.poll(parked.asked).timeoutMs, now))
    await engine.wait([(parked.key, regionID(w))], waitMs: max(parked.until - now, 0))
    plan(.waited(w, parked.id), at: max(parked.until, now))
    watchSilence(w)
    planTick(w)
  }

  /// One round: an answer without jobs, and the next request, which came at `arrived`.
  private func makeUp(_ w: Int, _ arrived: Instant) async {
    guard let engine, let parked = workers[w].parked else { return }
    var answer = await engine.nothing(for: parked.key, in: regionID(w))
    answer.serverTime = arrived - 40
    let answered = arrived - 20
    let clock = workers[w].clock
    for action in workers[w].core.handle(.polled(answer, askedNs: nil), nowNs: clock.monotonicNs(answered)) {
      switch action {
      case .poll(let asked):
        workers[w].parked?.asked = asked
        workers[w].parked?.at = arrived
        workers[w].asking[parked.id]?.request = .poll(asked)
      case .start(let runs): makeUp(runs, at: answered, w)
      default: trouble.add("calm_failed: \(action)")
      }
    }
  }

  /// Looks at the canaries, the only runs of a calm worker.
  private func makeUp(_ runs: [ProbeRun], at: Instant, _ w: Int) {
    let outcome = truth.canary(from: workers[w].region, at: at, timeoutMs: Int64(Self.canaryTimeoutMs))
    guard at + outcome.lastsMs <= now else { return runs.forEach { start($0, by: w) } }
    let clock = workers[w].clock
    let reports = runs.map { run in
      var seen = Observation(startedAt: clock.wall(at))
      seen.failure = outcome.failure
      return ProbeReport(
        token: run.token, attempt: 0, isFinal: true, startedNs: clock.monotonicNs(at), lateMs: 0,
        status: outcome.status, observation: seen)
    }
    for action in workers[w].core.handle(.reported(reports), nowNs: clock.monotonicNs(at + outcome.lastsMs)) {
      trouble.add("calm_failed: \(action)")
    }
  }
}
