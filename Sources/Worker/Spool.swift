import CLinux
import Domain
import Glibc
import JSON
import Wire

/// Results on disk that nobody took yet: append-only segments of checksummed records, oldest first, within a bound of
/// bytes and of age. What does not fit any more is dropped from its old end, and each dropped slot is delivered as
/// `missed(spool_full)`. Owned by one thread.
public final class Spool {
  public struct Configuration: Sendable {
    public var bytesMax = 256 << 20
    public var ageMs = Limits.spoolAgeMs
    public var segmentBytes = 1 << 20
    public init() {}
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  private struct Segment {
    var number: Int
    var bytes: Int
    var records: Int
    /// Records that were handed out and delivered.
    var delivered = 0
    var created: Instant
    var holdsMissed: Bool
  }

  private static let headBytes = 8
  private static let recordBytesMax = 1 << 20

  private let folder: String
  private let configuration: Configuration
  private let now: () -> Instant
  /// By number: what was dropped comes before what is kept, the oldest first.
  private var segments: [Segment] = []
  private var open: (number: Int, descriptor: Int32)?
  private var nextNumber = 1
  public private(set) var bytes = 0
  public private(set) var records = 0
  /// Results dropped since the start, and those of them of which not even the slot could be kept.
  public private(set) var dropped = 0
  public private(set) var forgotten = 0
  /// Bytes cut from the end of a segment because they were no whole record.
  public private(set) var torn = 0

