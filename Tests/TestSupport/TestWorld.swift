import Domain
import Foundation
import Store
import Synchronization

/// A clock that a test moves by hand, and a seeded source of "random" bytes.
public final class TestWorld: Sendable {
  private let state: Mutex<(nowMs: Int64, seed: UInt64)>

  public init(now: Instant = Instant(ms: 1_790_000_000_000), seed: UInt64 = 1) {
    state = Mutex((now.ms, seed))
  }

  public func advance(ms: Int64) { state.withLock { $0.nowMs += ms } }
  public func set(_ instant: Instant) { state.withLock { $0.nowMs = instant.ms } }
  public var now: Instant { Instant(ms: state.withLock { $0.nowMs }) }

  public var world: World {
    World(
      now: { [self] in now }, monotonicNs: { [self] in UInt64(now.ms) * 1_000_000 },
      random: { [self] count in
        state.withLock { state in
          (0..<count).map { _ in
            state.seed = state.seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state.seed >> 33)
          }
        }
      })
  }
}

/// A folder of one test, removed with the value.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() {
    var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("mkdtemp failed with errno \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A store in a folder of its own, over a hand-moved clock.
public final class TestStore: Sendable {
  public let folder = TemporaryFolder()
  public let clock: TestWorld
  public let store: Store

  public init(clock: TestWorld = TestWorld()) throws {
    self.clock = clock
    store = try Store(
      path: folder.path + "/martlet.db", world: clock.world, sealer: Sealer(key: [UInt8](repeating: 7, count: 32)))
  }

  deinit { store.close() }
}
