extension Migration {
  /// When regions had no voice, and why; `to_ms` is null of what goes on.
  static let regionPast = Migration(
    number: 14, name: "region past",
    sql: """
      CREATE TABLE region_unwell (
        id INTEGER PRIMARY KEY,
        region_id BIGINT NOT NULL REFERENCES region(id),
        state TEXT NOT NULL,
        from_ms BIGINT NOT NULL,
        to_ms BIGINT);
      CREATE INDEX region_unwell_region ON region_unwell (region_id, from_ms);
      CREATE UNIQUE INDEX region_unwell_open ON region_unwell (region_id) WHERE to_ms IS NULL;
      INSERT INTO region_unwell (region_id, state, from_ms)
      SELECT id, state, unwell_since_ms FROM region WHERE state <> 'healthy' AND unwell_since_ms IS NOT NULL;
      """)
}
