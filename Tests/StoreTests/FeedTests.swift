import Domain
import JSON
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

private let one = TenantScope(minting: OrganizationID(1))
private let two = TenantScope(minting: OrganizationID(2))

/// Two organizations with a public page each: pages 1 and 2.
private func twoPages() async throws -> TestStore {
  let test = try TestStore()
  try await test.store.write { db in
    for n in 1...2 {
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'o', $2, 0, 0)",
        [.int(Int64(n)), .text("org_\(n)")])
      try db.run(
        """
        INSERT INTO status_page (id, public_id, organization_id, slug, name, description, is_public, revision,
          created_ms, updated_ms) VALUES ($1, $2, $1, $2, 'p', '', 1, 1, 0, 0)
        """, [.int(Int64(n)), .text("page-\(n)")])
    }
  }
  return test
}

@Test("each feed counts by itself, from 1, without a gap")
func countsPerFeed() async throws {
  let test = try await twoPages()
  let world = test.store.world
  let seqs = try await test.store.write { db in
    [
      try FeedQueries.append(.service, [:], page: StatusPageID(1), scope: one, in: db, world: world),
      try FeedQueries.append(.monitor, [:], scope: one, in: db, world: world),
      try FeedQueries.append(.service, [:], page: StatusPageID(1), scope: one, in: db, world: world),
      try FeedQueries.append(.service, [:], page: StatusPageID(2), scope: two, in: db, world: world),
    ]
  }
  #expect(seqs == [1, 1, 2, 1])
}

@Test("an event for another organization's page goes nowhere")
func foreignPage() async throws {
  let test = try await twoPages()
  let world = test.store.world
  let seq = try await test.store.write { db in
    try FeedQueries.append(.service, [:], page: StatusPageID(2), scope: one, in: db, world: world)
  }
  #expect(seq == nil)
  let rows = try await test.store.read { db in try db.rows("SELECT 1 FROM feed_event") { _ in 1 } }
  #expect(rows.isEmpty)
}

@Test("a write that fails takes its number back")
func rolledBack() async throws {
  struct Stop: Error {}
  let test = try await twoPages()
  let world = test.store.world
  await #expect(throws: Stop.self) {
    try await test.store.write { db in
      try FeedQueries.append(.monitor, [:], scope: one, in: db, world: world)
      throw Stop()
    }
  }
  let seq = try await test.store.write { try FeedQueries.append(.monitor, [:], scope: one, in: $0, world: world) }
  #expect(seq == 1)
}

@Test("pruning forgets a day later, and the numbers go on")
func pruning() async throws {
  let test = try await twoPages()
  let world = test.store.world
  let feed = try await test.store.write { db in
    for _ in 1...5 { try FeedQueries.append(.monitor, [:], scope: one, in: db, world: world) }
    return try FeedQueries.feed(scope: one, in: db)
  }
  test.clock.advance(ms: Limits.liveBacklogMs + 1)
  let before = test.clock.now - Limits.liveBacklogMs
  #expect(try await test.store.write { try FeedQueries.prune(before: before, limit: 100, in: $0) } == 5)
  let tail = try await test.store.read { try FeedQueries.tail(feed: feed, limit: 10, in: $0) }
  #expect(tail == FeedTail(seq: 5, events: []))
  #expect(try await test.store.write { try FeedQueries.append(.monitor, [:], scope: one, in: $0, world: world) } == 6)
}

@Test("a page that is not public gets no feed from a visitor")
func hiddenPage() async throws {
  let test = try await twoPages()
  try await test.store.write { db in _ = try db.run("UPDATE status_page SET is_public = 0 WHERE id = 1") }
  #expect(try await test.store.write { try FeedQueries.openPage(slug: "page-1", in: $0) } == nil)
  #expect(try await test.store.write { try FeedQueries.openPage(slug: "page-2", in: $0) }?.isPublic == true)
}
