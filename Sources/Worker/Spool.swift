import Domain
import Glibc
import JSON
import Wire

/// Results on disk that nobody took yet: append-only segments of checksummed records, oldest first, within a bound of
/// bytes and of age, and within what the disk takes. What does not fit any more is dropped from its old end; slots that
/// were dropped are noted in segments of their own and delivered as `missed(spool_full)`. Owned by one thread.
public final class Spool {
  public struct Configuration: Sendable {
    public var bytesMax = 256 << 20
    public var ageMs = Limits.spoolAgeMs
    /// At most; less where the bound or the disk is small, so that dropping one segment is never to drop most.
    public var segmentBytes = 1 << 20
    public init() {}
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    /// The disk has no room: what is dropped makes some.
    public var isFull = false
  }

  struct Segment {
    var number: Int
    var bytes = 0
    var records = 0
    /// Records that were handed out and delivered.
    var delivered = 0
    /// The newest slot or start in it, by the control plane's clock.
    var newest = Instant(ms: 0)
    /// Dropped slots rather than results.
    let holdsMissed: Bool
  }

  private struct Writing {
    let number: Int
    let descriptor: Int32
    var isSynced = true
  }

  let folder: String
  let configuration: Configuration
  let segmentBytes: Int
  let disk: SpoolDisk
  /// By number, which is the order of their making: notes of what was dropped stand behind results that were kept before.
  var segments: [Segment] = []
  /// The segment that results go to, and the one that notes of dropped slots go to.
  private var writing: [Bool: Writing] = [:]
  /// The highest number that was ever given to a file here. Its file stays, though emptied, until there is a higher one:
  /// no number names two things.
  private var highest = 0
  private var emptied: Int?
  var hasReserve = false
  /// The segment that was read last, how many of its records, and how many of those say nothing to this version.
  var lastRead: (number: Int, count: Int, unread: Int)?
  private var lastTold = ""
  private var untold: [String] = []
  private var hasToldUnread = false

  /// The control plane's time; nil while it is not known, and then nothing is too old.
  public var now: Instant?
  public private(set) var bytes = 0
  /// Results and dropped slots that wait.
  public private(set) var records = 0
  /// Results dropped since the start, and those of them of which not even the slot could be kept. A segment that could not
  /// be read at the start counts as one: nobody knows how many it holds.
  public internal(set) var dropped = 0
  public internal(set) var forgotten = 0
  /// Records cut from the end of a segment because they were not whole.
  public private(set) var torn = 0

  /// Opens what an earlier process left; a torn tail is cut. A segment that cannot be read is left out and told.
  public convenience init(folder: String, configuration: Configuration = Configuration()) throws(Failure) {
    try self.init(folder: folder, configuration: configuration, disk: SpoolDisk())
  }

