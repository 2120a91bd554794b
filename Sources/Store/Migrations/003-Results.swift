extension Migration {
  /// Results as they arrive, as they are kept, and as they are summed up.
  static let results = Migration(
    number: 3, name: "results",
    sql: """
      CREATE TABLE result_note (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        body TEXT NOT NULL,
        used_day BIGINT NOT NULL);
      CREATE INDEX result_note_used ON result_note (used_day);

      CREATE TABLE result_log (
        id INTEGER PRIMARY KEY,
        monitor_id BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        slot_ms BIGINT,
        run_key BIGINT NOT NULL,
        trigger INTEGER NOT NULL,
        final INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        started_ms BIGINT NOT NULL,
        late_ms INTEGER NOT NULL,
        status INTEGER NOT NULL,
        http_status INTEGER,
        dns_us INTEGER,
        connect_us INTEGER,
        tls_us INTEGER,
        first_byte_us INTEGER,
        transfer_us INTEGER,
        total_us INTEGER NOT NULL,
        body_bytes BIGINT NOT NULL,
        loop_lag_us INTEGER NOT NULL,
        reason INTEGER,
        phase INTEGER,
        note_id BIGINT);
      CREATE INDEX result_log_monitor ON result_log (monitor_id, started_ms);

      CREATE TABLE slot_missed (
        monitor_id BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        slot_ms BIGINT NOT NULL,
        reason INTEGER NOT NULL,
        PRIMARY KEY (monitor_id, region_id, slot_ms));

      CREATE TABLE history (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        closed_hour BIGINT NOT NULL,
        closed_day BIGINT NOT NULL);

      CREATE TABLE result_chunk (
        monitor_id BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        hour BIGINT NOT NULL,
        n INTEGER NOT NULL,
        format INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (monitor_id, region_id, hour));

      CREATE TABLE rollup_hour (
        monitor_id BIGINT NOT NULL,
        hour BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        n INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        degraded INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        sum_us BIGINT NOT NULL,
        max_us BIGINT NOT NULL,
        sketch BLOB NOT NULL,
        minutes BLOB NOT NULL,
        PRIMARY KEY (monitor_id, hour, region_id));

      CREATE TABLE rollup_day (
        monitor_id BIGINT NOT NULL,
        day BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        n INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        degraded INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        sum_us BIGINT NOT NULL,
        max_us BIGINT NOT NULL,
        sketch BLOB NOT NULL,
        PRIMARY KEY (monitor_id, day, region_id));

      CREATE TABLE evidence (
        id INTEGER PRIMARY KEY,
        organization_id BIGINT NOT NULL,
        monitor_id BIGINT NOT NULL,
        region_id BIGINT NOT NULL,
        incident_id BIGINT,
        run_key BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        body TEXT NOT NULL);
      CREATE INDEX evidence_monitor ON evidence (monitor_id, at_ms);
      CREATE INDEX evidence_incident ON evidence (incident_id);
      CREATE INDEX evidence_at ON evidence (at_ms);
      """)
}
