extension Migration {
  /// Unknown time that results which came late may tell about, and the mark of what was learned so.
  static let lateResults = Migration(
    number: 13, name: "late results",
    sql: """
      ALTER TABLE monitor_state ADD COLUMN learned_ms BIGINT;

      CREATE TABLE state_replay (
        monitor_id BIGINT NOT NULL PRIMARY KEY REFERENCES monitor(id),
        from_ms BIGINT NOT NULL,
        to_ms BIGINT NOT NULL,
        asked_ms BIGINT NOT NULL,
        heard_ms BIGINT NOT NULL,
        due_ms BIGINT NOT NULL);
      CREATE INDEX state_replay_due ON state_replay (due_ms, monitor_id);
      CREATE INDEX monitor_plan_region ON monitor_plan (region_id, monitor_id, from_ms);
      """)
}
