import CLinux
import Glibc
import Sodium

/// The folder that holds the database and the key: made with mode 0700, held by one process at a time.
///
/// The lock lives as long as the process; the descriptor is never closed.
struct DataFolder {
  let path: String
  let key: [UInt8]

  var database: String { path + "/martlet.db" }

  /// Refuses, with exit code 78 and the way out, what could not be written or belongs to somebody else.
  init(_ path: String) throws(CommandFailure) {
    self.path = path
    try Self.make(path)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Self.refused("The data folder \(path) is not a folder. Name another with --data.")
    }
    guard status.st_uid == geteuid() else {
      throw Self.refused(
        "The data folder \(path) belongs to user \(status.st_uid), and this is user \(geteuid())."
          + " Run: chown -R \(geteuid()) \(path)")
    }
    let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw Self.refused(
        "The data folder \(path) cannot be written (\(String(cString: strerror(errno)))). Make it writable, or name another with --data."
      )
    }
    switch clinux_lock(lock) {
    case 1: break
    case 0: throw Self.refused("Another martlet serves the data folder \(path). Stop it, or name another with --data.")
    default: throw Self.refused("The data folder \(path) cannot be locked: \(String(cString: strerror(errno))).")
    }
    key = try Self.key(path + "/secret.key")
  }

  private static func refused(_ message: String) -> CommandFailure {
    CommandFailure(code: ExitCode.badConfiguration, message: message)
  }

  private static func make(_ path: String) throws(CommandFailure) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o700) != 0, errno != EEXIST {
        throw refused(
          "The data folder \(path) cannot be made (\(String(cString: strerror(errno)))). Name another with --data.")
      }
    }
  }

  /// Reads the sealing key, or makes it on first start; refuses one that others may read.
  private static func key(_ path: String) throws(CommandFailure) -> [UInt8] {
    let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if made >= 0 {
      let key = Sodium.random(SealedBox.keyBytes)
      let wrote = key.withUnsafeBytes { write(made, $0.baseAddress, $0.count) }
      guard wrote == key.count, fsync(made) == 0, close(made) == 0 else {
        unlink(path)
        throw refused("The key \(path) cannot be written. Is the disk full?")
      }
      return key
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw refused("The key \(path) cannot be read: \(String(cString: strerror(errno))).") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw refused("The key \(path) may be read by others. Run: chmod 600 \(path)")
    }
    var key = [UInt8](repeating: 0, count: SealedBox.keyBytes + 1)
    let n = key.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    guard n == SealedBox.keyBytes else {
      throw refused(
        "The key \(path) is damaged: it has \(n) bytes instead of \(SealedBox.keyBytes). Restore it from a backup.")
    }
    return Array(key[..<n])
  }
}
