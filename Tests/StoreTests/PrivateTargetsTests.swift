import Domain
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

@Suite("Private targets")
struct PrivateTargetsTests {
  private let scope = TenantScope(minting: OrganizationID(1))

  /// One organization with a monitor and a message that is due.
  private func world() async throws -> TestStore {
    let test = try TestStore()
    let (world, sealer) = (test.store.world, test.store.sealer)
    let principal = Principal(minting: .account, publicID: nil, name: "Ines", address: nil)
    try await test.store.write { [scope] db in
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (1, 'org_1', 'o', 'o', 0, 0)"
      )
      try db.run(
        """
        INSERT INTO monitor (id, public_id, organization_id, kind, name, url, enabled, interval_s, settings, status,
          status_since_ms, created_ms, updated_ms)
        VALUES (1, 'mon_1', 1, 'http', 'One', 'http://example.test/', 1, 60, '{}', 1, 0, 0, 0)
        """)
      _ = try ChannelQueries.create(
        ChannelDraft(kind: "slack", name: "c", settings: [:], summary: "", enabled: true), scope: scope, by: principal,
        in: db, world: world, sealer: sealer)
    }
    return test
  }

  /// What a try, the engine's watch and the outbox are told.
  private func answers(_ test: TestStore, _ dedup: String) async throws -> [Bool] {
    let (world, sealer) = (test.store.world, test.store.sealer)
    return try await test.store.write { [scope] db in
      try NotificationQueries.enqueue(
        kind: "test", incident: nil, dedup: dedup, payload: "{}", organization: OrganizationID(1), in: db, world: world)
      return [
        try OrganizationQueries.allowsPrivateTargets(scope: scope, in: db),
        try EngineQueries.one(MonitorID(1), in: db, sealer: sealer)?.allowsPrivate,
        try EngineQueries.all(in: db, sealer: sealer).first?.allowsPrivate,
        try NotificationQueries.claim(limit: 1, now: world.now(), in: db).first?.privateTargets,
      ].compactMap(\.self)
    }
  }

  @Test("are free to who is alone, then to whom the operator grants them, wherever that is asked")
  func rule() async throws {
    let test = try await world()
    #expect(try await answers(test, "alone") == [true, true, true, true])
    _ = try await test.store.write { db in
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (2, 'org_2', 'p', 'p', 0, 0)"
      )
    }
    #expect(try await answers(test, "beside") == [false, false, false, false])
    _ = try await test.store.write { try $0.run("UPDATE organization SET private_targets = 1 WHERE id = 1") }
    #expect(try await answers(test, "granted") == [true, true, true, true])
  }
}
