import Domain
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

/// Two organizations with a few monitors each.
private struct Farm {
  let test: TestStore
  let scope = TenantScope(minting: OrganizationID(1))
  let principal = Principal(minting: .account, publicID: "usr_1", name: "Ines", address: nil)
  var ids: [String: PublicID<MonitorTag>] = [:]

  init() async throws {
    test = try TestStore()
    _ = try await test.store.write { db in
      for n in 1...2 {
        try db.run(
          "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'H', $2, 0, 0)",
          [.int(Int64(n)), .text("org_\(n)")])
      }
    }
    for name in ["a", "b", "c", "d"] { ids[name] = try await make(name) }
    ids["theirs"] = try await make("theirs", scope: TenantScope(minting: OrganizationID(2)))
    ids["absent"] = PublicID(stored: "mon_00000000000000000000000000")
  }

  private func make(_ name: String, scope: TenantScope? = nil) async throws -> PublicID<MonitorTag> {
    let store = test.store
    return try await store.write { [principal, own = self.scope] db in
      try MonitorQueries.create(
        MonitorSettings(name: name, url: "http://x.test/"), scope: scope ?? own, by: principal, in: db,
        world: store.world, sealer: store.sealer)
    }
  }

  /// What the monitor depends on afterwards, by name.
  @discardableResult
  func set(_ name: String, _ parents: [String]) async throws -> [String] {
    let store = test.store
    let id = try #require(ids[name])
    let wanted = parents.compactMap { ids[$0] }
    let row = try await store.write { [scope, principal] db in
      var settings = try #require(try MonitorQueries.find(id, scope: scope, in: db, sealer: store.sealer)).settings
      settings.dependsOn = wanted
      return try MonitorQueries.update(
        id, to: settings, scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
    }
    return (row?.settings.dependsOn ?? []).compactMap { one in ids.first { $0.value == one }?.key }.sorted()
  }
}

@Test("dependencies are stored, read with the monitor, and kept as they were when a change is refused")
func stored() async throws {
  let farm = try await Farm()
  #expect(try await farm.set("c", ["a", "b"]) == ["a", "b"])
  await #expect(throws: DependencyRefusal.unknown(index: 1)) { try await farm.set("c", ["a", "absent"]) }
  let read = try await farm.test.store.read { [scope = farm.scope, id = try #require(farm.ids["c"])] db in
    let row = try #require(try MonitorQueries.find(id, scope: scope, in: db, sealer: farm.test.store.sealer))
    return (
      row.settings.dependsOn.count, try DependencyQueries.parents(of: row.id, scope: scope, in: db).map(\.settings.name)
    )
  }
  #expect(read.0 == 2 && read.1 == ["a", "b"])
  #expect(try await farm.set("c", []) == [])
}

@Test("another organization's monitor is as unknown as an absent one")
func crossing() async throws {
  let farm = try await Farm()
  for name in ["theirs", "absent"] {
    await #expect(throws: DependencyRefusal.unknown(index: 0)) { try await farm.set("a", [name]) }
  }
}

@Test("no circle, however long the way round, and none through itself")
func circles() async throws {
  let farm = try await Farm()
  await #expect(throws: DependencyRefusal.cycle(index: 0, name: "a")) { try await farm.set("a", ["a"]) }
  try await farm.set("b", ["a"])
  try await farm.set("c", ["b"])
  try await farm.set("d", ["b", "c"])
  await #expect(throws: DependencyRefusal.cycle(index: 0, name: "d")) { try await farm.set("a", ["d"]) }
  #expect(try await farm.set("d", ["a", "b", "c"]) == ["a", "b", "c"], "two ways to one monitor are no circle")
}

@Test("a deleted monitor is needed by nothing")
func deletedParent() async throws {
  let farm = try await Farm()
  try await farm.set("b", ["a"])
  let store = farm.test.store
  let id = try #require(farm.ids["a"])
  _ = try await store.write { [scope = farm.scope, principal = farm.principal] db in
    try MonitorQueries.delete(id, scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
  }
  #expect(try await farm.set("b", []) == [])
  await #expect(throws: DependencyRefusal.unknown(index: 0)) { try await farm.set("b", ["a"]) }
}
