import Domain
import SQLite
import Sodium
@_spi(Minting) import Store
import Synchronization
import Wire

/// Lets workers in: a cluster or region token becomes a worker with a token of its own, which is known again from then on.
public final class WorkerGate: Sendable {
  public enum Refusal: Error, Hashable, Sendable {
    /// Wrong, used up, expired, revoked: the sender cannot tell which.
    case tokenWrong
    case regionWrong(String)
    /// The organization's private regions have as many workers as they may have.
    case organizationFull
    /// The installation's regions, or all private ones together.
    case installationFull
    case tooManyAttempts(retryAfterS: Int)
  }

  public struct NewToken: Sendable {
    public let row: RegionTokenRow
    /// `mr_<keyid>_<secret>`, shown this once.
    public let token: String
  }

  private let store: Store
  /// The operator's token as it is now; nil where none is set.
  private let clusterToken: @Sendable () async -> String?
  private let attempts = Mutex(AttemptLimiter(.init(burst: 20, refillMs: 6000)))

  public init(store: Store, clusterToken: @escaping @Sendable () async -> String?) {
    self.store = store
    self.clusterToken = clusterToken
  }

  private var world: World { store.world }

  /// Throws `Refusal`. The region of a region token is the token's own, and the name must agree; a cluster token makes
  /// the region where there is none. A stand-in gets monitors of every organization that allows it, so only the operator
  /// lets one in: by the cluster token, or by a token of `*`, which nobody else can make.
  public func enroll(_ asked: Enrolment, address: String) async throws -> Enrolled {
    if let wait = attempts.withLock({ $0.take(address, now: world.now()) }) {
      throw Refusal.tooManyAttempts(retryAfterS: wait)
    }
    guard Self.isRegionName(asked.region) || asked.region == StandIn.name else {
      throw Refusal.regionWrong("A region's name has 1 to 63 lower-case letters, digits and dashes; local is taken.")
    }
    let keyID = Base32.encode(world.random(10))
    let secret = Token.make(world)
    let isCluster = await clusterToken().map { Sodium.equal(Token.hash($0), Token.hash(asked.token)) } ?? false
    let worker = try await store.write { [world] db -> PublicID<WorkerTag> in
      let region =
        isCluster
        ? try RegionQueries.shared(asked.region, in: db, world: world)
        : try Self.useRegionToken(asked, now: world.now(), in: db)
      try Self.checkRoom(in: region, db)
      return try WorkerQueries.create(
        region: region, keyID: keyID, secretHash: secret.hash, hostname: asked.hostname, version: asked.version,
        address: address, in: db, world: world)
    }
    return Enrolled(worker: worker.text, token: "mw_\(keyID)_\(secret.text)", serverTime: world.now())
  }

  /// Private regions have bounds of their own, so that no organization uses up the operator's fleet or another one's room.
  private static func checkRoom(in region: RegionID, _ db: Connection) throws {
    let seen = try WorkerQueries.counts(beside: region, in: db)
    if seen.isPrivate, seen.ofOrganization >= Limits.workersPerOrganizationMax { throw Refusal.organizationFull }
    guard seen.ofAll < (seen.isPrivate ? Limits.workersPrivateMax : Limits.workersPerInstallationMax) else {
      throw Refusal.installationFull
    }
  }

  private static func useRegionToken(_ asked: Enrolment, now: Instant, in db: Connection) throws -> RegionID {
    guard let (keyID, secret) = parts(asked.token, prefix: "mr"),
      let found = try RegionTokenQueries.identity(keyID: keyID, now: now, in: db),
      Sodium.equal(Token.hash(secret), found.secretHash), try RegionTokenQueries.use(found.token, in: db)
    else { throw Refusal.tokenWrong }
    guard found.regionName == asked.region else {
      throw Refusal.regionWrong("This token is for another region.")
    }
    return found.region
  }

  /// The worker behind a token; nil for one that is unknown or revoked.
  public func identify(_ token: String) async throws -> WorkerRow? {
    guard let (keyID, secret) = Self.parts(token, prefix: "mw"),
      let found = try await store.read({ try WorkerQueries.identity(keyID: keyID, in: $0) })
    else { return nil }
    let hash = Token.hash(secret)
    if Sodium.equal(hash, found.secretHash) { return found.row }
    guard let next = found.nextSecretHash, Sodium.equal(hash, next) else { return nil }
    if try await store.write({ try WorkerQueries.takeUpSecret(hash, worker: found.row.key, in: $0) }) {
      return found.row
    }
    // Taken up by a request beside this one, or replaced by another: of two that both hold a new one, one has it.
    let now = try await store.read { try WorkerQueries.identity(keyID: keyID, in: $0) }
    return now.flatMap { Sodium.equal(hash, $0.secretHash) ? $0.row : nil }
  }

  /// A new token for a worker; the old one counts until the new one is used. Nil where it does not count any more.
  public func rotate(_ worker: WorkerRow, token old: String) async throws -> String? {
    guard let (keyID, known) = Self.parts(old, prefix: "mw") else { return nil }
    let secret = Token.make(world)
    let hash = Token.hash(known)
    guard
      try await store.write({ try WorkerQueries.offerSecret(secret.hash, known: hash, worker: worker.key, in: $0) })
    else { return nil }
    return "mw_\(keyID)_\(secret.text)"
  }

  /// Why there is no token for a region that the asker may see.
  public enum TokenRefusal: Error, Hashable, Sendable {
    /// Workers elsewhere have no part in the control plane's own process.
    case local
    /// The installation has several organizations: its regions are its operator's, by the cluster token.
    case notOperator
  }

  /// A token for one region, so many times, so long. Nil where the organization sees no such region; throws
  /// `TokenRefusal`.
  public func createToken(
    region: PublicID<RegionTag>, uses: Int, lastsMs: Int64, scope: TenantScope, by principal: Principal
  ) async throws -> (token: NewToken, region: RegionRow)? {
    let keyID = Base32.encode(world.random(10))
    let secret = Token.make(world)
    let made = try await store.write { [world] db -> (RegionTokenRow, RegionRow)? in
      guard let region = try RegionQueries.one(region, scope: scope, in: db) else { return nil }
      guard Self.isRegionName(region.name) || region.isStandIn else { throw TokenRefusal.local }
      guard try region.isPrivate || RegionQueries.operatesShared(in: db) else { throw TokenRefusal.notOperator }
      let row = try RegionTokenQueries.create(
        region: region, keyID: keyID, secretHash: secret.hash, uses: uses, expires: world.now() + lastsMs,
        scope: scope, by: principal, in: db, world: world)
      return (row, region)
    }
    return made.map { (NewToken(row: $0.0, token: "mr_\(keyID)_\(secret.text)"), $0.1) }
  }

  public static func isRegionName(_ name: String) -> Bool {
    guard name != "local", (1...63).contains(name.utf8.count), name.utf8.first != UInt8(ascii: "-") else {
      return false
    }
    return name.utf8.allSatisfy { 0x61...0x7a ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") }
  }

  private static func parts(_ token: String, prefix: String) -> (keyID: String, secret: String)? {
    let parts = token.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == prefix, !parts[1].isEmpty, !parts[2].isEmpty, token.utf8.count <= 400 else {
      return nil
    }
    return (String(parts[1]), String(parts[2]))
  }
}
