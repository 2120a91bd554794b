import Domain
import SQLite
import TestSupport
import Testing

@testable @_spi(Minting) import Store

private let scope = TenantScope(minting: OrganizationID(1))
private let principal = Principal(minting: .account, publicID: nil, name: "Ines", address: nil)

/// Two organizations; the first has monitors in every status, with tags, the second one of its own.
private func world(_ count: Int = 40) async throws -> TestStore {
  let test = try TestStore()
  let (world, sealer) = (test.store.world, test.store.sealer)
  try await test.store.write { db in
    for n in 1...2 as ClosedRange<Int64> {
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES ($1, $2, 'o', $2, 0, 0)",
        [.int(n), .text("org_\(n)")])
    }
    for n in 0..<count {
      var settings = MonitorSettings(name: "m\(n * 7 % count)", url: "https://host-\(n).test/")
      settings.regions = ["local"]
      settings.intervalS = n % 2 == 0 ? 60 : 30
      settings.tags = n % 5 == 0 ? ["five", "all"] : ["all"]
      let id = try MonitorQueries.create(settings, scope: scope, by: principal, in: db, world: world, sealer: sealer)
      let status = MonitorStatus.allCases[n % MonitorStatus.allCases.count]
      try db.run("UPDATE monitor SET status = $1 WHERE public_id = $2", [.int(status.code), .text(id.text)])
    }
    var other = MonitorSettings(name: "theirs", url: "https://theirs.test/")
    other.regions = ["local"]
    other.tags = ["secret"]
    _ = try MonitorQueries.create(
      other, scope: TenantScope(minting: OrganizationID(2)), by: principal, in: db, world: world, sealer: sealer)
  }
  return test
}

extension TestStore {
  /// Every page of a list, and the total that each page told.
  fileprivate func pages(_ filter: MonitorFilter) async throws -> (rows: [MonitorRow], totals: Set<Int>) {
    let (sealer, now) = (store.sealer, clock.now)
    return try await store.read { db in
      var filter = filter
      filter.rows = 7
      var (rows, totals) = ([MonitorRow](), Set<Int>())
      while true {
        let page = try MonitorQueries.list(filter, scope: scope, in: db, sealer: sealer, now: now)
        totals.insert(page.total)
        if page.rows.isEmpty { return (rows, totals) }
        rows += page.rows
        filter.page += 1
      }
    }
  }
}

@Suite("The list of monitors")
struct MonitorListTests {
  @Test("shows every monitor once, the worst first and those alike by name, however it is filtered")
  func worstFirst() async throws {
    let test = try await world()
    var filters = [MonitorFilter](repeating: MonitorFilter(), count: 5)
    filters[1].tag = "five"
    filters[2].status = .degraded
    filters[3].text = "HOST-1"
    (filters[4].text, filters[4].tag, filters[4].status) = ("m", "all", .up)
    for (filter, count) in zip(filters, [40, 8, 5, 11, 5]) {
      let (rows, totals) = try await test.pages(filter)
      #expect(rows.count == count && totals == [count], "\(filter)")
      #expect(Set(rows.map(\.id)).count == count)
      let sorted = rows.sorted { a, b in
        (rank(a.status), a.settings.name, a.id.raw) < (rank(b.status), b.settings.name, b.id.raw)
      }
      #expect(rows.map(\.id) == sorted.map(\.id), "\(filter)")
    }
    #expect(Set(MonitorQueries.worstFirst) == Set(MonitorStatus.allCases))
  }

  private func rank(_ status: MonitorStatus) -> Int {
    let order: [MonitorStatus] = [.down, .unconfirmed, .degraded, .unknown, .pending, .maintenance, .paused, .up]
    return order.firstIndex(of: status) ?? order.count
  }

  private struct Facts {
    var count: Int
    var byStatus: [MonitorStatus: Int]
    var checks: Int
    var tags: [String]
    var checksPerSecond: Double
  }

  private func facts(_ test: TestStore) async throws -> Facts {
    try await test.store.read { db in
      Facts(
        count: try MonitorQueries.count(scope: scope, in: db),
        byStatus: try MonitorQueries.counts(scope: scope, in: db),
        checks: try MonitorQueries.checksPerDay(scope: scope, in: db),
        tags: try MonitorQueries.tags(scope: scope, in: db),
        checksPerSecond: try RegionQueries.loads(scope: scope, in: db).values.reduce(0) { $0 + $1.checksPerSecond })
    }
  }

  @Test("counts, checks a day and tags are the organization's own, and lose what is deleted")
  func counts() async throws {
    let test = try await world()
    let (world, sealer) = (test.store.world, test.store.sealer)
    let all = try await facts(test)
    #expect(all.count == 40 && Set(all.byStatus.values) == [5] && all.tags == ["all", "five"])
    #expect(all.checks == 20 * 1440 + 20 * 2880)
    #expect(abs(all.checksPerSecond * 86_400 - Double(all.checks)) < 1)
    var five = MonitorFilter()
    five.tag = "five"
    for monitor in try await test.pages(five).rows {
      _ = try await test.store.write { db in
        try MonitorQueries.delete(monitor.publicID, scope: scope, by: principal, in: db, world: world, sealer: sealer)
      }
    }
    let left = try await facts(test)
    #expect(left.count == 32 && left.tags == ["all"])
    #expect(left.checks == 16 * 1440 + 16 * 2880)
  }

  @Test("reads an index and nothing else for its counts, its tags and its plan, and sorts nothing for a page")
  func plans() async throws {
    let test = try await world(1)
    let filtered = "FROM monitor m WHERE m.organization_id = $1 AND m.deleted_ms IS NULL"
    let one = Value.int(1)
    let questions: [(sql: String, values: [Value], index: String)] = [
      (MonitorQueries.counting, [one], "COVERING INDEX monitor_organization_"),
      (MonitorQueries.countingStatuses, [one], "COVERING INDEX monitor_organization_status"),
      (MonitorQueries.countingChecks, [one], "COVERING INDEX monitor_plan_organization"),
      (MonitorQueries.listingTags, [one], "COVERING INDEX monitor_tag_organization (organization_id=? AND tag>?)"),
      (
        MonitorQueries.ofStatus(filtered, after: 1), [one, one, one, one],
        "INDEX monitor_organization_status (organization_id=? AND status=?)"
      ),
      ("SELECT m.id \(filtered) ORDER BY m.id DESC LIMIT 25", [one], "INDEX monitor_organization_created"),
      (IncidentQueries.countingOpen, [one], "INDEX incident_open"),
    ]
    for (sql, values, index) in questions {
      let steps = try await test.store.read { db in try db.rows("EXPLAIN QUERY PLAN \(sql)", values) { $0.text(3) } }
      #expect(steps.contains { $0.contains(index) }, "\(sql): \(steps)")
      for step in steps {
        #expect(!step.contains("TEMP B-TREE"), "\(sql): \(steps)")
        // What an inner question has gathered is gone through, never a table.
        #expect(!step.hasPrefix("SCAN") || ["SCAN x", "SCAN found"].contains(step), "\(sql): \(steps)")
      }
    }
  }
}
