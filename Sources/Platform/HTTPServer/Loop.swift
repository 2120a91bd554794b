import CBeast
import Glibc
import Synchronization

/// The C loop and what its callbacks need. Owns the C server; the loop's thread holds a reference while it runs, handler
/// tasks hold one until they have answered.
/// `@unchecked Sendable`: `server` is written once, before any other thread can see the loop, and the C side locks.
final class Loop: @unchecked Sendable {
  let handler: any RequestHandler
  private let handlersMax: Int
  private let waitersMax: Int
  private(set) var server: OpaquePointer?
  private let running = Atomic<Int>(0)
  private let waiting = Atomic<Int>(0)
  private let end = Mutex(End())

  private struct End {
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  init(_ configuration: HTTPServer.Configuration, handler: any RequestHandler) throws(ServerError) {
    self.handler = handler
    handlersMax = configuration.handlersMax
    waitersMax = configuration.waitersMax
    var callbacks = cb_callbacks()
    callbacks.context = Unmanaged.passUnretained(self).toOpaque()
    callbacks.head = headArrived
    callbacks.request = requestArrived
    callbacks.gone = exchangeGone
    callbacks.opened = streamOpened
    callbacks.message = streamMessage
    callbacks.closed = streamClosed
    callbacks.release = ownerReleased
    callbacks.ended = loopEnded
    var code: Int32 = 0
    var operation: UnsafePointer<CChar>?
    var settings = configuration.settings
    server = configuration.host.withCString { host in
      settings.host = host
      return cb_create(&settings, &callbacks, &code, &operation)
    }
    guard let server else { throw ServerError(operation.map { String(cString: $0) } ?? "start", code) }
    // Balanced by `loopEnded`.
    let own = Unmanaged.passRetained(self)
    code = cb_run(server)
    if code != 0 {
      own.release()
      throw ServerError("pthread_create", code)
    }
  }

  deinit {
    if let server { cb_free(server) }
  }

  /// False when there are as many handlers as may run, or as may wait.
  func beginHandler(mayWait: Bool) -> Bool {
    let count = mayWait ? waiting.wrappingAdd(1, ordering: .relaxed) : running.wrappingAdd(1, ordering: .relaxed)
    if count.newValue <= (mayWait ? waitersMax : handlersMax) { return true }
    endHandler(mayWait: mayWait)
    return false
  }

  func endHandler(mayWait: Bool) {
    _ = mayWait ? waiting.wrappingSubtract(1, ordering: .relaxed) : running.wrappingSubtract(1, ordering: .relaxed)
  }

  var runningNow: (handlers: Int, waiters: Int) {
    (running.load(ordering: .relaxed), waiting.load(ordering: .relaxed))
  }

  func ended() async {
    await withCheckedContinuation { waiter in
      let isOver = end.withLock { end in
        if !end.hasEnded { end.waiters.append(waiter) }
        return end.hasEnded
      }
      if isOver { waiter.resume() }
    }
  }

  fileprivate func noteEnd() {
    let waiters = end.withLock { end in
      end.hasEnded = true
      defer { end.waiters = [] }
      return end.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}

private func loopEnded(_ context: UnsafeMutableRawPointer?) {
  guard let context else { return }
  let loop = Unmanaged<Loop>.fromOpaque(context).takeRetainedValue()
  loop.noteEnd()
}

extension ServerError {
  fileprivate init(_ operation: String, _ code: Int32) {
    self.init(operation: operation, code: code, message: String(cString: strerror(code)))
  }
}