  /// Opens what an earlier process left; a torn tail is cut.
  public init(folder: String, configuration: Configuration = Configuration(), now: @escaping () -> Instant)
    throws(Failure)
  {
    self.folder = folder
    self.configuration = configuration
    self.now = now
    if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.failure("cannot be made", folder) }
    guard let entries = opendir(folder) else { throw Self.failure("cannot be read", folder) }
    defer { closedir(entries) }
    var numbers: [Int] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".seg"), let number = Int(name.dropLast(4)) { numbers.append(number) }
    }
    for number in numbers.sorted() { try take(number) }
    nextNumber = (numbers.max() ?? 0) + 1
  }

  deinit { if let open { Glibc.close(open.descriptor) } }

  /// Writes results behind the others. Throws when the disk refuses; what was written before that is kept.
  public func append(_ results: [Delivered]) throws(Failure) {
    for result in results { try append(result.json.bytes, isMissed: false) }
    try drop()
  }

  /// The oldest results, at most `most` and of one segment, and a mark to empty the spool up to when they are delivered.
  public func read(_ most: Int) throws(Failure) -> (results: [Delivered], mark: Int) {
    try drop()
    while let first = segments.first {
      let all = try load(first.number)
      let some = all.dropFirst(first.delivered).prefix(most)
      if some.isEmpty {
        try remove(first.number)
        continue
      }
      // A record that this version cannot read is passed over with its neighbours.
      let results = some.compactMap { (try? JSON(parsing: $0)).flatMap(Delivered.init) }
      lastRead = (first.number, some.count)
      if results.isEmpty {
        try empty(mark: first.number)
        continue
      }
      return (results, first.number)
    }
    return ([], 0)
  }

  private var lastRead: (number: Int, count: Int)?

  /// What was read last is delivered.
  public func empty(mark: Int) throws(Failure) {
    guard let (number, count) = lastRead, number == mark, let at = segments.firstIndex(where: { $0.number == number })
    else { return }
    lastRead = nil
    segments[at].delivered += count
    records = max(0, records - count)
    if segments[at].delivered >= segments[at].records { try remove(number) }
  }

  /// Asks the disk to keep what was written.
  public func sync() throws(Failure) {
    if let open, fdatasync(open.descriptor) != 0 { throw Self.failure("cannot be written", path(open.number)) }
  }

  // MARK: Segments

  private func path(_ number: Int) -> String {
    let digits = String(number)
    return folder + "/" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".seg"
  }

  private static func failure(_ what: String, _ path: String) -> Failure {
    Failure(description: "\(path) \(what): \(String(cString: strerror(errno)))")
  }

  private func append(_ payload: [UInt8], isMissed: Bool) throws(Failure) {
    if let last = segments.last, last.bytes >= configuration.segmentBytes || last.holdsMissed != isMissed {
      try closeSegment()
    }
    if open == nil {
      let number = nextNumber
      let descriptor = Glibc.open(path(number), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Self.failure("cannot be written", path(number)) }
      nextNumber += 1
      open = (number, descriptor)
      segments.append(Segment(number: number, bytes: 0, records: 0, created: now(), holdsMissed: isMissed))
    }
    guard let open else { return }
    var record: [UInt8] = []
    record.reserveCapacity(payload.count + Self.headBytes)
    for value in [UInt32(payload.count), Checksum.crc32(payload)] {
      for shift in [UInt32(0), 8, 16, 24] { record.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    record += payload
    let wrote = record.withUnsafeBytes { write(open.descriptor, $0.baseAddress, $0.count) }
    guard wrote == record.count else {
      let failure = Self.failure("cannot be written", path(open.number))
      // A half record is no record: cut it off, or the next would be unreadable.
      if wrote > 0 { ftruncate(open.descriptor, off_t(segments[segments.count - 1].bytes)) }
      throw failure
    }
    segments[segments.count - 1].bytes += record.count
    segments[segments.count - 1].records += 1
    bytes += record.count
    records += 1
  }

  private func closeSegment() throws(Failure) {
    guard let closing = open else { return }
    open = nil
    Glibc.close(closing.descriptor)
  }

  private func remove(_ number: Int) throws(Failure) {
    if open?.number == number { try closeSegment() }
    if unlink(path(number)) != 0, errno != ENOENT { throw Self.failure("cannot be removed", path(number)) }
    guard let at = segments.firstIndex(where: { $0.number == number }) else { return }
    bytes -= segments[at].bytes
    records -= segments[at].records - segments[at].delivered
    segments.remove(at: at)
  }

  /// Takes a segment of an earlier process in, up to its first record that is not whole.
  private func take(_ number: Int) throws(Failure) {
    let content = try Self.content(path(number))
    let (payloads, whole) = Self.records(content)
    if whole < content.count {
      torn += content.count - whole
      if truncate(path(number), off_t(whole)) != 0 { throw Self.failure("cannot be cut", path(number)) }
    }
    guard !payloads.isEmpty else {
      unlink(path(number))
      return
    }
    var status = stat()
    stat(path(number), &status)
    let isMissed = (try? JSON(parsing: payloads[0])).flatMap { $0["missed"] } != nil
    segments.append(
      Segment(
        number: number, bytes: whole, records: payloads.count,
        created: Instant(ms: Int64(status.st_mtim.tv_sec) * 1000), holdsMissed: isMissed))
    bytes += whole
    records += payloads.count
  }

  private func load(_ number: Int) throws(Failure) -> [[UInt8]] {
    Self.records(try Self.content(path(number))).payloads
  }

  private static func content(_ path: String) throws(Failure) -> [UInt8] {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("cannot be read", path) }
    defer { Glibc.close(file) }
    var out: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let n = piece.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      guard n >= 0 else { throw failure("cannot be read", path) }
      if n == 0 { return out }
      out += piece[..<n]
    }
  }

  /// The whole records at the start of `content`, and where they end.
  private static func records(_ content: [UInt8]) -> (payloads: [[UInt8]], whole: Int) {
    var out: [[UInt8]] = []
    var at = 0
    func number(_ from: Int) -> UInt32 {
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(content[from + $1]) << UInt32(8 * $1) }
    }
    while at + headBytes <= content.count {
      let count = Int(number(at))
      guard count > 0, count <= recordBytesMax, at + headBytes + count <= content.count else { break }
      let payload = Array(content[at + headBytes..<at + headBytes + count])
      guard Checksum.crc32(payload) == number(at + 4) else { break }
      out.append(payload)
      at += headBytes + count
    }
    return (out, at)
  }

  // MARK: Bounds

  /// Drops the oldest segments while there is too much or they are too old; their slots are kept as missed, in an eighth
  /// of the room at most.
  private func drop() throws(Failure) {
    while let at = segments.firstIndex(where: { !$0.holdsMissed }),
      bytes > configuration.bytesMax || now() - segments[at].created > configuration.ageMs
    {
      let victim = segments[at]
      if open?.number == victim.number { try closeSegment() }
      let lost = try load(victim.number).dropFirst(victim.delivered)
        .compactMap { (try? JSON(parsing: $0)).flatMap(Delivered.init) }
      if lastRead?.number == victim.number { lastRead = nil }
      try remove(victim.number)
      dropped += lost.count
      let missedBytes = segments.reduce(0) { $0 + ($1.holdsMissed ? $1.bytes : 0) }
      guard missedBytes < configuration.bytesMax / 8 else {
        forgotten += lost.count
        continue
      }
      for one in lost where one.isFinal && one.job.slot != nil {
        var missed = one
        missed.content = .missed(.spoolFull)
        try append(missed.json.bytes, isMissed: true)
      }
    }
  }
}

/// CRC-32 as in ISO-HDLC and zlib.
enum Checksum {
  private static let table: [UInt32] = (0..<256).map { n in
    (0..<8).reduce(UInt32(n)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }
}
