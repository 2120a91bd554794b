import Domain
import JSON
import SQLite

/// Where a list of results went on: the last result that was given.
public struct ResultCursor: Hashable, Sendable {
  let atMs: Int64
  let startedMs: Int64
  let attempt: Int64
  let runKey: Int64

  init(_ entry: ResultEntry) {
    atMs = entry.at.ms
    startedMs = entry.startedMs
    attempt = entry.attempt
    runKey = entry.runKey
  }

  /// For a query string.
  public var text: String { "\(atMs).\(startedMs).\(attempt).\(runKey)" }

  /// nil for anything that `text` does not print.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts.count == 4, let at = parts[0], let started = parts[1], let attempt = parts[2], let key = parts[3],
      text == "\(at).\(started).\(attempt).\(key)"
    else { return nil }
    atMs = at
    startedMs = started
    self.attempt = attempt
    runKey = key
  }

  fileprivate func isAfter(_ entry: ResultEntry) -> Bool {
    (entry.at.ms, entry.startedMs, entry.attempt, entry.runKey) < (atMs, startedMs, attempt, runKey)
  }
}

/// Which results are wanted.
public struct ResultQuestion: Sendable {
  /// Results whose slot (or start, where they fill none) lies in `from ..< to`.
  public var from: Instant
  public var to: Instant
  /// Only runs that began before this moment.
  public var startedBefore: Instant?
  public var region: RegionID?
  public var status: CheckStatus?
  public var finalOnly = true
  public var limit = 100
  public var after: ResultCursor?

  public init(from: Instant, to: Instant) {
    self.from = from
    self.to = to
  }
}

/// Results wherever they stand: in the log while they are young, in chunks after that.
public enum PastResults {
  /// Newest first; `next` is nil at the end. The monitor was found through its tenant already.
  public static func list(
    _ question: ResultQuestion, of monitor: MonitorID, in db: Connection
  ) throws -> (results: [ResultRow], next: ResultCursor?) {
    let newest = question.after.map { Instant(ms: $0.atMs + 1) }.map { min($0, question.to) } ?? question.to
    guard question.limit > 0, question.from < newest else { return ([], nil) }
    var hours = try Hours(monitor, from: question.from, to: newest, in: db)
    var found: [(RegionID, ResultEntry)] = []
    while found.count <= question.limit, let hour = try hours.next(in: db) {
      let wanted = hour.flatMap { region, chunk in chunk.entries.map { (region, $0) } }.filter { region, entry in
        entry.at >= question.from && entry.at < question.to && question.after.map { $0.isAfter(entry) } ?? true
          && question.region.map { $0 == region } ?? true && question.status.map { $0 == entry.checkStatus } ?? true
          && question.startedBefore.map { entry.startedMs < $0.ms } ?? true
          && (entry.isFinal || !question.finalOnly)
      }
      found += wanted.sorted { ResultEntry.inOrder($1.1, $0.1) }
    }
    let page = found.prefix(question.limit)
    return (try rows(page, in: db), found.count > page.count ? page.last.map { ResultCursor($0.1) } : nil)
  }

  /// The final report of one run. `at`, its slot or start, leads straight to its hour; without it the newest hours are
  /// searched first, back to `since`.
  public static func run(
    _ key: RunKey, of monitor: MonitorID, at: Instant? = nil, since: Instant, now: Instant, in db: Connection
  ) throws -> ResultRow? {
    let from = at.map { Instant(ms: $0.hour * Instant.hourMs) } ?? since
    var hours = try Hours(monitor, from: from, to: at == nil ? now + Instant.hourMs : from + Instant.hourMs, in: db)
    while let hour = try hours.next(in: db) {
      let tries = hour.flatMap { region, chunk in chunk.entries.filter { $0.runKey == key.raw }.map { (region, $0) } }
      let last = tries.max { ($0.1.isFinal ? 1 : 0, $0.1.attempt) < ($1.1.isFinal ? 1 : 0, $1.1.attempt) }
      if let last { return try rows([last], in: db).first }
    }
    return nil
  }

  /// Slots in `from ..< to` that ended without a result, newest first. Stretches in which the process did not run are
  /// not among them: `EngineQueries.gaps` knows them.
  public static func missed(
    of monitor: MonitorID, from: Instant, to: Instant, limit: Int, in db: Connection
  ) throws -> [(region: RegionID, missed: MissedSlot)] {
    guard from < to, limit > 0 else { return [] }
    var hours = try Hours(monitor, from: from, to: to, in: db)
    var out: [(RegionID, MissedSlot)] = []
    while out.count < limit, let hour = try hours.next(in: db) {
      out += hour.flatMap { region, chunk in chunk.missed.map { (region, $0) } }
        .filter { $0.1.slot >= from && $0.1.slot < to }.sorted { $0.1.slot > $1.1.slot }
    }
    return Array(out.prefix(limit))
  }

