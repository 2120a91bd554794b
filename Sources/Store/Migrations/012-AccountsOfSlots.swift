extension Migration {
  /// Since when slots stay without an outcome, so that a restart tells of it no second time; and nothing more is kept of
  /// monitors that are gone.
  static let accountsOfSlots = Migration(
    number: 12, name: "accounts of slots",
    sql: """
      ALTER TABLE engine ADD COLUMN slots_overdue_since_ms BIGINT;
      DELETE FROM quarantine WHERE monitor_id IN (SELECT id FROM monitor WHERE deleted_ms IS NOT NULL);
      DELETE FROM monitor_verdict WHERE monitor_id IN (SELECT id FROM monitor WHERE deleted_ms IS NOT NULL);
      """)
}
