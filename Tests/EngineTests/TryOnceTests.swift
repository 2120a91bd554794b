import Domain
import SQLite
import TestSupport
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("One try of settings that are not saved")
struct TryOnceTests {
  private let base: TestStore
  private let trying: TryOnce
  private let scope = TenantScope(minting: OrganizationID(1))

  init() throws {
    base = try TestStore()
    trying = TryOnce(store: base.store)
  }

  private func organizations(_ ids: ClosedRange<Int64>) async throws {
    _ = try await base.store.write { db in
      for id in ids {
        try db.run(
          "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'O', $2, 0, 0)",
          [.int(id), .text("org_\(id)")])
      }
    }
  }

  private func grant(_ isOn: Bool) async throws {
    _ = try await base.store.write { db in
      try db.run("UPDATE organization SET private_targets = $1 WHERE id = 1", [.int(isOn ? 1 : 0)])
    }
  }

  @Test("sees what a check would see, in one attempt, and stores nothing")
  func seen() async throws {
    try await organizations(1...1)
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer("503 Service Unavailable")
    }
    let seen = try await trying.run(MonitorSettings(name: "", url: server.url), scope: scope)
    #expect(seen.status == .down && seen.observation.failure?.reason == .statusCode)
    #expect(server.connections == 1)
    let rows = try await base.store.read { db in
      try db.first("SELECT (SELECT count(*) FROM monitor) + (SELECT count(*) FROM audit_log)", []) { $0.int(0) }
    }
    #expect(rows == 0)
  }

  @Test("reaches no private address for an organization that is not alone and has no grant")
  func privateAddresses() async throws {
    try await organizations(1...2)
    let server = try ScriptedServer { connection in
      connection.readHead()
      connection.answer()
    }
    let settings = MonitorSettings(name: "", url: server.url)
    let blocked = try await trying.run(settings, scope: scope)
    #expect(blocked.observation.failure?.reason == .policyBlocked)
    #expect(server.connections == 0)
    try await grant(true)
    #expect(try await trying.run(settings, scope: scope).status == .up)
  }

  @Test("ten at once for each organization, then one in six seconds")
  func limited() async throws {
    try await organizations(1...2)
    let settings = MonitorSettings(name: "", url: "http://127.0.0.1/")
    for _ in 0..<10 { _ = try await trying.run(settings, scope: scope) }
    await #expect(throws: TryOnce.Busy(afterS: 6)) { try await trying.run(settings, scope: scope) }
    _ = try await trying.run(settings, scope: TenantScope(minting: OrganizationID(2)))
    base.clock.advance(ms: 6000)
    _ = try await trying.run(settings, scope: scope)
  }
}
