import Domain
import SQLite
import TestSupport
import Testing
import Wire

@testable import Engine
@testable @_spi(Minting) import Store

@Suite("Who lets workers in")
struct WorkerGateTests {
  private static let token = "a-cluster-token-0123456789"
  private let test: TestStore
  private let gate: WorkerGate
  private let principal = Principal(minting: .account, publicID: "usr_1", name: "Ines", address: nil)

  init() async throws {
    test = try TestStore()
    gate = WorkerGate(store: test.store) { Self.token }
    try await test.store.write { db in
      for n in 1...2 as ClosedRange<Int64> {
        try db.run(
          "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'H', $2, 0, 0)",
          [.int(n), .text("org_\(n)")])
        try db.run(
          "INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES ($1, $2, 'own', $3, 0)",
          [.int(50 + n), .text("reg_\(n)"), .int(n)])
      }
    }
  }

  private func enrol(_ token: String, _ region: String) async throws -> Enrolled {
    test.clock.advance(ms: 60_000)
    return try await gate.enroll(
      Enrolment(token: token, region: region, hostname: "h", version: "1"), address: "203.0.113.9")
  }

  private func fill(_ region: Int64, with count: Int) async throws {
    try await test.store.write { db in
      for n in 0..<count {
        try db.run(
          """
          INSERT INTO worker (public_id, region_id, key_id, secret_hash, hostname, version, address, enrolled_ms, seen_ms)
          VALUES ($1, $2, $1, $3, 'h', '1', 'a', 0, 0)
          """, [.text("wrk_\(region)_\(n)"), .int(region), .blob([1])])
      }
    }
  }

  private func regionToken(_ organization: Int64) async throws -> String {
    let made = try await gate.createToken(
      region: PublicID(stored: "reg_\(organization)"), uses: 100, lastsMs: Instant.dayMs,
      scope: TenantScope(minting: OrganizationID(organization)), by: principal)
    return try #require(made).token.token
  }

  @Test("an organization fills its own regions, and neither another's nor the operator's")
  func organizationFull() async throws {
    try await fill(51, with: Limits.workersPerOrganizationMax - 1)
    let token = try await regionToken(1)
    _ = try await enrol(token, "own")
    await #expect(throws: WorkerGate.Refusal.organizationFull) { try await enrol(token, "own") }
    let left = try await test.store.read { try $0.first("SELECT uses_left FROM region_token") { $0.int(0) } }
    #expect(left == 99, "who was refused has used nothing up")
    _ = try await enrol(try await regionToken(2), "own")
    _ = try await enrol(Self.token, "fra")
  }

  @Test("the operator's fleet and all private regions together have a bound each")
  func installationFull() async throws {
    _ = try await enrol(Self.token, "fra")
    let fra = try #require(
      try await test.store.read { try $0.first("SELECT id FROM region WHERE name = 'fra'") { $0.int(0) } })
    try await fill(fra, with: Limits.workersPerInstallationMax - 1)
    await #expect(throws: WorkerGate.Refusal.installationFull) { try await enrol(Self.token, "fra") }
    _ = try await enrol(try await regionToken(1), "own")
    try await fill(52, with: Limits.workersPrivateMax)
    let token = try await regionToken(1)
    await #expect(throws: WorkerGate.Refusal.installationFull) { try await enrol(token, "own") }
  }

  @Test("only the operator lets a stand-in in: by the cluster token, or by a token that nobody else can make")
  func standIn() async throws {
    _ = try await enrol(Self.token, StandIn.name)
    let place = try #require(
      try await test.store.read {
        try RegionQueries.list(scope: TenantScope(minting: OrganizationID(1)), in: $0).first(where: \.isStandIn)
      })
    #expect(!place.isPrivate)
    await #expect(throws: WorkerGate.TokenRefusal.notOperator) {
      _ = try await gate.createToken(
        region: place.id, uses: 1, lastsMs: 1000, scope: TenantScope(minting: OrganizationID(1)), by: principal)
    }
    let own = try await regionToken(1)
    await #expect(throws: WorkerGate.Refusal.regionWrong("This token is for another region.")) {
      try await enrol(own, StandIn.name)
    }
    _ = try await test.store.write { db in
      try db.run("DELETE FROM region WHERE organization_id = 2")
      try db.run("DELETE FROM organization WHERE id = 2")
    }
    let made = try await gate.createToken(
      region: place.id, uses: 1, lastsMs: 1000_000, scope: TenantScope(minting: OrganizationID(1)), by: principal)
    _ = try await enrol(try #require(made).token.token, StandIn.name)
  }
}
