import Domain
import Synchronization

/// The time of a run, moved by its loop alone, and the engine's source of chance.
final class VirtualClock: Sendable {
  private let nowMs: Atomic<Int64>
  private let random: Mutex<Seeded>

  init(at start: Instant, seed: UInt64) {
    nowMs = Atomic(start.ms)
    random = Mutex(Seeded(seed))
  }

  var now: Instant { Instant(ms: nowMs.load(ordering: .relaxed)) }

  func move(to instant: Instant) { nowMs.store(instant.ms, ordering: .relaxed) }

  var world: World {
    World(
      now: { [self] in now }, monotonicNs: { [self] in UInt64(now.ms) * 1_000_000 },
      random: { [self] count in
        random.withLock { random in (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
      })
  }
}
