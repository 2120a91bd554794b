import Domain
import Glibc
import JSON
import Wire

/// What is kept when not all can be: the newest results, and of the oldest at least which slots they were.
extension Spool {
  /// Writes one result, at the cost of the oldest where the disk is full.
  func keep(_ result: Delivered) throws(Failure) {
    while true {
      do throws(Failure) { return try write(result, isMissed: false) } catch {
        guard error.isFull, try dropOldest(isDiskFull: true) else { throw error }
      }
    }
  }

  /// Drops the oldest segments while there is too much, and those of which the control plane would take nothing any more.
  func shed() throws(Failure) {
    while bytes > configuration.bytesMax, try dropOldest(isDiskFull: false) {}
    guard let now else { return }
    while let old = segments.first(where: { $0.bytes > 0 && now - $0.newest > configuration.ageMs }) {
      // Their slots are as old as they are: nobody would hear of those either.
      try remove(old.number)
      if !old.holdsMissed { dropped += old.records - old.delivered }
      forgotten += old.records - old.delivered
    }
  }

  /// Drops the oldest results there are; false where there are none. Their slots are noted, in an eighth of the room at
  /// most, and the notes are on the disk before the results are not: a crash in between leaves both, which the control
  /// plane counts once.
  private func dropOldest(isDiskFull: Bool) throws(Failure) -> Bool {
    guard let (victim, payloads) = oldestReadable() else { return false }
    let lost = payloads.compactMap { (try? JSON(parsing: $0)).flatMap(Delivered.init) }
    let room = isDiskFull ? min(bytes, configuration.bytesMax) : configuration.bytesMax
    let notes = segments.reduce(0) { $0 + ($1.holdsMissed ? $1.bytes : 0) }
    // A full disk has room for the notes because it was kept for them.
    if isDiskFull { try releaseReserve() }
    let noted = notes < room / 8 ? try note(lost) : 0
    try remove(victim.number)
    dropped += lost.count
    forgotten += lost.count(where: \.fillsSlot) - noted
    passedOver(payloads.count - lost.count, ofMissed: false)
    keepReserve()
    return true
  }

  /// The oldest segment of results and what waits in it; those that cannot be read are told and left out on the way.
  private func oldestReadable() -> (segment: Segment, payloads: ArraySlice<[UInt8]>)? {
    while let victim = segments.first(where: { !$0.holdsMissed && $0.bytes > 0 }) {
      close(victim.number)
      do throws(Failure) { return (victim, try load(victim.number).dropFirst(victim.delivered)) } catch {
        tell(error.description)
      }
    }
    return nil
  }

  /// Notes slots; answers how many of them the disk took for good.
  private func note(_ lost: [Delivered]) throws(Failure) -> Int {
    var noted = 0
    do throws(Failure) {
      for one in lost where one.fillsSlot {
        try write(one, isMissed: true)
        noted += 1
      }
    } catch {
      guard error.isFull else { throw error }
    }
    do throws(Failure) { try sync(true) } catch {
      guard error.isFull else { throw error }
      return 0
    }
    return noted
  }

  // MARK: Reserve

  private var reserve: String { folder + "/reserve" }

  /// Room for the notes of one segment, taken while there is some. Without it, on a disk that was full before this was
  /// here, slots that are dropped are noted as far as the disk lets them.
  func keepReserve() {
    guard !hasReserve else { return }
    let file = open(reserve, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    hasReserve = disk.reserve(file, max(segmentBytes / 2, 4096)) == 0
    Glibc.close(file)
    if !hasReserve { _ = disk.unlink(reserve) }
  }

  private func releaseReserve() throws(Failure) {
    guard hasReserve else { return }
    guard disk.unlink(reserve) == 0 || errno == ENOENT else { throw Self.failure("cannot be removed", reserve) }
    hasReserve = false
  }
}
