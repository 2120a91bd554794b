import CLinux
import Curl
import Domain

/// The engine's state on its thread: runs that wait, runs under way, reports not yet handed over.
final class ProbeCore: TimerTarget {
  private static let flushTag = 0
  private static let meterTag = 1
  private static let lateNs: UInt64 = 10_000_000
  private static let meterNs: UInt64 = 250_000_000

  let loop: EventLoop
  let client: TransferClient
  let world: World
  let configuration: ProbeEngine.Configuration
  private let published: Published
  private let sink: @Sendable ([ProbeReport]) -> Void
  private var runs: [UInt64: CheckRun] = [:]
  private var queue: [CheckRun] = []
  private var queueHead = 0
  private var inFlight = 0
  private var started = 0
  private var startedLate = 0
  private var reports: [ProbeReport] = []
  private var flushTimer = TimerID.none

  init(
    loop: EventLoop, configuration: ProbeEngine.Configuration, world: World, published: Published,
    sink: @escaping @Sendable ([ProbeReport]) -> Void
  ) throws {
    self.loop = loop
    self.configuration = configuration
    self.world = world
    self.published = published
    self.sink = sink
    var transfers = TransferClient.Configuration()
    transfers.caFile = configuration.caFile
    transfers.userAgent = configuration.userAgent
    transfers.resolver.servers = configuration.dnsServers
    transfers.resolver.hostsPath = configuration.hostsPath
    transfers.rootServers = configuration.rootServers
    client = try TransferClient(loop: loop, configuration: transfers)
    // Before anything fails, so that the first failure may wait for an answer.
    client.proveWayOut(sinceNs: loop.nowNs) { _ in }
    _ = loop.setTimer(loop.nowNs + Self.meterNs, self, tag: Self.meterTag)
  }

  func submit(_ more: [ProbeRun]) {
    for run in more {
      if let old = runs.removeValue(forKey: run.token) { old.cancel() }
      let check = CheckRun(run, core: self)
      runs[run.token] = check
      check.schedule()
    }
  }

  func cancel(_ tokens: [UInt64]) {
    for token in tokens { runs.removeValue(forKey: token)?.cancel() }
  }

  func stop() {
    for run in runs.values { run.cancel() }
    runs.removeAll()
    queue.removeAll()
    flush()
  }

  // MARK: For CheckRun

  /// A place for one attempt; false puts the run into the queue, which calls it when a place is free.
  func takePlace(_ run: CheckRun) -> Bool {
    guard inFlight < configuration.inFlightMax else {
      queue.append(run)
      return false
    }
    inFlight += 1
    return true
  }

  func attemptStarted(lateNs: UInt64) {
    started += 1
    if lateNs > Self.lateNs { startedLate += 1 }
  }

  func freePlace() {
    inFlight -= 1
    while queueHead < queue.count, inFlight < configuration.inFlightMax {
      let next = queue[queueHead]
      queueHead += 1
      next.placeIsFree()
    }
    if queueHead == queue.count {
      queue.removeAll(keepingCapacity: true)
      queueHead = 0
    }
  }

  func report(_ report: ProbeReport, atOnce: Bool) {
    if report.isFinal { runs[report.token] = nil }
    reports.append(report)
    if atOnce || reports.count >= configuration.batchReports {
      flush()
    } else if flushTimer == .none {
      flushTimer = loop.setTimer(loop.nowNs + configuration.batchMs * 1_000_000, self, tag: Self.flushTag)
    }
  }

  func timerFired(tag: Int) {
    if tag == Self.flushTag {
      flushTimer = .none
      flush()
    } else {
      publish()
      _ = loop.setTimer(loop.nowNs + Self.meterNs, self, tag: Self.meterTag)
    }
  }

  private func flush() {
    loop.cancelTimer(&flushTimer)
    guard !reports.isEmpty else { return }
    let batch = reports
    reports = []
    reports.reserveCapacity(min(batch.count, configuration.batchReports))
    publish()
    sink(batch)
  }

  private func publish() {
    let load = loop.load
    published.value.withLock {
      $0.inFlight = inFlight
      $0.waiting = runs.count - inFlight
      $0.started = started
      $0.startedLate = startedLate
      $0.loopLagP99Us = load.lagP99Us
      $0.busyShare = load.busyShare
      $0.resolverWorks = client.resolverWorks
    }
  }
}
