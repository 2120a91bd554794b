import Domain
import Glibc

/// What this worker had under way, in a file that outlives a crash: memory mapped, so that noting costs a store to memory.
///
/// After a crash the next process reads from it which monitors were being looked at in the last moment; one that is found
/// there again and again is what kills workers. Owned by one thread.
public final class Journal {
  private static let places = 4096
  /// The last sign of life may be so much older than the crash, on a machine that is short of time.
  private static let graceMs: Int64 = 200

  private let map: UnsafeMutablePointer<Int64>
  private var free: [Int] = Array((0..<places).reversed())
  private var held: [UInt64: Int] = [:]
  /// Monitors that were under way when the process before this one ended without a word.
  public let suspects: [MonitorID]

  /// Place 0 holds the last moment at which the process was alive; behind it pairs of a monitor and its due time.
  public init?(path: String) {
    let bytes = (1 + 2 * Self.places) * MemoryLayout<Int64>.size
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // With its blocks: a full disk is to be found out here, not by a store to the map.
    guard posix_fallocate(file, 0, off_t(bytes)) == 0,
      let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), raw != MAP_FAILED
    else { return nil }
    map = raw.bindMemory(to: Int64.self, capacity: 1 + 2 * Self.places)
    let alive = map[0]
    var found: Set<MonitorID> = []
    for place in 0..<Self.places {
      let (monitor, due) = (map[1 + 2 * place], map[2 + 2 * place])
      if monitor > 0, due <= alive + Self.graceMs { found.insert(MonitorID(monitor)) }
    }
    suspects = alive > 0 ? found.sorted() : []
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  deinit { munmap(map, (1 + 2 * Self.places) * MemoryLayout<Int64>.size) }

  public func note(alive now: Instant) { map[0] = now.ms }

  /// A run will be under way from `due` on; beyond as many as there are places nothing is noted.
  public func begin(_ token: UInt64, _ monitor: MonitorID, due: Instant) {
    guard let place = free.popLast() else { return }
    held[token] = place
    map[2 + 2 * place] = due.ms
    map[1 + 2 * place] = monitor.raw
  }

  public func end(_ token: UInt64) {
    guard let place = held.removeValue(forKey: token) else { return }
    map[1 + 2 * place] = 0
    free.append(place)
  }

  /// The process ends as it should: nobody is suspected.
  public func finish() { map[0] = 0 }
}
