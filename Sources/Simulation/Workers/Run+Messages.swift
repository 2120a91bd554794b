import Domain
import Engine
import JSON
import Wire
import Worker

/// The network between workers and the control plane: late, out of order, lost, doubled.
extension Run {
  func latency(_ w: Int) -> Int64 { random.between(workers[w].isLossy ? 5...3000 : 5...80) }

  /// Whether a message between the worker and the control plane gets lost now.
  func isLost(_ w: Int) -> Bool { workers[w].isCutOff || workers[w].isLossy && random.isTrue(perMille: 150) }

  /// Most messages pass as the values that they are; one in sixteen is written and read, as each is in earnest.
  private func isWritten() -> Bool { random.below(16) == 0 }

  func send(_ request: Request, by w: Int) {
    nextMessage += 1
    let id = nextMessage
    var askedNs: UInt64?
    if case .poll(let asked) = request {
      workers[w].mustAsk = false
      if asked.waitMs == 0 { askedNs = workers[w].clock.monotonicNs(now) }
    }
    let until = now + request.timeoutMs
    workers[w].asking[id] = .init(request: request, askedNs: askedNs, until: until)
    let life = workers[w].life
    plan(.gaveUp(w, life: life, id), at: until)
    if isLost(w) { return note(.lost, region: workers[w].region, worker: workers[w].number, id) }
    if case .deliver(_, let results) = request {
      note(.sent, region: workers[w].region, worker: workers[w].number, id, Int64(results.count))
    }
    plan(.arrive(w, life: life, workers[w].key, id, request), at: now + latency(w))
    // What waits for jobs is not doubled: a connection has one answer.
    if case .poll = request { return }
    if workers[w].isLossy, random.isTrue(perMille: 150) {
      plan(.arrive(w, life: life, workers[w].key, id, request), at: now + latency(w))
    }
  }

  func answer(_ w: Int, _ life: Int, _ id: Int64, _ answer: Answer) {
    if isLost(w) { return note(.lost, region: workers[w].region, worker: workers[w].number, id) }
    plan(.answered(w, life: life, id, answer), at: now + latency(w))
  }

  /// A request comes to the control plane.
  func arrive(_ w: Int, _ life: Int, _ key: WorkerID, _ id: Int64, _ request: Request) async throws {
    guard let engine else { return answer(w, life, id, .failed(.away)) }
    guard !revoked.contains(key) else { return answer(w, life, id, .failed(.revoked)) }
    switch request {
    case .poll(let asked): try await polled(asked, w, life, key, id)
    case .deliver(_, let results):
      let taken = try await deliver(results, id, w, key)
      if let taken { answer(w, life, id, taken) }
    case .renew(let refs):
      let named = refs.map { LeaseRef(job: $0.job, generation: $0.generation, worker: key) }
      let lost = try await engine.renew(named)
      let back = lost.map { LeaseRef(job: $0.job, generation: $0.generation, worker: .embedded) }
      answer(w, life, id, .renewed(lost: back))
    case .leave:
      try await engine.leave(key)
      answer(w, life, id, .left)
    }
    if workers[w].isCalm { await engine.wait([(workers[w].key, regionID(w))], waitMs: Self.calmMs) }
    try await follow()
  }

  /// Hands results to the control plane; nil while the store refuses: nobody answers then.
  private func deliver(_ sent: [Delivered], _ message: Int64, _ w: Int, _ key: WorkerID) async throws -> Answer? {
    guard let engine else { return .failed(.away) }
    var results = sent
    if isWritten() {
      results = try sent.map { one in
        guard let read = Delivered(try JSON(parsing: one.json.bytes)) else {
          trouble.add("wire_failed: \(one.json.text)")
          return one
        }
        return read
      }
    }
    note(.arrived, region: workers[w].region, worker: workers[w].number, message, Int64(results.count))
    for report in results {
      guard let mark = report.mark else { continue }
      if let generation = report.generation,
        queue.isSuperseded(LeaseRef(job: report.job, generation: generation, worker: key))
      {
        note(.stale, monitor: report.job.monitor, region: workers[w].region, worker: workers[w].number, mark)
        if !history.inTime.contains(mark) { history.stale.insert(mark) }
      } else {
        history.inTime.insert(mark)
        history.stale.remove(mark)
      }
    }
    guard let fates = await engine.take(results, from: key, in: regionID(w)) else { return nil }
    guard !fates.contains(.busy) else { return .failed(.away) }
    watchSilence(w)
    var said = DeliveryAnswer()
    for (one, fate) in zip(results, fates) {
      switch fate {
      case .accepted: said.accepted += 1
      case .duplicate: said.duplicates += 1
      case .stale: said.stale += 1
      case .rejected, .busy: said.rejected.append(.init(job: one.job.text, code: "unknown_job"))
      }
    }
    return .delivered(isWritten() ? try DeliveryAnswer(try JSON(parsing: said.json.bytes)) : said)
  }

