import Domain
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Worker

@Suite("a spool on a disk that is full, fails, or loses power")
struct SpoolDiskTests {
  /// A disk of so many bytes for one folder; what it was asked to do, in order.
  private final class Disk {
    let folder: String
    var capacity = Int.max
    var calls: [String] = []
    var beforeUnlink: (String) throws -> Void = { _ in }

    init(_ folder: String) { self.folder = folder }

    var files: [(name: String, bytes: Int)] {
      guard let entries = opendir(folder) else { return [] }
      defer { closedir(entries) }
      var out: [(String, Int)] = []
      while let entry = readdir(entries) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var status = stat()
        if !name.hasPrefix("."), stat(folder + "/" + name, &status) == 0 { out.append((name, Int(status.st_size))) }
      }
      return out.sorted { $0.0 < $1.0 }
    }
    var free: Int { max(0, capacity - files.reduce(0) { $0 + $1.bytes }) }

    var calling: SpoolDisk {
      var disk = SpoolDisk()
      let real = disk
      disk.write = { [self] file, bytes in
        calls.append("write")
        let some = Array(bytes.prefix(free))
        guard !some.isEmpty else {
          errno = ENOSPC
          return -1
        }
        return real.write(file, some)
      }
      disk.reserve = { [self] file, bytes in bytes > free ? ENOSPC : real.reserve(file, bytes) }
      disk.sync = { [self] file in
        calls.append("sync")
        return real.sync(file)
      }
      disk.syncFolder = { [self] path in
        calls.append("folder")
        return real.syncFolder(path)
      }
      disk.unlink = { [self] path in
        if path.hasSuffix(".seg") {
          do { try beforeUnlink(path) } catch { Issue.record(error) }
          calls.append("unlink")
        }
        return real.unlink(path)
      }
      return disk
    }
  }

  private let temporary = TemporaryFolder()
  private let disk: Disk

  init() { disk = Disk(temporary.path + "/spool") }

  private func result(_ slot: Int64) -> Delivered {
    var seen = Observation(startedAt: Instant(ms: slot))
    seen.timing.totalUs = 5
    return Delivered(
      job: JobID(monitor: MonitorID(1), region: RegionID(2), trigger: .schedule, mark: slot), generation: nil,
      lateMs: 0, content: .attempt(0, isFinal: true, .up, seen))
  }

  private func open(_ change: (inout Spool.Configuration) -> Void = { _ in }) throws -> Spool {
    var configuration = Spool.Configuration()
    configuration.segmentBytes = 1000
    change(&configuration)
    return try Spool(folder: disk.folder, configuration: configuration, disk: disk.calling)
  }

  private func missed(_ results: [Delivered]) -> Set<Int64> {
    Set(results.filter { $0.content == .missed(.spoolFull) }.map(\.job.mark))
  }

  // MARK: Full

  @Test("a full disk costs the oldest, which are told as missed, and never the newest in silence")
  func full() throws {
    disk.capacity = 24_000
    let spool = try open()
    for slot in 1...80 as ClosedRange<Int64> { try spool.append([result(slot)]) }
    #expect(spool.dropped > 0)
    #expect(spool.bytes <= disk.capacity)
    let waiting = spool.records
    // What is there after a crash is what was there before.
    let again = try open()
    #expect(again.records == waiting)
    let rest = try again.drained()
    #expect(rest.count == waiting)
    let lost = missed(rest)
    let kept = Set(rest.map(\.job.mark)).subtracting(lost)
    #expect(kept.contains(80))
    #expect(lost.isDisjoint(with: kept) && !lost.isEmpty)
    #expect(lost.count + spool.forgotten == spool.dropped)
    #expect(kept.count + spool.dropped == 80)
    #expect((kept.min() ?? 0) > (lost.max() ?? .max), "the oldest are the ones that went")
  }

  @Test("where nothing fits the newest are counted as forgotten, and all goes on by itself when there is room again")
  func recovers() throws {
    let spool = try open()
    try spool.append([result(1)])
    disk.capacity = 0
    #expect(throws: Spool.Failure.self) { try spool.append([result(2), result(3)]) }
    #expect(spool.dropped == 3 && spool.forgotten >= 2)
    #expect(spool.records + spool.forgotten == 3)
    disk.capacity = .max
    try spool.append([result(4)])
    let rest = try spool.drained()
    #expect(rest.last == result(4))
    #expect(rest.count == 1 + missed(rest).count)
    #expect(spool.records == 0)
  }

  @Test("a disk that was full before does not keep a worker from starting")
  func startsFull() throws {
    try open().append((1...4).map { result(Int64($0)) })
    disk.capacity = 0
    let spool = try open()
    #expect(spool.records == 4)
    #expect(try spool.drained().count == 4)
  }

  @Test("a half record that the disk took is cut off again")
  func half() throws {
    disk.capacity = 0
    let spool = try open()
    for room in stride(from: 100, to: 1500, by: 100) {
      disk.capacity = room
      try? spool.append([result(Int64(room))])
    }
    disk.capacity = .max
    try spool.append([result(9999)])
    let again = try open()
    #expect(again.torn == 0)
    #expect(try again.drained().last == result(9999))
  }

  // MARK: Power

  @Test("what a dropped segment held is noted on the disk before it goes")
  func noteFirst() throws {
    let spool = try open {
      $0.bytesMax = 12_000
      $0.segmentBytes = 1000
    }
    var looked = 0
    let copy = temporary.path + "/copy"
    disk.beforeUnlink = { [disk, temporary] _ in
      guard disk.files.count > 4 else { return }
      looked += 1
      // As after a crash in this moment: what is synced is there, and every slot of it.
      #expect(disk.calls.last == "sync" || disk.calls.last == "folder")
      #expect(system(in: temporary.path, "rm -rf copy && cp -r spool copy") == 0)
      let found = try Spool(folder: copy, configuration: .init())
      var marks: Set<Int64> = []
      while true {
        let (some, mark) = try found.read(100)
        if some.isEmpty { break }
        marks.formUnion(some.map(\.job.mark))
        try found.empty(mark: mark)
      }
      #expect(marks == Set(1...(marks.max() ?? 0)))
    }
    for slot in 1...50 as ClosedRange<Int64> { try spool.append([result(slot)]) }
    #expect(looked > 0)
    #expect(spool.forgotten == 0)
    disk.beforeUnlink = { _ in }
  }

  @Test("a segment that is full is synced before the next is begun, and the folder with each new name")
  func rotation() throws {
    let spool = try open()
    try spool.append((1...9).map { result(Int64($0)) })
    let names = disk.files.count { $0.name.hasSuffix(".seg") }
    #expect(names > 2)
    #expect(disk.calls.count { $0 == "sync" } == names - 1)
    #expect(disk.calls.count { $0 == "folder" } == names)
    try spool.sync()
    #expect(disk.calls.count { $0 == "sync" } == names)
    disk.calls = []
    let first = try spool.read(3)
    try spool.empty(mark: first.mark)
    #expect(disk.calls == ["unlink", "folder"])
  }

  // MARK: Numbers, age

  @Test("a number is never given twice, also when everything was delivered in between")
  func numbers() throws {
    var seen: [String] = []
    for round in 1...4 as ClosedRange<Int64> {
      let spool = try open()
      try spool.append([result(round)])
      seen += disk.files.filter { $0.bytes > 0 && $0.name.hasSuffix(".seg") }.map(\.name)
      #expect(try spool.drained() == [result(round)])
    }
    #expect(Set(seen).count == 4)
    #expect(disk.files.count { $0.name.hasSuffix(".seg") } == 1, "one emptied file holds the place")
  }

  @Test("age goes by the control plane's clock, and by none while that is not known")
  func age() throws {
    let week = Limits.spoolAgeMs
    let begun: Int64 = 1_795_000_000_000
    try open().append([result(begun)])
    // The file's own time, as a machine with a wrong clock writes it, tells nothing.
    var times = (utimbuf(), 0)
    times.0.actime = 1000
    times.0.modtime = 1000
    for file in disk.files where file.name.hasSuffix(".seg") { utime(disk.folder + "/" + file.name, &times.0) }
    let spool = try open()
    #expect(try spool.read(9).results.count == 1)
    spool.now = Instant(ms: begun + week)
    #expect(try spool.read(9).results.count == 1)
    spool.now = Instant(ms: begun + week + 1)
    #expect(try spool.read(9).results.isEmpty)
    #expect(spool.dropped == 1 && spool.forgotten == 1 && spool.records == 0 && spool.bytes == 0)
  }

  @Test("one segment that cannot be read holds up nothing")
  func unreadable() throws {
    try open().append((1...6).map { result(Int64($0)) })
    let spool = try open()
    let file = disk.folder + "/000000000001.seg"
    #expect(unlink(file) == 0 && mkdir(file, 0o700) == 0)
    let rest = try spool.drained()
    #expect(rest.last == result(6) && !rest.contains(result(1)))
    #expect(rest.count + spool.forgotten == 6)
    #expect(spool.records == 0)
  }

  @Test("a segment that cannot be read keeps no worker from starting, and is counted and told")
  func unreadableAtStart() throws {
    try open().append((1...6).map { result(Int64($0)) })
    let file = disk.folder + "/000000000001.seg"
    #expect(unlink(file) == 0 && mkdir(file, 0o700) == 0)
    let spool = try open()
    let words = spool.takeWords()
    #expect(words.count == 1 && words.first?.contains("000000000001.seg cannot be read") == true, "\(words)")
    #expect(spool.takeWords().isEmpty)
    #expect(spool.dropped == 1 && spool.forgotten == 1)
    let rest = try spool.drained()
    #expect(rest.last == result(6) && !rest.contains(result(1)))
  }

  @Test("where the oldest cannot be read the next oldest makes room")
  func unreadableVictim() throws {
    let spool = try open { $0.bytesMax = 12_000 }
    for slot in 1...20 as ClosedRange<Int64> { try spool.append([result(slot)]) }
    #expect(spool.dropped == 0)
    let file = disk.folder + "/000000000001.seg"
    #expect(unlink(file) == 0 && mkdir(file, 0o700) == 0)
    disk.capacity = disk.files.reduce(0) { $0 + $1.bytes }
    try spool.append([result(21)])
    #expect(spool.takeWords().contains { $0.contains("000000000001.seg cannot be read") })
    let rest = try spool.drained()
    #expect(rest.contains(result(21)))
    #expect(rest.count + spool.forgotten == 21)
  }

  /// A segment as another process left it.
  private func plant(_ number: Int, _ payloads: [String]) throws {
    _ = try open()
    let bytes = payloads.flatMap { SpoolRecords.encoded(Array($0.utf8)) }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(disk.folder)/00000000000\(number).seg"))
  }

  @Test("the age of a segment is that of its newest record, wherever it stands")
  func ageOfNewest() throws {
    let begun: Int64 = 1_795_000_000_000
    let asked = #"{"job_id":"job_2.2.1.5","missed":"worker_offline"}"#
    try plant(1, [String(decoding: result(begun).json.bytes, as: UTF8.self), asked])
    let spool = try open()
    spool.now = Instant(ms: begun + 1000)
    #expect(try spool.read(9).results.count == 2)
    #expect(spool.forgotten == 0)
  }

  @Test("records of another version are passed over, counted once, and told once", arguments: [false, true])
  func unknown(_ isFull: Bool) throws {
    let strange = #"{"job":"of another time","payload":"\#(String(repeating: "x", count: 200))"}"#
    let known = String(decoding: result(7).json.bytes, as: UTF8.self)
    try plant(1, [known, strange, strange])
    try plant(2, [strange])
    let spool = try open { $0.bytesMax = isFull ? 1 : 1 << 20 }
    if isFull {
      try spool.append([])
    } else {
      #expect(try spool.read(9).results == [result(7)])
      #expect(spool.dropped == 0, "they are still there")
      #expect(try spool.drained() == [result(7)])
    }
    #expect(spool.forgotten >= 3 && spool.dropped == (isFull ? 4 : 3))
    #expect(spool.takeWords().count == 1)
    #expect(spool.records == spool.segments.reduce(0) { $0 + $1.records - $1.delivered })
  }

  @Test("records behind a damaged one are counted as cut")
  func torn() throws {
    try open { $0.segmentBytes = 100_000 }.append((1...5).map { result(Int64($0)) })
    let file = Glibc.open(disk.folder + "/000000000001.seg", O_RDWR)
    defer { close(file) }
    var byte: UInt8 = 0
    pread(file, &byte, 1, 20)
    byte ^= 1
    pwrite(file, &byte, 1, 20)
    #expect(try open().torn == 5)
  }

  @Test("the same trouble is said once, and again after it was over")
  func news() throws {
    let spool = try open()
    let trouble = Spool.Failure(description: "x")
    #expect(spool.news(trouble) == "spool: x")
    #expect(spool.news(trouble) == nil)
    #expect(spool.news(nil) == nil)
    #expect(spool.news(trouble) == "spool: x")
  }

  @Test("a file is replaced whole, and a draft that did not fit is gone")
  func replace() throws {
    let path = temporary.path + "/file"
    try DurableFile.replace(path, with: Array("one".utf8))
    try DurableFile.replace(path, with: Array("two".utf8))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
    #expect(throws: DurableFile.Failure.self) {
      try DurableFile.replace(temporary.path + "/no/file", with: [1])
    }
    #expect(access(path + ".new", F_OK) != 0)
  }
}

private func system(in folder: String, _ command: String) -> Int32 { Glibc.system("cd '\(folder)' && \(command)") }
