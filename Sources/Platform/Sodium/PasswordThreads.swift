import Glibc
import Synchronization

/// Hashes and verifies passwords away from every loop and from Swift's pool: a few at a time, a bounded number waiting.
///
/// A thread is started when there is work and ends when there is none.
public final class PasswordThreads: Sendable {
  /// As many wait as may: the caller should answer "later".
  public struct Busy: Error, Sendable {}

  private struct State {
    var running = 0
    var waiting: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let atOnceMax: Int
  private let waitingMax: Int
  private let cost: Password.Cost

  public init(atOnce: Int = 2, waiting: Int = 32, cost: Password.Cost = .standard) {
    atOnceMax = atOnce
    waitingMax = waiting
    self.cost = cost
  }

  public func hash(_ password: String) async throws -> String {
    let cost = cost
    return try await run { () throws(SodiumError) in try Password.hash(password, cost: cost) }
  }

  public func verify(_ password: String, against hash: String) async throws -> Bool {
    try await run { Password.verify(password, against: hash) }
  }

  private func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      let job: @Sendable () -> Void = { continuation.resume(with: Result { try work() }) }
      if !accept(job) { continuation.resume(throwing: Busy()) }
    }
  }

  private func accept(_ job: @escaping @Sendable () -> Void) -> Bool {
    enum Decision { case start, queued, refused }
    let decision = state.withLock { state -> Decision in
      if state.running < atOnceMax {
        state.running += 1
        return .start
      }
      guard state.waiting.count < waitingMax else { return .refused }
      state.waiting.append(job)
      return .queued
    }
    switch decision {
    case .queued: return true
    case .refused: return false
    case .start:
      if start(job) { return true }
      state.withLock { $0.running -= 1 }
      return false
    }
  }

  /// False when the system has no thread to give.
  private func start(_ first: @escaping @Sendable () -> Void) -> Bool {
    let box = Unmanaged.passRetained(Work(threads: self, first: first))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    guard pthread_create(&thread, &attributes, passwordThread, box.toOpaque()) == 0 else {
      box.release()
      return false
    }
    return true
  }

  fileprivate func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      if state.waiting.isEmpty {
        state.running -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}

private final class Work: Sendable {
  let threads: PasswordThreads
  let first: @Sendable () -> Void

  init(threads: PasswordThreads, first: @escaping @Sendable () -> Void) {
    self.threads = threads
    self.first = first
  }
}

private func passwordThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
  work.first()
  while let job = work.threads.next() { job() }
  return nil
}
