extension Migration {
  /// Ways to the messages of an incident, to the newest of a channel, and to those that are old enough to go.
  static let notificationLog = Migration(
    number: 8, name: "notification log",
    sql: """
      CREATE INDEX notification_incident ON notification (incident_id, id);
      CREATE INDEX notification_channel ON notification (organization_id, channel_id, id);
      CREATE INDEX notification_done ON notification (state, done_ms) WHERE done_ms IS NOT NULL;
      """)
}
