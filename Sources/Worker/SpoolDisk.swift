import Glibc

/// The calls by which a spool changes its disk, as libc has them: -1 and `errno` where they fail. A parameter, so that a
/// test can have a disk that is full, or see what happens in which order.
struct SpoolDisk {
  var write: (Int32, [UInt8]) -> Int = { file, bytes in
    bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
  }
  /// Answers an error number, 0 where there is room from now on.
  var reserve: (Int32, Int) -> Int32 = { posix_fallocate($0, 0, off_t($1)) }
  var sync: (Int32) -> Int32 = { fdatasync($0) }
  /// Makes what was created, renamed or removed in a folder last.
  var syncFolder: (String) -> Int32 = { DurableFile.syncFolder($0) }
  var unlink: (String) -> Int32 = { Glibc.unlink($0) }

  /// Bytes that the file system holds in all; nil where it does not say.
  static func capacity(of path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, isTooMany) = Int(clamping: status.f_blocks).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return isTooMany ? nil : bytes
  }
}

/// Small files that are there whole, before or after whatever happens.
public enum DurableFile {
  /// The errno of what went wrong.
  public struct Failure: Error, CustomStringConvertible {
    public let code: Int32
    public var description: String { String(cString: strerror(code)) }
  }

  /// Makes a folder where there is none, for its owner alone, and sees to it that it stays.
  public static func makeFolder(_ path: String) throws(Failure) {
    guard mkdir(path, 0o700) == 0 else {
      guard errno == EEXIST else { throw Failure(code: errno) }
      return
    }
    guard syncFolder(parent(of: path)) == 0 else { throw Failure(code: errno) }
  }

  /// Puts `bytes` in the place of what is there: written beside, synced and renamed, with the folder synced behind it, so
  /// that after this has returned no loss of power brings the old content back. For the owner's eyes only.
  public static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
    let draft = path + ".new"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failure(code: errno) }
    let wrote = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    // Fewer than asked, without an error, is a disk without room for the rest.
    var code = wrote == bytes.count ? 0 : wrote < 0 ? errno : ENOSPC
    if code == 0, fsync(file) != 0 { code = errno }
    if close(file) != 0, code == 0 { code = errno }
    if code == 0, rename(draft, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(draft)
      throw Failure(code: code)
    }
    guard syncFolder(parent(of: path)) == 0 else { throw Failure(code: errno) }
  }

  private static func parent(of path: String) -> String {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    return parent.isEmpty ? "/" : parent
  }

  /// -1 and `errno` where it fails.
  static func syncFolder(_ path: String) -> Int32 {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return -1 }
    let result = fsync(folder)
    let code = errno
    close(folder)
    errno = code
    return result
  }
}
