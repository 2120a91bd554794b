import Glibc

/// SIGTERM and SIGINT as something to wait for.
///
/// Caught, not blocked: Swift's main thread parks in dispatch_main, which lets every signal through whatever was blocked.
enum Signals {
  /// From here on neither ends the process by itself; what arrives is kept until `first()` asks.
  static func hold() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = note
    action.sa_flags = SA_RESTART
    // The handler needs the pipe: it is made here, before any signal can ask for it.
    precondition(pipeEnds.write >= 0, "a pipe is the least that a starting process can have")
    sigaction(SIGTERM, &action, nil)
    sigaction(SIGINT, &action, nil)
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

/// A byte for each signal that came, in order.
private let pipeEnds: (read: Int32, write: Int32) = {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { return (-1, -1) }
  return (ends[0], ends[1])
}()

/// Runs in the signal handler: one write and nothing else.
private func note(_ signal: Int32) {
  let before = errno
  var byte = UInt8(truncatingIfNeeded: signal)
  _ = write(pipeEnds.write, &byte, 1)
  errno = before
}

private func next() -> Int32 {
  var byte: UInt8 = 0
  while read(pipeEnds.read, &byte, 1) != 1 {}
  return Int32(byte)
}

private func waitForSignals(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let waiter = Unmanaged<Waiter>.fromOpaque(raw!).takeRetainedValue()
  waiter.continuation.resume(returning: next())
  _exit(128 + next())
}