  private static func rows(
    _ found: some Sequence<(RegionID, ResultEntry)>, in db: Connection
  ) throws -> [ResultRow] {
    var notes: [Int64: JSON] = [:]
    return try found.map { region, entry in
      var note = JSON.null
      if let key = entry.note {
        if notes[key] == nil {
          notes[key] = try db.first("SELECT body FROM result_note WHERE id = $1", [.int(key)]) {
            try JSON(parsing: $0.text(0))
          }
        }
        note = notes[key] ?? .null
      }
      return ResultRow(entry, region: region, note: note)
    }
  }
}

/// The hours of a monitor that hold anything, newest first, each read when it is asked for.
private struct Hours {
  let monitor: MonitorID
  let oldest: Int64
  let logged: [RegionID: [ResultEntry]]
  let regions: [RegionID]
  /// Hours that need no chunk to hold something, newest last.
  var young: [Int64]
  var below: Int64

  init(_ monitor: MonitorID, from: Instant, to: Instant, in db: Connection) throws {
    self.monitor = monitor
    oldest = from.hour
    below = (to - 1).hour + 1
    logged = try HistoryQueries.logged(monitor, hours: from.hour...(to - 1).hour, in: db)
    regions = try db.rows(
      "SELECT DISTINCT region_id FROM monitor_plan WHERE monitor_id = $1", [.int(monitor.raw)]
    ) { RegionID($0.int(0)) }
    let missed = try HistoryQueries.missed(
      monitor, from: Instant(ms: oldest * Instant.hourMs), to: Instant(ms: below * Instant.hourMs), in: db)
    young = Set(logged.values.joined().map(\.at.hour)).union(missed.values.joined().map(\.slot.hour)).sorted()
  }

  mutating func next(in db: Connection) throws -> [RegionID: ResultChunk]? {
    while let last = young.last, last >= below { young.removeLast() }
    var hour = young.last
    for region in regions {
      let packed =
        try db.first(
          """
          SELECT max(hour) FROM result_chunk WHERE monitor_id = $1 AND region_id = $2 AND hour >= $3 AND hour < $4
          """, [.int(monitor.raw), .int(region.raw), .int(oldest), .int(below)]
        ) { $0.intOrNil(0) } ?? nil
      hour = [hour, packed].compactMap(\.self).max()
    }
    guard let hour else { return nil }
    below = hour
    return try HistoryQueries.hour(hour, of: monitor, logged: logged, in: db)
  }
}

extension ResultRow {
  /// A packed result with its words.
  fileprivate init(_ entry: ResultEntry, region: RegionID, note: JSON) {
    func us(_ i: Int) -> Int32? { entry.phases[i].map { Int32(clamping: $0) } }
    var timing = Timing()
    timing.dnsUs = us(0)
    timing.connectUs = us(1)
    timing.tlsUs = us(2)
    timing.firstByteUs = us(3)
    timing.transferUs = us(4)
    timing.totalUs = Int32(clamping: entry.totalUs)
    let phase = entry.phase.flatMap { Phase(rawValue: Int16(clamping: $0)) } ?? .connect
    self.init(
      region: region, worker: WorkerID(entry.worker), slot: entry.slotMs.map(Instant.init(ms:)),
      runKey: RunKey(raw: entry.runKey),
      trigger: Trigger(rawValue: Int16(clamping: entry.trigger)) ?? .schedule, isFinal: entry.isFinal,
      attempts: Int(entry.attempt), startedAt: Instant(ms: entry.startedMs), lateMs: Int32(clamping: entry.lateMs),
      status: entry.checkStatus, httpStatus: entry.httpStatus.map { Int32(clamping: $0) }, timing: timing,
      bodyBytes: entry.bodyBytes, loopLagUs: Int32(clamping: entry.loopLagUs),
      failure: entry.reason.flatMap { FailureReason(rawValue: Int16(clamping: $0)) }
        .map { Failure($0, phase, note["message"]?.string ?? "") },
      remoteAddress: note["address"]?.string, httpVersion: note["http_version"]?.string,
      certificate: note["certificate"].flatMap { facts in
        facts["expires_ms"]?.int.map {
          CertificateFacts(
            expiresAt: Instant(ms: $0), issuer: facts["issuer"]?.string ?? "", subject: facts["subject"]?.string ?? "")
        }
      })
  }
}
