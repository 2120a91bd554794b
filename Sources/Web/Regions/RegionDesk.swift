import Domain
import Engine
import Store

/// What people do about regions, for the API and the pages alike.
enum RegionDesk {
  static let nameRule = "Use 1 to 63 lower-case letters, digits and dashes, no dash first; local is taken."

  /// A private location of the organization. Throws `Problem`.
  static func create(_ name: String, _ request: APIRequest, _ context: WebContext) async throws -> RegionRow {
    if name == StandIn.name { return try await createStandIn(request, context) }
    guard WorkerGate.isRegionName(name) else { throw Problem.invalid("/name", nameRule) }
    let row = try await context.store.write { [world = context.world] db -> RegionRow? in
      guard try RegionQueries.privateCount(scope: request.scope, in: db) < Limits.regionsPerOrganizationMax else {
        throw Problem.conflict(
          "too_many_regions",
          "The organization has \(Limits.regionsPerOrganizationMax) regions, as many as it may have.")
      }
      return try RegionQueries.create(name, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard let row else { throw Problem.conflict("region_exists", "There is a region \(name) already.") }
    await context.fleet?.engine.learnRegions()
    return row
  }

  /// The place of workers that look for regions without one: its jobs are every organization's, so it is the operator's.
  private static func createStandIn(_ request: APIRequest, _ context: WebContext) async throws -> RegionRow {
    let row = try await context.store.write { [world = context.world] db -> RegionRow? in
      guard try RegionQueries.operatesShared(in: db) else { throw notOperator }
      return try RegionQueries.createStandIn(scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard let row else { throw Problem.conflict("region_exists", "Stand-ins have their place already.") }
    await context.fleet?.engine.learnRegions()
    return row
  }

  private static let notOperator = Problem(
    403, "not_operator",
    "This region belongs to the whole installation, and its operator lets workers in. Add a region of your own.")

  /// A token that lets workers into one region, and the command that uses it. Throws `Problem`.
  static func token(
    for id: PublicID<RegionTag>, uses: Int, lastsMs: Int64, _ request: APIRequest, _ visit: Visit, _ context: WebContext
  ) async throws -> (made: WorkerGate.NewToken, region: RegionRow, command: String) {
    guard let gate = context.fleet?.gate else { throw Problem.unavailable("This process takes no workers.") }
    do {
      let made = try await gate.createToken(
        region: id, uses: uses, lastsMs: lastsMs, scope: request.scope, by: request.principal)
      guard let (token, region) = made else { throw Problem.notFound }
      return (token, region, command(token.token, region: region.name, origin: visit.origin))
    } catch WorkerGate.TokenRefusal.local {
      throw Problem.conflict(
        "region_local", "The checks of local are done by this process itself; add another region for workers.")
    } catch WorkerGate.TokenRefusal.notOperator {
      throw notOperator
    }
  }

  /// What is to be run on the machine that is to check from there.
  static func command(_ token: String, region: String, origin: String) -> String {
    let folder = region == StandIn.name ? "stand-in" : region
    return
      "martlet worker --control-plane \(quoted(origin)) --region \(quoted(region)) --token \(token) --data ./martlet-\(folder)"
  }

  /// Ends a worker's right to work; it stops within one poll. False when there is no such worker to be sent away.
  static func revoke(_ id: PublicID<WorkerTag>, _ request: APIRequest, _ context: WebContext) async throws -> Bool {
    let key = try await context.store.write { [world = context.world] db in
      try WorkerQueries.revoke(id, scope: request.scope, by: request.principal, in: db, world: world)
    }
    guard let key else { return false }
    try await context.fleet?.engine.leave(key, isRevoked: true)
    return true
  }

  /// As one word of a shell.
  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || ".:/-_".utf8.contains(byte)
    }
    return plain
      ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}
