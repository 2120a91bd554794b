import Probe
import Synchronization

/// What the probe's thread reports until the engine takes it, in its order: a final report never overtakes the attempt before
/// it. Whatever gathers while one transaction is under way goes into the next, so that many failures at once, each of which
/// is told at once, do not wait for a commit each.
final class Mailbox: Sendable {
  /// Yields when there is something to take; ends after `finish`.
  let arrivals: AsyncStream<Void>
  private let arrived: AsyncStream<Void>.Continuation
  private let reports = Mutex<[ProbeReport]>([])

  init() { (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func put(_ more: [ProbeReport]) {
    reports.withLock { $0 += more }
    arrived.yield()
  }

  /// Lets the engine look, also where nothing came.
  func ring() { arrived.yield() }

  func takeAll() -> [ProbeReport] {
    reports.withLock { all in
      defer { all = [] }
      return all
    }
  }

  func finish() { arrived.finish() }
}
