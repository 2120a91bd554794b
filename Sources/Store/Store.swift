import Domain
import SQLite

/// The database of an installation, with its schema in place. Queries are extensions and free functions beside their tables.
public struct Store: Sendable {
  public let database: Database
  public let world: World
  public let sealer: Sealer
  private let subscribers = StoreSubscribers()

  /// Opens `path`, brings the schema up to date and makes sure that the installation's own rows exist.
  public init(
    path: String, readers: Int = 3, hasThreads: Bool = true, world: World, sealer: Sealer,
    deviceFailed: @escaping Database.DeviceFailure = { _ in }
  ) throws {
    self.world = world
    self.sealer = sealer
    let subscribers = subscribers
    database = try Database(
      path: path, readers: readers, hasThreads: hasThreads, deviceFailed: deviceFailed,
      committed: { subscribers.deliver($0) }
    ) { db in
      try Migration.run(on: db, nowMs: world.now().ms)
      try db.run(
        "INSERT INTO installation (id, created_ms, live_epoch) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        [.int(world.now().ms), .text(Base32.encode(world.random(8)))])
      try db.run("INSERT INTO engine (id, slot_clock_ms, lease_epoch) VALUES (1, 0, 0) ON CONFLICT DO NOTHING")
      try db.run(
        """
        INSERT INTO region (public_id, name, organization_id, created_ms)
        SELECT $1, 'local', NULL, $2 WHERE NOT EXISTS (SELECT 1 FROM region WHERE name = 'local' AND organization_id IS NULL)
        """, [.text(world.newID(PublicID<RegionTag>.self).text), .int(world.now().ms)])
    }
  }

  /// Calls `handler` after each commit that announced something, on the writer's thread: it hands over and returns.
  public func subscribe(_ handler: @escaping @Sendable ([StoreEvent]) -> Void) { subscribers.add(handler) }

  public func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    try await database.write(body)
  }

  public func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    try await database.read(body)
  }

  public func close() { database.close() }
}
