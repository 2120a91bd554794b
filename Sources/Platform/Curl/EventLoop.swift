import CLinux
import Glibc

/// What file descriptors wake.
protocol EventSource: AnyObject {
  func descriptorReady(_ fd: Int32, events: UInt32)
  /// Called once per turn before the loop sleeps.
  func turnEnds()
  /// When the source wants its next turn at the latest, in CLOCK_MONOTONIC nanoseconds; `.max` for never.
  var deadlineNs: UInt64 { get }
}

/// The server side of one thread: descriptors by epoll, timers in nanoseconds. Owned by its thread and never seen by another.
public final class EventLoop {
  /// How a loop fares; all of the time since the loop began, except where a window is named.
  public struct Load: Sendable {
    /// Share of the last ten seconds not spent asleep.
    public var busyShare = 0.0
    /// 99th percentile of the length of a turn, in µs, over the last ten seconds: how long an event may have waited.
    public var lagP99Us = 0
    public init() {}
  }

  private let epoll: Int32
  private var sources: [any EventSource] = []
  private var timers = TimerHeap()
  private let events: UnsafeMutablePointer<epoll_event>
  private static let eventsMax: Int32 = 512
  private var isStopped = false
  private var meter = LoadMeter()
  /// CLOCK_MONOTONIC when the current turn began.
  public private(set) var turnNs: UInt64

  init() throws(LoopError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw LoopError(call: "epoll_create1", code: errno) }
    events = .allocate(capacity: Int(Self.eventsMax))
    turnNs = clinux_monotonic_ns()
  }

  deinit {
    close(epoll)
    events.deallocate()
  }

  public var nowNs: UInt64 { clinux_monotonic_ns() }
  public var load: Load { meter.load }

  /// Longest turn, in µs, that touched the time since `startNs`.
  public func lagUs(since startNs: UInt64) -> Int32 { meter.lagUs(since: startNs, turnNs: turnNs, nowNs: nowNs) }

  public func setTimer(_ ns: UInt64, _ target: any TimerTarget, tag: Int = 0) -> TimerID {
    timers.add(ns, target, tag: tag)
  }

  public func cancelTimer(_ id: inout TimerID) {
    timers.cancel(id)
    id = .none
  }

  /// The mark that descriptors of `source` carry.
  func register(_ source: any EventSource) -> UInt64 {
    sources.append(source)
    return UInt64(sources.count - 1) << 32
  }

  func watch(_ fd: Int32, _ mask: UInt32, mark: UInt64, isNew: Bool) {
    let data = mark | UInt64(UInt32(bitPattern: fd))
    if isNew {
      if clinux_epoll_add(epoll, fd, mask, data) != 0, errno == EEXIST { _ = clinux_epoll_mod(epoll, fd, mask, data) }
    } else {
      _ = clinux_epoll_mod(epoll, fd, mask, data)
    }
  }

  func unwatch(_ fd: Int32) { _ = clinux_epoll_del(epoll, fd) }

  func stop() { isStopped = true }

  func run() {
    while !isStopped { turn() }
    sources.removeAll()
  }

  /// Fires what is due, sleeps until the next event, at most `waitMaxNs`, and handles what came.
  func turn(waitMaxNs: UInt64 = 60_000_000_000) {
    fireTimers()
    for source in sources { source.turnEnds() }
    if isStopped { return }
    let sleepNs = clinux_monotonic_ns()
    meter.turnEnded(from: turnNs, to: sleepNs)
    var next = timers.earliestNs ?? .max
    for source in sources { next = min(next, source.deadlineNs) }
    let waitNs = next > sleepNs ? min(next - sleepNs, waitMaxNs) : 0
    let count = clinux_epoll_wait_ns(epoll, events, Self.eventsMax, Int64(waitNs))
    turnNs = clinux_monotonic_ns()
    for index in 0..<Int(max(count, 0)) {
      let data = clinux_event_data(events + index)
      let fd = Int32(truncatingIfNeeded: data)
      sources[Int(data >> 32)].descriptorReady(fd, events: clinux_event_mask(events + index))
    }
  }

  private func fireTimers() {
    // Timers set while these fire wait for the next turn when they are not yet due by this clock.
    let nowNs = clinux_monotonic_ns()
    while let timer = timers.popDue(nowNs) { timer.target.timerFired(tag: timer.tag) }
  }
}

/// A system call failed while a loop was set up.
public struct LoopError: Error, CustomStringConvertible {
  public let call: String
  public let code: Int32
  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
