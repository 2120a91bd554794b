extension Migration {
  /// Who is told by which way, and what became of each message.
  static let notifications = Migration(
    number: 5, name: "notifications",
    sql: """
      CREATE TABLE channel (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        settings_sealed BLOB NOT NULL,
        summary TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        disabled_reason TEXT,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        deleted_ms BIGINT);
      CREATE INDEX channel_organization ON channel (organization_id) WHERE deleted_ms IS NULL;

      CREATE TABLE notification (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        channel_id BIGINT REFERENCES channel(id),
        recipient TEXT,
        kind TEXT NOT NULL,
        incident_id BIGINT REFERENCES incident(id),
        dedup_key TEXT NOT NULL UNIQUE,
        payload TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'sent', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        next_ms BIGINT NOT NULL,
        lease_until_ms BIGINT,
        last_error TEXT,
        created_ms BIGINT NOT NULL,
        done_ms BIGINT);
      CREATE INDEX notification_due ON notification (next_ms) WHERE state IN ('pending', 'claimed');
      CREATE INDEX notification_waiting ON notification (incident_id, channel_id, id) WHERE state IN ('pending', 'claimed');
      CREATE INDEX notification_organization ON notification (organization_id, id);
      """)
}
