import Domain
import Glibc
import Testing

@testable import Worker

@Suite("results on disk")
struct SpoolTests {
  private let folder: String

  init() throws {
    var name = Array("/tmp/martlet-spool-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&name)))
  }

  private func result(_ slot: Int64) -> Delivered {
    var seen = Observation(startedAt: Instant(ms: slot))
    seen.timing.totalUs = 5
    return Delivered(
      job: JobID(monitor: MonitorID(1), region: RegionID(2), trigger: .schedule, mark: slot), generation: nil,
      lateMs: 0,
      content: .attempt(0, isFinal: true, .up, seen))
  }

  private func open(_ change: (inout Spool.Configuration) -> Void = { _ in }) throws -> Spool {
    var configuration = Spool.Configuration()
    change(&configuration)
    return try Spool(folder: folder + "/spool", configuration: configuration)
  }

  @Test("comes back in order, also after a restart")
  func order() throws {
    let results = (1...10).map { result(Int64($0)) }
    try open { $0.segmentBytes = 600 }.append(results)
    let again = try open()
    #expect(again.records == 10)
    #expect(try again.drained() == results)
    #expect(again.records == 0 && again.bytes == 0)
    #expect(try open().records == 0)
  }

  @Test("what was read and not delivered is there again")
  func undelivered() throws {
    let spool = try open()
    try spool.append([result(1), result(2)])
    let first = try spool.read(9)
    #expect(try spool.read(9).results == first.results)
    try spool.empty(mark: first.mark)
    #expect(try spool.read(9).results.isEmpty)
  }

  @Test("a torn tail is cut and counted, the rest is kept")
  func torn() throws {
    try open().append((1...3).map { result(Int64($0)) })
    let file = folder + "/spool/000000000001.seg"
    var status = stat()
    #expect(stat(file, &status) == 0)
    #expect(truncate(file, status.st_size - 5) == 0)
    let again = try open()
    #expect(try again.drained() == [result(1), result(2)])
    #expect(again.torn == 1)
  }

  @Test("a flipped bit ends its segment there")
  func flipped() throws {
    try open().append((1...3).map { result(Int64($0)) })
    let file = Glibc.open(folder + "/spool/000000000001.seg", O_RDWR)
    defer { close(file) }
    var status = stat()
    fstat(file, &status)
    var byte: UInt8 = 0
    pread(file, &byte, 1, status.st_size / 2)
    byte ^= 4
    pwrite(file, &byte, 1, status.st_size / 2)
    #expect(try open().drained() == [result(1)])
  }

  @Test("a full spool drops its oldest and says which slots they were")
  func full() throws {
    let spool = try open {
      $0.bytesMax = 8000
      $0.segmentBytes = 1000
    }
    let results = (1...60).map { result(Int64($0)) }
    for one in results { try spool.append([one]) }
    #expect(spool.bytes <= 9000)
    #expect(spool.dropped > 0)
    let rest = try spool.drained()
    let missed = rest.filter { $0.content == .missed(.spoolFull) }
    #expect(missed.count + spool.forgotten == spool.dropped)
    #expect(rest.count - missed.count + spool.dropped == 60)
    #expect(Set(rest.map(\.job)).count == rest.count)
  }

  @Test("the checksum is the usual one")
  func checksum() { #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926) }
}
