extension Migration {
  /// What needs what, whose trouble an incident is part of, and messages that wait to learn it.
  static let dependencies = Migration(
    number: 11, name: "dependencies",
    sql: """
      CREATE TABLE monitor_dependency (
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        parent_id BIGINT NOT NULL REFERENCES monitor(id),
        PRIMARY KEY (monitor_id, parent_id),
        CHECK (monitor_id <> parent_id));
      CREATE INDEX monitor_dependency_parent ON monitor_dependency (parent_id);

      ALTER TABLE monitor ADD COLUMN flapping INTEGER NOT NULL DEFAULT 0;

      ALTER TABLE incident ADD COLUMN caused_by_id BIGINT REFERENCES incident(id);
      CREATE INDEX incident_caused_by ON incident (caused_by_id) WHERE caused_by_id IS NOT NULL;

      CREATE INDEX incident_monitor_monitor ON incident_monitor (monitor_id, incident_id);

      ALTER TABLE notification ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX notification_held ON notification (incident_id) WHERE is_held = 1;
      """)
}