  init(folder: String, configuration: Configuration, disk: SpoolDisk) throws(Failure) {
    self.folder = folder
    self.configuration = configuration
    self.disk = disk
    do throws(DurableFile.Failure) { try DurableFile.makeFolder(folder) } catch {
      throw Self.failure("cannot be made", folder, code: error.code)
    }
    let room = min(configuration.bytesMax, SpoolDisk.capacity(of: folder) ?? .max)
    segmentBytes = min(configuration.segmentBytes, max(4096, room / 16))
    guard let entries = opendir(folder) else { throw Self.failure("cannot be read", folder) }
    defer { closedir(entries) }
    var numbers: [Int] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".seg"), let number = Int(name.dropLast(4)) { numbers.append(number) }
    }
    highest = numbers.max() ?? 0
    for number in numbers.sorted() {
      do throws(Failure) { try take(number) } catch { tell(error.description) }
    }
    keepReserve()
  }

  deinit { for one in writing.values { close(one.descriptor) } }

  /// Writes results behind the others, at the cost of the oldest. Throws where the disk took some of them not even so:
  /// those are counted as forgotten.
  public func append(_ results: [Delivered]) throws(Failure) {
    var trouble: Failure?
    for result in results {
      do throws(Failure) { try keep(result) } catch {
        dropped += 1
        if result.fillsSlot { forgotten += 1 }
        trouble = error
      }
    }
    do throws(Failure) { try shed() } catch { trouble = trouble ?? error }
    if let trouble { throw trouble }
  }

  /// The oldest results, at most `most` and of one segment, and a mark to empty the spool up to when they are delivered.
  /// What stands in the way of one segment holds no other up, and is thrown when nothing is left to hand out.
  public func read(_ most: Int) throws(Failure) -> (results: [Delivered], mark: Int) {
    var trouble: Failure?
    do throws(Failure) { try shed() } catch { trouble = error }
    for segment in segments {
      do throws(Failure) {
        let some = try load(segment.number).dropFirst(segment.delivered).prefix(most)
        // A record that this version cannot read is passed over, and counted when it goes.
        let results = some.compactMap { (try? JSON(parsing: $0)).flatMap(Delivered.init) }
        lastRead = (segment.number, some.count, some.count - results.count)
        if !results.isEmpty { return (results, segment.number) }
        try empty(mark: segment.number)
      } catch { trouble = error }
    }
    if let trouble { throw trouble }
    return ([], 0)
  }

  /// What was read last is delivered.
  public func empty(mark: Int) throws(Failure) {
    guard let (number, count, unread) = lastRead, number == mark,
      let at = segments.firstIndex(where: { $0.number == number })
    else { return }
    lastRead = nil
    passedOver(unread, ofMissed: segments[at].holdsMissed)
    segments[at].delivered += count
    records = max(0, records - count)
    if segments[at].delivered >= segments[at].records { try remove(number) }
  }

  /// Asks the disk to keep what was written.
  public func sync() throws(Failure) {
    for isMissed in [true, false] { try sync(isMissed) }
  }

  /// The words for a person; nil where they were the last ones said.
  public func news(_ failure: Failure?) -> String? {
    let words = failure.map { "spool: \($0)" } ?? ""
    defer { lastTold = words }
    return words == lastTold || words.isEmpty ? nil : words
  }

  /// What a person would want to know and was not told yet.
  public func takeWords() -> [String] {
    defer { untold = [] }
    return untold
  }

  func tell(_ words: String) { untold.append("spool: \(words)") }

  /// Records that this version cannot read are gone: what they were nobody knows, nor which slots. Of a note only the slot
  /// is lost, its result was dropped before.
  func passedOver(_ count: Int, ofMissed isMissed: Bool) {
    guard count > 0 else { return }
    if !isMissed { dropped += count }
    forgotten += count
    guard !hasToldUnread else { return }
    hasToldUnread = true
    tell("\(folder) holds records that this version cannot read; they are dropped")
  }

  // MARK: Files

  func path(_ number: Int) -> String {
    let digits = String(number)
    return "\(folder)/\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).seg"
  }

  static func failure(_ what: String, _ path: String, code: Int32 = errno) -> Failure {
    Failure(
      description: "\(path) \(what): \(String(cString: strerror(code)))", isFull: code == ENOSPC || code == EDQUOT)
  }

  func write(_ result: Delivered, isMissed: Bool) throws(Failure) {
    let payload = isMissed ? result.note : result.json.bytes
    guard payload.count <= SpoolRecords.payloadBytesMax else {
      throw Failure(description: "\(folder) takes no record of \(payload.count) bytes")
    }
    let record = SpoolRecords.encoded(payload)
    let at = try segment(isMissed)
    guard let open = writing[isMissed] else { return }
    let wrote = disk.write(open.descriptor, record)
    guard wrote == record.count else {
      // Fewer than asked, without an error, is a disk without room for the rest.
      let failure = Self.failure("cannot be written", path(open.number), code: wrote < 0 ? errno : ENOSPC)
      // A half record is no record: cut off, or else nothing may come behind it.
      if wrote > 0, ftruncate(open.descriptor, off_t(segments[at].bytes)) != 0 {
        writing[isMissed] = nil
        close(open.descriptor)
      }
      throw failure
    }
    writing[isMissed]?.isSynced = false
    segments[at].bytes += record.count
    segments[at].records += 1
    segments[at].newest = max(segments[at].newest, result.moment)
    bytes += record.count
    records += 1
  }

  /// The place of the segment to write to: a new one where the one before is full.
  private func segment(_ isMissed: Bool) throws(Failure) -> Int {
    if let open = writing[isMissed], let at = segments.firstIndex(where: { $0.number == open.number }),
      segments[at].bytes < segmentBytes
    {
      return at
    }
    try closeSegment(isMissed)
    let number = highest + 1
    let descriptor = open(path(number), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("cannot be written", path(number)) }
    highest = number
    writing[isMissed] = Writing(number: number, descriptor: descriptor)
    segments.append(Segment(number: number, holdsMissed: isMissed))
    try syncFolder()
    if let old = emptied, disk.unlink(path(old)) == 0 { emptied = nil }
    return segments.count - 1
  }

  /// What was written to a segment is on the disk before it is let go of.
  private func closeSegment(_ isMissed: Bool) throws(Failure) {
    guard let closing = writing[isMissed] else { return }
    defer {
      writing[isMissed] = nil
      close(closing.descriptor)
    }
    try sync(isMissed)
  }

  func sync(_ isMissed: Bool) throws(Failure) {
    guard let open = writing[isMissed], !open.isSynced else { return }
    guard disk.sync(open.descriptor) == 0 else { throw Self.failure("cannot be written", path(open.number)) }
    writing[isMissed]?.isSynced = true
  }

  private func syncFolder() throws(Failure) {
    guard disk.syncFolder(folder) == 0 else { throw Self.failure("cannot be written", folder) }
  }

  /// Nothing more is written to it.
  func close(_ number: Int) {
    for (isMissed, open) in writing where open.number == number {
      writing[isMissed] = nil
      close(open.descriptor)
    }
  }

  private func close(_ descriptor: Int32) { Glibc.close(descriptor) }

  func remove(_ number: Int) throws(Failure) {
    close(number)
    if number == highest {
      // It keeps its number from being given again.
      guard truncate(path(number), 0) == 0 || errno == ENOENT else {
        throw Self.failure("cannot be emptied", path(number))
      }
      emptied = number
    } else if disk.unlink(path(number)) != 0, errno != ENOENT {
      throw Self.failure("cannot be removed", path(number))
    }
    forget(number)
    try syncFolder()
  }

  /// Leaves a segment out of the account, whatever its file does.
  func forget(_ number: Int) {
    guard let at = segments.firstIndex(where: { $0.number == number }) else { return }
    if lastRead?.number == number { lastRead = nil }
    bytes -= segments[at].bytes
    records -= segments[at].records - segments[at].delivered
    segments.remove(at: at)
  }

  /// Takes a segment of an earlier process in, up to its first record that is not whole.
  private func take(_ number: Int) throws(Failure) {
    let content: [UInt8]
    do throws(Failure) { content = try Self.content(path(number)) } catch {
      dropped += 1
      forgotten += 1
      throw error
    }
    let found = SpoolRecords.decoded(content)
    torn += found.torn
    if found.whole < content.count, truncate(path(number), off_t(found.whole)) != 0 {
      // Nothing is ever written behind it, and it ends there for every reader.
      tell(Self.failure("cannot be cut", path(number)).description)
    }
    guard let first = found.payloads.first else {
      if number == highest {
        emptied = number
      } else if disk.unlink(path(number)) != 0 {
        throw Self.failure("cannot be removed", path(number))
      }
      return
    }
    var one = Segment(number: number, holdsMissed: (try? JSON(parsing: first)).flatMap { $0["missed"] } != nil)
    one.bytes = found.whole
    one.records = found.payloads.count
    one.newest = Self.newest(found.payloads)
    segments.append(one)
    bytes += one.bytes
    records += one.records
  }

  /// The newest moment among records. One that cannot be read is from a newer version, and new.
  private static func newest(_ payloads: [[UInt8]]) -> Instant {
    payloads.reduce(Instant(ms: 0)) {
      max($0, (try? JSON(parsing: $1)).flatMap(Delivered.init)?.moment ?? Instant(ms: .max))
    }
  }

  /// The records of a segment. One that cannot be read holds up nothing: what it holds is forgotten, its file stays.
  func load(_ number: Int) throws(Failure) -> [[UInt8]] {
    do throws(Failure) { return SpoolRecords.decoded(try Self.content(path(number))).payloads } catch {
      close(number)
      if let lost = segments.first(where: { $0.number == number }) {
        if !lost.holdsMissed { dropped += lost.records - lost.delivered }
        forgotten += lost.records - lost.delivered
      }
      forget(number)
      throw error
    }
  }

  private static func content(_ path: String) throws(Failure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
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
}

extension Delivered {
  /// It ends a slot, one way or the other.
  var fillsSlot: Bool { isFinal && job.slot != nil }

  /// When it was, by the control plane's clock.
  var moment: Instant {
    if let slot = job.slot { return slot }
    return if case .attempt(_, _, _, let seen) = content { seen.startedAt } else { Instant(ms: 0) }
  }

  /// As short as can be: it is written when there is hardly any room.
  fileprivate var note: [UInt8] {
    let note: JSON = ["job_id": .string(job.text), "missed": .string(MissedReason.spoolFull.name)]
    return note.bytes
  }
}
