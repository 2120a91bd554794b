import Domain
import Engine
import Store

/// The network between workers and the control plane: late, out of order, lost, doubled.
extension Run {
  func latency(_ w: Int) -> Int64 { random.between(workers[w].isLossy ? 5...3000 : 5...80) }

  /// Whether a message between the worker and the control plane gets lost now.
  func isLost(_ w: Int) -> Bool { workers[w].isCutOff || workers[w].isLossy && random.isTrue(perMille: 150) }

  /// A failing attempt and a run that somebody waits for leave at once, the others with the next batch.
  func hand(_ report: Delivered, by w: Int) {
    if workers[w].isOffline { return spool([report], by: w) }
    workers[w].buffer.append(report)
    let atOnce = report.isFailing || report.job.trigger != .schedule
    guard atOnce || !workers[w].isSending else { return }
    workers[w].isSending = true
    plan(.send(w, life: workers[w].life), at: atOnce ? now : now + 100)
  }

  func send(_ w: Int) {
    workers[w].isSending = false
    guard !workers[w].buffer.isEmpty else { return }
    nextMessage += 1
    workers[w].waiting[nextMessage] = (workers[w].buffer, 0)
    workers[w].buffer = []
    transmit(w, nextMessage)
  }

  private func transmit(_ w: Int, _ message: Int64) {
    guard let reports = workers[w].waiting[message]?.reports else { return }
    workers[w].waiting[message]?.tries += 1
    if isLost(w) {
      note(.lost, region: workers[w].region, worker: workers[w].number, message)
    } else {
      note(.sent, region: workers[w].region, worker: workers[w].number, message, Int64(reports.count))
      plan(.arrive(w, message: message, reports), at: now + latency(w))
      if workers[w].isLossy, random.isTrue(perMille: 150) {
        plan(.arrive(w, message: message, reports), at: now + latency(w))
      }
    }
    plan(.timeOut(w, life: workers[w].life, message: message), at: now + 5000)
  }

  func arrive(_ w: Int, _ message: Int64, _ reports: [Delivered]) async throws {
    guard try await deliver(reports, message, from: w), !isLost(w) else { return }
    plan(.answered(w, life: workers[w].life, message: message), at: now + latency(w))
  }

  /// Hands reports to the control plane; false when nobody is there or it could not store them.
  private func deliver(_ reports: [Delivered], _ message: Int64, from w: Int) async throws -> Bool {
    guard let engine else { return false }
    note(.arrived, region: workers[w].region, worker: workers[w].number, message, Int64(reports.count))
    let worker = WorkerID(Int64(w))
    for report in reports {
      guard let generation = report.generation, let mark = report.mark else { continue }
      if queue.isSuperseded(LeaseRef(job: report.job, generation: generation, worker: worker)) {
        note(.stale, monitor: report.job.monitor, region: workers[w].region, worker: workers[w].number, mark)
        history.stale.insert(mark)
      } else {
        history.stale.remove(mark)
      }
    }
    for mark in reports.filter({ $0.generation == nil }).compactMap(\.mark) { history.stale.remove(mark) }
    await engine.wait([(worker, regionID(w))], waitMs: Self.waitMs)
    let answers = await engine.take(reports, from: worker, in: regionID(w))
    try await follow()
    return answers.map { !$0.contains(.busy) } ?? false
  }

  /// Nobody answered: again, and after the third time alone.
  func timeOut(_ w: Int, _ message: Int64) {
    guard let (reports, tries) = workers[w].waiting[message] else { return }
    if tries < 3, !workers[w].isOffline { return transmit(w, message) }
    workers[w].waiting[message] = nil
    spool(reports, by: w)
    goOffline(w)
    if !workers[w].isOffline { planReconnect(w) }
  }

  // MARK: Spool

  func spool(_ reports: [Delivered], by w: Int) {
    guard !reports.isEmpty else { return }
    note(.spooled, region: workers[w].region, worker: workers[w].number, Int64(reports.count))
    for var report in reports {
      report.generation = nil
      workers[w].spool.append(report)
    }
  }

  func planReconnect(_ w: Int) {
    guard !workers[w].isReconnecting else { return }
    workers[w].isReconnecting = true
    plan(.reconnect(w, life: workers[w].life), at: now + random.between(1000...30_000))
  }

  /// Delivers what is spooled, oldest first, then takes jobs again.
  func reconnect(_ w: Int) async throws {
    workers[w].isReconnecting = false
    guard engine != nil, !isLost(w) else { return planReconnect(w) }
    if !workers[w].spool.isEmpty, wiring.deliversSpool {
      let some = Array(workers[w].spool.prefix(64))
      nextMessage += 1
      guard try await deliver(some, nextMessage, from: w), !isLost(w) else { return planReconnect(w) }
      note(.delivered, region: workers[w].region, worker: workers[w].number, Int64(some.count))
      workers[w].spool.removeFirst(some.count)
      workers[w].isReconnecting = true
      return plan(.reconnect(w, life: workers[w].life), at: now + 2 * latency(w))
    }
    if workers[w].isOffline { note(.online, region: workers[w].region, worker: workers[w].number) }
    workers[w].isOffline = false
    planPoll(w)
  }
}

extension Delivered {
  var isFailing: Bool { if case .attempt(_, _, .down, _) = content { true } else { false } }
  /// Names the attempt; nil where there was none.
  var mark: Int64? { if case .attempt(_, _, _, let seen) = content { seen.bodyBytes } else { nil } }
}
