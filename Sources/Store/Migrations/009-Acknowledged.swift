extension Migration {
  /// Who acknowledged an incident, by name, as its updates name their authors; for earlier ones the audit log knows.
  static let acknowledged = Migration(
    number: 9, name: "acknowledged",
    sql: """
      ALTER TABLE incident ADD COLUMN acknowledged_by TEXT;
      UPDATE incident SET acknowledged_by = (SELECT max(l.actor_name) FROM audit_log l
        WHERE l.organization_id = incident.organization_id AND l.subject_public_id = incident.public_id
          AND l.action = 'incident.acknowledge') WHERE acknowledged_ms IS NOT NULL;
      """)
}
