import CLinux
import Glibc
import Synchronization

/// An OS thread with an event loop and the state that lives on it; other threads reach that state only by `post`.
///
/// Sendable: `state` is created, used and released on the thread alone; the mailbox is a Mutex; the rest is immutable
/// after init.
public final class LoopThread<State>: @unchecked Sendable {
  public typealias Message = @Sendable (State) -> Void

  private let mailbox = Mutex<(messages: [Message], isClosed: Bool)>(([], false))
  private let wakeDescriptor: Int32
  private let name: String
  private let thread = Mutex<pthread_t?>(nil)
  private var failure: (any Error)?

  /// Starts the thread, makes the state on it and returns when that is done; throws what `make` threw.
  public init(name: String, make: @escaping @Sendable (EventLoop) throws -> State) throws {
    self.name = name
    wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard wakeDescriptor >= 0 else { throw LoopError(call: "eventfd", code: errno) }
    let started = Started()
    let body = ThreadBody { [self] in threadMain(started, make) }
    var id = pthread_t()
    let code = pthread_create(&id, nil, threadEntry, Unmanaged.passRetained(body).toOpaque())
    guard code == 0 else { throw LoopError(call: "pthread_create", code: code) }
    started.wait()
    thread.withLock { $0 = id }
    if let failure {
      stop()
      throw failure
    }
  }

  deinit { close(wakeDescriptor) }

  /// Hands `message` to the thread; false after `stop`, and the message is then dropped.
  @discardableResult
  public func post(_ message: @escaping Message) -> Bool {
    let (accepted, wasEmpty) = mailbox.withLock { box in
      guard !box.isClosed else { return (false, false) }
      box.messages.append(message)
      return (true, box.messages.count == 1)
    }
    if wasEmpty { wake() }
    return accepted
  }

  /// Ends the loop after the messages already posted, and waits for the thread. Not to be called on the thread itself.
  public func stop() {
    mailbox.withLock { $0.isClosed = true }
    wake()
    if let id = thread.withLock({ id in
      defer { id = nil }
      return id
    }) {
      pthread_join(id, nil)
    }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(wakeDescriptor, &one, 8)
  }

  private func threadMain(_ started: Started, _ make: @Sendable (EventLoop) throws -> State) {
    clinux_name_thread(name)
    // OpenSSL writes without MSG_NOSIGNAL: to a peer that has gone, that must be an error and not the end of the process.
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, nil)
    do {
      let loop = try EventLoop()
      let state = try make(loop)
      let wakeSource = WakeSource(wakeDescriptor) { [self] in
        let (messages, isClosed) = mailbox.withLock { box in
          defer { box.messages.removeAll(keepingCapacity: true) }
          return (box.messages, box.isClosed)
        }
        for message in messages { message(state) }
        if isClosed { loop.stop() }
      }
      loop.watch(wakeDescriptor, EPOLLIN.rawValue, mark: loop.register(wakeSource), isNew: true)
      started.signal()
      loop.run()
    } catch {
      failure = error
      started.signal()
    }
  }
}

private final class WakeSource: EventSource {
  private let descriptor: Int32
  private let woken: () -> Void

  init(_ descriptor: Int32, _ woken: @escaping () -> Void) {
    self.descriptor = descriptor
    self.woken = woken
  }

  func descriptorReady(_ fd: Int32, events: UInt32) {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    woken()
  }

  func turnEnds() {}
  var deadlineNs: UInt64 { .max }
}

/// Sendable: a semaphore is made to be shared.
private final class Started: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  init() { sem_init(semaphore, 0, 0) }
  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }
  func signal() { sem_post(semaphore) }
  func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}

private final class ThreadBody {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

private func threadEntry(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
