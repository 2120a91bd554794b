import Glibc
import Synchronization

/// A thread that works off jobs, in the order they came, over a context that only it touches.
///
/// Invariant behind `@unchecked Sendable`: `mailbox` and the context of one without a thread are guarded by `mutex`; else
/// the context lives on the thread's stack.
final class WorkThread<Context, Job>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var mailbox: [Job] = []
  private var stopped = false
  private var thread = pthread_t()
  private let makeContext: () -> Context
  private let batch: (Context, [Job]) -> Void
  private let hasThread: Bool
  private var ownContext: Context?

  /// `batch` receives all jobs that waited, together; it must answer each once. Without a thread of its own each job runs
  /// where it is posted, before `post` returns.
  init(hasThread: Bool = true, context: @escaping () -> Context, batch: @escaping (Context, [Job]) -> Void) {
    makeContext = context
    self.hasThread = hasThread
    self.batch = batch
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    guard hasThread else {
      ownContext = context()
      return
    }
    let unmanaged = Unmanaged.passRetained(Box(loop: loop))
    pthread_create(&thread, nil, workThreadEntry, unmanaged.toOpaque())
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  /// Queues a job; false when the thread was stopped, then the job never runs.
  func post(_ job: Job) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard !stopped else { return false }
    if let ownContext {
      batch(ownContext, [job])
      return true
    }
    mailbox.append(job)
    pthread_cond_signal(condition)
    return true
  }

  /// Lets queued work finish, then ends the thread and frees its context. Once.
  func stop() {
    pthread_mutex_lock(mutex)
    let first = !stopped
    stopped = true
    ownContext = nil
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
    if first, hasThread { pthread_join(thread, nil) }
  }

  private func loop() {
    let context = makeContext()
    while true {
      pthread_mutex_lock(mutex)
      while mailbox.isEmpty, !stopped { pthread_cond_wait(condition, mutex) }
      let work = mailbox
      mailbox = []
      pthread_mutex_unlock(mutex)
      if work.isEmpty { return }
      batch(context, work)
    }
  }
}

private final class Box {
  let loop: () -> Void
  init(loop: @escaping () -> Void) { self.loop = loop }
}

private func workThreadEntry(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().loop()
  return nil
}
