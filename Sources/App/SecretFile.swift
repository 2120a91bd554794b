import Glibc
import JSON

/// A secret in a file of the operator's, which may be changed while the process runs.
///
/// The file is looked at when somebody asks, once a second at most and on a thread of its own: a slow disk holds up no loop.
actor SecretFile {
  /// Changes with the file: when it was written, how long it is, which one it is.
  private struct Stamp: Hashable {
    var seconds: Int
    var nanoseconds: Int
    var bytes: Int
    var inode: UInt
  }

  private enum Reading: Hashable, Sendable {
    case secret(String)
    case tooShort
    case unreadable(String)

    /// It tells what stands in the file, rather than what kept it from being read.
    var isOfFile: Bool { if case .unreadable = self { false } else { true } }
    var secret: String? { if case .secret(let text) = self { text } else { nil } }
  }

  private static let bytesMin = 16
  private let path: String
  private let log: Log
  /// Of the file as it was read last; nil where it could not be: what kept it from being read may pass without a change of
  /// the file, so it is tried again.
  private var stamp: Stamp?
  private var last: Reading
  private var lookedAt = ContinuousClock.now

  /// Reads it for the first time; that it cannot be read is told, and is no reason not to start.
  init(_ path: String, log: Log) {
    self.path = path
    self.log = log
    let stamp = Self.stamp(of: path)
    last = Self.read(path)
    self.stamp = last.isOfFile ? stamp : nil
    Self.tell(last, path, log)
  }

  /// Nil while there is none that can be used.
  var current: String? {
    get async {
      let now = ContinuousClock.now
      guard now - lookedAt >= .seconds(1) else { return last.secret }
      lookedAt = now
      let (before, path) = (stamp, path)
      let found = await onOwnThread { () -> (Stamp?, Reading?) in
        let stamp = Self.stamp(of: path)
        return (stamp, stamp != nil && stamp == before ? nil : Self.read(path))
      }
      if let reading = found.1 {
        stamp = reading.isOfFile ? found.0 : nil
        if reading != last { Self.tell(reading, path, log) }
        last = reading
      }
      return last.secret
    }
  }

  private static func tell(_ reading: Reading, _ path: String, _ log: Log) {
    switch reading {
    case .secret: break
    case .tooShort: log.event("token_too_short", [("file", .string(path))])
    case .unreadable(let why): log.event("token_unreadable", [("error", .string(why))])
    }
  }

  private static func read(_ path: String) -> Reading {
    do throws(CommandFailure) {
      let text = try WorkerFolder.text(path)
      return text.utf8.count >= bytesMin ? .secret(text) : .tooShort
    } catch {
      return .unreadable(error.message)
    }
  }

  private static func stamp(of path: String) -> Stamp? {
    var seen = stat()
    guard stat(path, &seen) == 0 else { return nil }
    return Stamp(
      seconds: seen.st_mtim.tv_sec, nanoseconds: seen.st_mtim.tv_nsec, bytes: seen.st_size, inode: seen.st_ino)
  }
}

/// Runs what may block on a thread that ends with it.
private func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    let box = Unmanaged.passRetained(OwnThread { continuation.resume(returning: body()) })
    var thread = pthread_t()
    guard pthread_create(&thread, nil, runOwnThread, box.toOpaque()) == 0 else {
      // No thread is to be had: late is better than never.
      box.takeRetainedValue().body()
      return
    }
    pthread_detach(thread)
  }
}

private final class OwnThread: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runOwnThread(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<OwnThread>.fromOpaque(raw!).takeRetainedValue().body()
  return nil
}
