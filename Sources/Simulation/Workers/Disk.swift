import Domain

/// A worker's spool, as a model: segments of records, oldest first, within a bound; what does not fit any more is dropped
/// from its old end and delivered as missed. A crash forgets what was delivered of a segment, and tears its newest record.
struct Disk {
  private struct Segment {
    let number: Int
    var records: [Delivered] = []
    var delivered = 0
    let holdsMissed: Bool
  }

  /// Records that it has room for.
  let recordsMax: Int
  private let segmentRecords: Int
  private var segments: [Segment] = []
  private var nextNumber = 1
  private var isOpen = false
  private var lastRead: (number: Int, count: Int)?
  private var appendedAt = Instant(ms: 0)
  private(set) var dropped = 0

  init(recordsMax: Int) {
    self.recordsMax = recordsMax
    segmentRecords = max(recordsMax / 16, 2)
  }

  /// Records that wait to be delivered.
  var records: Int { segments.reduce(0) { $0 + $1.records.count - $1.delivered } }
  private var held: Int { segments.reduce(0) { $0 + $1.records.count } }

  mutating func append(_ results: [Delivered], now: Instant) {
    appendedAt = now
    for result in results { append(result, isMissed: false) }
    drop()
  }

  private mutating func append(_ result: Delivered, isMissed: Bool) {
    let last = segments.last
    if !isOpen || last == nil || last!.records.count >= segmentRecords || last!.holdsMissed != isMissed {
      segments.append(Segment(number: nextNumber, holdsMissed: isMissed))
      nextNumber += 1
      isOpen = true
    }
    segments[segments.count - 1].records.append(result)
  }

  /// The oldest, of one segment.
  mutating func read(_ most: Int) -> (results: [Delivered], mark: Int) {
    guard let first = segments.first else { return ([], 0) }
    let some = Array(first.records.dropFirst(first.delivered).prefix(most))
    lastRead = (first.number, some.count)
    return (some, first.number)
  }

  mutating func empty(mark: Int) {
    guard let (number, count) = lastRead, number == mark, let at = segments.firstIndex(where: { $0.number == number })
    else { return }
    lastRead = nil
    segments[at].delivered += count
    if segments[at].delivered >= segments[at].records.count { remove(at) }
  }

  private mutating func remove(_ at: Int) {
    if at == segments.count - 1 { isOpen = false }
    segments.remove(at: at)
  }

  private mutating func drop() {
    while held > recordsMax, let at = segments.firstIndex(where: { !$0.holdsMissed }) {
      let victim = segments[at]
      if lastRead?.number == victim.number { lastRead = nil }
      remove(at)
      let lost = victim.records.dropFirst(victim.delivered)
      dropped += lost.count
      let missed = segments.reduce(0) { $0 + ($1.holdsMissed ? $1.records.count : 0) }
      guard missed < max(recordsMax / 8, 1) else { continue }
      for var one in lost where one.isFinal && one.job.slot != nil {
        one.content = .missed(.spoolFull)
        append(one, isMissed: true)
      }
    }
  }

  /// The process ends without a word; `torn`: what it wrote in the last moment is no whole record.
  mutating func crash(torn: Bool, now: Instant) {
    isOpen = false
    lastRead = nil
    if torn, now - appendedAt < 2000, let last = segments.indices.last {
      segments[last].records.removeLast()
      if segments[last].records.isEmpty { segments.removeLast() }
    }
    for i in segments.indices { segments[i].delivered = 0 }
  }
}
