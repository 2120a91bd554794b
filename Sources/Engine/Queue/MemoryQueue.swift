import Domain

/// The queue of one process: jobs and leases in memory. What it forgets at a restart the slots make again.
public actor MemoryQueue: JobQueue {
  private struct Entry {
    var job: Job
    var lease: Lease?
    var worker: WorkerID?
    var leases = 0
    /// Leases that ended because their holder cannot do it, and the holders that are still there.
    var refusals = 0
    var refusers: Set<WorkerID> = []
    /// The newest lease, also after its time: what its holder brings counts until somebody else holds the job.
    var newest: Generation?
    var newestWorker: WorkerID?
  }

  private struct Ready: Comparable {
    let due: Instant
    let id: JobID
    static func < (a: Ready, b: Ready) -> Bool { a.due < b.due }
  }

  private struct Deadline: Comparable {
    let at: Instant
    let id: JobID
    static func < (a: Deadline, b: Deadline) -> Bool { a.at < b.at }
  }

  private let epoch: Int64
  private var number: UInt32 = 0
  private var entries: [JobID: Entry] = [:]
  private var ready: [RegionID: Heap<Ready>] = [:]
  /// Of these the ones that allow a stand-in. A job stands here and there until one of the two finds it taken.
  private var lendable: [RegionID: Heap<Ready>] = [:]
  private var deadlines = Heap<Deadline>()
  private struct Ended {
    let at: Instant
    let newest: LeaseRef?
    /// It was leased more than once: what an earlier holder still has counts as little as before the end.
    let wasTaken: Bool

    init(_ entry: Entry, at: Instant) {
      self.at = at
      wasTaken = entry.leases > 1
      newest =
        if let generation = entry.newest, let worker = entry.newestWorker {
          LeaseRef(job: entry.job.id, generation: generation, worker: worker)
        } else { nil }
    }

    func isKept(at now: Instant) -> Bool { now - at < (wasTaken ? 10 * Instant.minuteMs : 30_000) }
  }

  /// Jobs that ended lately, so that emitting them again is harmless.
  private var ended: [JobID: Ended] = [:]
  private var endedPruned = Instant(ms: 0)

  /// `epoch` was raised and stored before the first lease.
  public init(epoch: Int64) { self.epoch = epoch }

  public func emit(_ jobs: [Job], now: Instant) {
    for job in jobs where entries[job.id] == nil && ended[job.id] == nil {
      entries[job.id] = Entry(job: job)
      makeReady(job)
      deadlines.push(Deadline(at: job.closesAt, id: job.id))
    }
  }

  public func claim(region: RegionID, worker: WorkerID, max: Int, now: Instant) -> [Lease] {
    take(max, from: &ready[region], worker: worker, now: now)
  }

  public func lend(region: RegionID, worker: WorkerID, max: Int, now: Instant) -> [Lease] {
    take(max, from: &lendable[region], worker: worker, now: now)
  }

  private func makeReady(_ job: Job) {
    let one = Ready(due: job.due, id: job.id)
    ready[job.id.region, default: Heap()].push(one)
    if job.allowsStandIn { lendable[job.id.region, default: Heap()].push(one) }
  }

  private func take(_ max: Int, from waiting: inout Heap<Ready>?, worker: WorkerID, now: Instant) -> [Lease] {
    var out: [Lease] = []
    var passedOver: [Ready] = []
    defer { for one in passedOver { waiting?.push(one) } }
    while out.count < max, let next = waiting?.pop() {
      guard var entry = entries[next.id], entry.lease == nil else { continue }
      guard !entry.refusers.contains(worker) else {
        passedOver.append(next)
        continue
      }
      number += 1
      let lease = Lease(
        job: entry.job, generation: Generation(epoch: epoch, number: number), worker: worker,
        until: Swift.max(now, entry.job.due) + entry.job.leaseMs)
      entry.lease = lease
      entry.worker = worker
      entry.newest = lease.generation
      entry.newestWorker = worker
      entry.leases += 1
      entries[next.id] = entry
      deadlines.push(Deadline(at: lease.until, id: next.id))
      out.append(lease)
    }
    return out
  }

  public func renew(_ refs: [LeaseRef], now: Instant) -> [LeaseRef] {
    var lost: [LeaseRef] = []
    for ref in refs {
      guard var entry = entries[ref.job], let lease = entry.lease, lease.ref == ref else {
        lost.append(ref)
        continue
      }
      entry.lease = Lease(
        job: lease.job, generation: lease.generation, worker: lease.worker, until: now + lease.job.leaseMs)
      entries[ref.job] = entry
      deadlines.push(Deadline(at: now + lease.job.leaseMs, id: ref.job))
    }
    return lost
  }

  public func standing(of refs: [LeaseRef]) -> [LeaseStanding] {
    refs.map { ref in
      guard let entry = entries[ref.job] else {
        guard let last = ended[ref.job], last.wasTaken else { return .unknown }
        return last.newest == ref ? .unknown : .superseded
      }
      return entry.newest == ref.generation && entry.newestWorker == ref.worker ? .current : .superseded
    }
  }

  public func ready(in region: RegionID) -> Int { ready[region]?.count ?? 0 }

  public func lendable(in region: RegionID) -> Int { lendable[region]?.count ?? 0 }

  public func complete(_ ids: [JobID], now: Instant) {
    for id in ids {
      if let entry = entries.removeValue(forKey: id) { ended[id] = Ended(entry, at: now) }
    }
  }

  public func handBack(worker: WorkerID, isLost: Bool, now: Instant) {
    // In the order of the leases, so that the same leave gives the same order of jobs.
    let held = entries.filter { $0.value.worker == worker }
      .sorted { ($0.value.newest?.raw ?? 0) < ($1.value.newest?.raw ?? 0) }
    for (id, var entry) in held {
      if isLost, entry.leases >= Limits.leasesPerJobMax { continue }
      entry.lease = nil
      entry.worker = nil
      if !isLost { entry.leases -= 1 }
      entries[id] = entry
      makeReady(entry.job)
    }
    // Who leaves may come back as a newer version.
    for (id, entry) in entries where entry.refusers.contains(worker) { entries[id]?.refusers.remove(worker) }
  }

  public func refuse(_ ref: LeaseRef, others: Set<WorkerID>, now: Instant) -> Bool {
    guard var entry = entries[ref.job], entry.newest == ref.generation, entry.newestWorker == ref.worker else {
      return false
    }
    // Said again, because the answer was lost: the job waits for somebody else already.
    guard entry.lease != nil else { return entry.refusers.contains(ref.worker) }
    guard entry.leases < Limits.leasesPerJobMax, entry.job.closesAt > now,
      !others.subtracting(entry.refusers).subtracting([ref.worker]).isEmpty
    else { return false }
    entry.refusers.insert(ref.worker)
    entry.refusals += 1
    entry.lease = nil
    entry.worker = nil
    entries[ref.job] = entry
    makeReady(entry.job)
    return true
  }

  public func withdraw(_ monitor: MonitorID, from: Instant) {
    for (id, entry) in entries where id.monitor == monitor && id.slot != nil && entry.job.due >= from {
      entries[id] = nil
    }
  }

  public func advance(now: Instant) -> [ClosedJob] {
    var closed: [ClosedJob] = []
    while let next = deadlines.first, next.at <= now {
      _ = deadlines.pop()
      guard var entry = entries[next.id] else { continue }
      if let lease = entry.lease {
        guard lease.until <= now else { continue }
        if entry.leases >= Limits.leasesPerJobMax || entry.job.closesAt <= now {
          entries[next.id] = nil
          ended[next.id] = Ended(entry, at: now)
          closed.append(ClosedJob(job: entry.job, reason: .workerLost))
        } else {
          entry.lease = nil
          entry.worker = nil
          entries[next.id] = entry
          makeReady(entry.job)
        }
      } else if entry.job.closesAt <= now {
        entries[next.id] = nil
        ended[next.id] = Ended(entry, at: now)
        let isLost = entry.leases > entry.refusals
        closed.append(ClosedJob(job: entry.job, reason: isLost ? .workerLost : .workerOffline))
      }
    }
    if now - endedPruned > 15_000 {
      endedPruned = now
      ended = ended.filter { $0.value.isKept(at: now) }
    }
    for region in Array(ready.keys) { forgetTaken(&ready[region]) }
    for region in Array(lendable.keys) { forgetTaken(&lendable[region]) }
    return closed
  }

  /// What nobody claims where it stands must not pile up there: jobs of a region without a worker, and those that went the
  /// other way. Jobs end about in the order in which they are due.
  private func forgetTaken(_ waiting: inout Heap<Ready>?) {
    while let first = waiting?.first {
      if let entry = entries[first.id], entry.lease == nil { return }
      _ = waiting?.pop()
    }
  }

  public func statistics() -> QueueStatistics {
    var out = QueueStatistics()
    for entry in entries.values {
      if entry.lease == nil { out.ready += 1 } else { out.leased += 1 }
      out.oldestDue = min(out.oldestDue ?? entry.job.due, entry.job.due)
      guard entry.job.id.slot != nil else { continue }
      let closes = max(entry.job.closesAt, entry.lease?.until ?? entry.job.closesAt)
      out.oldestCloses = min(out.oldestCloses ?? closes, closes)
    }
    return out
  }
}
