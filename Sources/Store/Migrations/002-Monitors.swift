extension Migration {
  /// What is watched, from where, when it is due, and what is concluded from it.
  static let monitors = Migration(
    number: 2, name: "monitors",
    sql: """
      CREATE TABLE region (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        organization_id BIGINT REFERENCES organization(id),
        created_ms BIGINT NOT NULL);
      CREATE UNIQUE INDEX region_name ON region (name) WHERE organization_id IS NULL;
      CREATE UNIQUE INDEX region_private_name ON region (organization_id, name) WHERE organization_id IS NOT NULL;

      CREATE TABLE monitor (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        interval_s BIGINT NOT NULL,
        settings TEXT NOT NULL,
        request_sealed BLOB,
        status INTEGER NOT NULL,
        status_since_ms BIGINT NOT NULL,
        recovering INTEGER NOT NULL DEFAULT 0,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        deleted_ms BIGINT);
      CREATE INDEX monitor_organization_name ON monitor (organization_id, name, id) WHERE deleted_ms IS NULL;
      CREATE INDEX monitor_organization_status ON monitor (organization_id, status, name) WHERE deleted_ms IS NULL;

      CREATE TABLE monitor_tag (
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        tag TEXT NOT NULL,
        PRIMARY KEY (monitor_id, tag));
      CREATE INDEX monitor_tag_tag ON monitor_tag (tag, monitor_id);

      CREATE TABLE monitor_plan (
        id INTEGER PRIMARY KEY,
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        region_id BIGINT NOT NULL REFERENCES region(id),
        from_ms BIGINT NOT NULL,
        to_ms BIGINT,
        interval_ms BIGINT NOT NULL CHECK (interval_ms > 0),
        phase_ms BIGINT NOT NULL);
      CREATE INDEX monitor_plan_monitor ON monitor_plan (monitor_id, region_id, from_ms);
      CREATE UNIQUE INDEX monitor_plan_open ON monitor_plan (monitor_id, region_id) WHERE to_ms IS NULL;

      CREATE TABLE monitor_verdict (
        monitor_id BIGINT NOT NULL PRIMARY KEY REFERENCES monitor(id),
        format INTEGER NOT NULL,
        body BLOB NOT NULL,
        updated_ms BIGINT NOT NULL);

      CREATE TABLE monitor_state (
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        since_ms BIGINT NOT NULL,
        until_ms BIGINT,
        state INTEGER NOT NULL,
        PRIMARY KEY (monitor_id, since_ms));
      CREATE UNIQUE INDEX monitor_state_open ON monitor_state (monitor_id) WHERE until_ms IS NULL;

      CREATE TABLE engine (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        slot_clock_ms BIGINT NOT NULL,
        lease_epoch BIGINT NOT NULL);

      CREATE TABLE engine_span (
        id INTEGER PRIMARY KEY,
        from_ms BIGINT NOT NULL,
        to_ms BIGINT NOT NULL);
      """)
}
