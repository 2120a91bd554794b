import Domain
import TestSupport
import Testing

@testable import Store

@Suite("A worker's secret")
struct WorkerSecretTests {
  private let old: [UInt8] = [1]
  private let one: [UInt8] = [2]
  private let two: [UInt8] = [3]

  private func world() async throws -> (test: TestStore, worker: WorkerID) {
    let test = try TestStore()
    let world = test.store.world
    let worker = try await test.store.write { [old] db in
      let region = try RegionQueries.shared("fra", in: db, world: world)
      _ = try WorkerQueries.create(
        region: region, keyID: "key", secretHash: old, hostname: "h", version: "1", address: "a", in: db, world: world)
      return try WorkerQueries.identity(keyID: "key", in: db)?.row.key
    }
    return (test, try #require(worker))
  }

  private func secrets(_ test: TestStore) async throws -> [[UInt8]?] {
    try await test.store.read { db in
      let found = try WorkerQueries.identity(keyID: "key", in: db)
      return [found?.secretHash, found?.nextSecretHash]
    }
  }

  @Test("of two new ones only the one that was offered last is taken up, and only by its own name")
  func race() async throws {
    let (test, worker) = try await world()
    let (old, one, two) = (old, one, two)
    #expect(try await test.store.write { try WorkerQueries.offerSecret(one, known: old, worker: worker, in: $0) })
    #expect(try await test.store.write { try WorkerQueries.offerSecret(two, known: old, worker: worker, in: $0) })
    // The first comes a moment late: it takes up nothing, least of all the other's.
    #expect(try await test.store.write { try !WorkerQueries.takeUpSecret(one, worker: worker, in: $0) })
    #expect(try await secrets(test) == [old, two])
    #expect(try await test.store.write { try WorkerQueries.takeUpSecret(two, worker: worker, in: $0) })
    #expect(try await secrets(test) == [two, nil])
    #expect(try await test.store.write { try !WorkerQueries.takeUpSecret(two, worker: worker, in: $0) })
  }

  @Test("who holds an old one is offered no new one")
  func stale() async throws {
    let (test, worker) = try await world()
    let (old, one, two) = (old, one, two)
    #expect(try await test.store.write { try WorkerQueries.offerSecret(one, known: old, worker: worker, in: $0) })
    #expect(try await test.store.write { try WorkerQueries.takeUpSecret(one, worker: worker, in: $0) })
    #expect(try await test.store.write { try !WorkerQueries.offerSecret(two, known: old, worker: worker, in: $0) })
    #expect(try await secrets(test) == [one, nil])
  }
}
