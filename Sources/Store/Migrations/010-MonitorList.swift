extension Migration {
  /// Ways through an organization's monitors that read no row they do not show: counts and orders from an index alone,
  /// its plan and its tags without a look at each monitor. Tags go with their monitor.
  static let monitorList = Migration(
    number: 10, name: "monitor list",
    sql: """
      DROP INDEX monitor_organization_status;
      CREATE INDEX monitor_organization_status ON monitor (organization_id, status, name, id, deleted_ms)
        WHERE deleted_ms IS NULL;
      CREATE INDEX monitor_organization_created ON monitor (organization_id, id) WHERE deleted_ms IS NULL;

      ALTER TABLE monitor_plan ADD COLUMN organization_id BIGINT;
      UPDATE monitor_plan SET organization_id = (SELECT m.organization_id FROM monitor m
        WHERE m.id = monitor_plan.monitor_id);
      CREATE INDEX monitor_plan_organization ON monitor_plan (organization_id, region_id, interval_ms, to_ms)
        WHERE to_ms IS NULL;

      CREATE TABLE monitor_tag_of (
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        tag TEXT NOT NULL,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        PRIMARY KEY (monitor_id, tag));
      INSERT INTO monitor_tag_of (monitor_id, tag, organization_id)
        SELECT t.monitor_id, t.tag, m.organization_id FROM monitor_tag t JOIN monitor m ON m.id = t.monitor_id
        WHERE m.deleted_ms IS NULL;
      DROP TABLE monitor_tag;
      ALTER TABLE monitor_tag_of RENAME TO monitor_tag;
      CREATE INDEX monitor_tag_organization ON monitor_tag (organization_id, tag, monitor_id);

      CREATE INDEX incident_open ON incident (organization_id) WHERE status <> 'resolved' AND deleted_ms IS NULL;
      """)
}
