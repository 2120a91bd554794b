extension Migration {
  /// Who does checks besides the control plane's own process, and what lets them in.
  static let workers = Migration(
    number: 7, name: "workers",
    sql: """
      CREATE TABLE worker (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        region_id BIGINT NOT NULL REFERENCES region(id),
        key_id TEXT NOT NULL UNIQUE,
        secret_hash BLOB NOT NULL,
        next_secret_hash BLOB,
        hostname TEXT NOT NULL,
        version TEXT NOT NULL,
        address TEXT NOT NULL,
        enrolled_ms BIGINT NOT NULL,
        seen_ms BIGINT NOT NULL,
        revoked_ms BIGINT);
      CREATE INDEX worker_region ON worker (region_id) WHERE revoked_ms IS NULL;

      CREATE TABLE quarantine (
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        region_id BIGINT NOT NULL REFERENCES region(id),
        since_ms BIGINT NOT NULL,
        PRIMARY KEY (monitor_id, region_id));

      CREATE TABLE region_token (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        region_id BIGINT NOT NULL REFERENCES region(id),
        key_id TEXT NOT NULL UNIQUE,
        secret_hash BLOB NOT NULL,
        uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL,
        deleted_ms BIGINT);
      CREATE INDEX region_token_region ON region_token (region_id) WHERE deleted_ms IS NULL;
      """)
}