  // MARK: At the worker

  /// An answer comes back, if it still is waited for.
  func answered(_ w: Int, _ id: Int64, _ answer: Answer) async throws {
    guard let asked = workers[w].asking.removeValue(forKey: id) else { return }
    switch (asked.request, answer) {
    case (.leave, _): await left(asked.request, w)
    case (_, .failed(let trouble)): await failed(asked.request, trouble, w)
    case (_, .offered(let offered, let isWritten)):
      let answer = try isWritten ? read(offered, by: w) : value(offered, by: w)
      await feed(.polled(answer, askedNs: asked.askedNs), to: w)
    case (_, .nothing(let answer)): await feed(.polled(answer, askedNs: asked.askedNs), to: w)
    case (.deliver(let batch, _), .delivered(let said)): await feed(.delivered(batch: batch, said), to: w)
    case (.renew(let refs), .renewed(let lost)): await feed(.renewed(refs, lost: lost), to: w)
    default: break
    }
  }

  /// Nobody answered in time.
  func gaveUp(_ w: Int, _ id: Int64) async {
    guard let asked = workers[w].asking[id], asked.until <= now else { return }
    workers[w].asking[id] = nil
    await failed(asked.request, .away, w)
  }

  private func failed(_ request: Request, _ trouble: WorkerCore.Trouble, _ w: Int) async {
    switch request {
    case .poll: await feed(.pollFailed(trouble), to: w)
    case .deliver(let batch, _): await feed(.deliveryFailed(batch: batch, trouble), to: w)
    case .renew(let refs): await feed(.renewFailed(refs), to: w)
    case .leave: await left(request, w)
    }
  }

  /// The answer as the bytes that travel, read by the worker as it does in earnest.
  private func read(_ offered: Engine.Offered, by w: Int) throws -> JobsAnswer {
    let bytes = JobsAnswer.bytes(
      offers: offered.offers, plan: offered.plan, share: offered.share, serverTime: offered.serverTime)
    let core = workers[w].core
    return try JobsAnswer(try JSON(parsing: bytes), region: core.knownRegion) { core.known($0, $1) }
  }

  private func value(_ offered: Engine.Offered, by w: Int) throws -> JobsAnswer {
    var answer = JobsAnswer(serverTime: offered.serverTime)
    answer.share = offered.share
    answer.jobs = try offered.offers.map { offer in
      OfferedJob(
        job: offer.lease.job, generation: offer.lease.generation, leaseUntil: offer.lease.until,
        assignment: try assignment(offer.monitor, w))
    }
    if let (delta, assignments) = offered.plan {
      answer.plan = delta
      answer.plan?.assignments = try assignments.map { try assignment($0, w) }
    }
    return answer
  }

  /// Read once, however often it is sent.
  private func assignment(_ bytes: [UInt8], _ w: Int) throws -> Assignment {
    if let known = assignments[bytes] { return known }
    let made = try Assignment(try JSON(parsing: bytes), region: regionID(w))
    assignments[bytes] = made
    return made
  }

  /// A request as it arrives.
  func passed(_ asked: JobsRequest) throws -> JobsRequest {
    isWritten() ? try JobsRequest(try JSON(parsing: asked.json.bytes)) : asked
  }
  func offer(_ offered: Engine.Offered) -> Answer { .offered(offered, isWritten: isWritten()) }
}

extension Delivered {
  /// Names the attempt; nil where there was none.
  var mark: Int64? { if case .attempt(_, _, _, let seen) = content { seen.bodyBytes } else { nil } }
}
