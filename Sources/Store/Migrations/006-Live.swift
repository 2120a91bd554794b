extension Migration {
  /// The numbered events of each live feed, for replay. A feed belongs to one page or one organization.
  static let live = Migration(
    number: 6, name: "live",
    sql: """
      CREATE TABLE feed (
        id INTEGER PRIMARY KEY,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        page_id BIGINT REFERENCES status_page(id),
        seq BIGINT NOT NULL);
      CREATE UNIQUE INDEX feed_page ON feed (page_id) WHERE page_id IS NOT NULL;
      CREATE UNIQUE INDEX feed_organization ON feed (organization_id) WHERE page_id IS NULL;

      CREATE TABLE feed_event (
        feed_id BIGINT NOT NULL REFERENCES feed(id),
        seq BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (feed_id, seq));
      CREATE INDEX feed_event_at ON feed_event (at_ms);
      """)
}
