import Glibc

/// SIGTERM and SIGINT as something to wait for.
enum Signals {
  /// Blocks both in this thread and all that it starts: call before any thread exists.
  static func block() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Returns the first of the two that arrives. A second one ends the process at once, for people in a hurry.
  static func first() async -> Int32 {
    await withCheckedContinuation { continuation in
      let box = Unmanaged.passRetained(Waiter(continuation))
      var thread = pthread_t()
      pthread_create(&thread, nil, waitForSignals, box.toOpaque())
      pthread_detach(thread)
    }
  }
}

private final class Waiter: Sendable {
  let continuation: CheckedContinuation<Int32, Never>
  init(_ continuation: CheckedContinuation<Int32, Never>) { self.continuation = continuation }
}

private func waitForSignals(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let waiter = Unmanaged<Waiter>.fromOpaque(raw!).takeRetainedValue()
  var set = sigset_t()
  sigemptyset(&set)
  sigaddset(&set, SIGTERM)
  sigaddset(&set, SIGINT)
  var signal: Int32 = 0
  sigwait(&set, &signal)
  waiter.continuation.resume(returning: signal)
  sigwait(&set, &signal)
  _exit(128 + signal)
}
