extension Migration {
  /// What people are told: services, incidents, pages.
  static let incidents = Migration(
    number: 4, name: "incidents",
    sql: """
      CREATE TABLE service (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        status TEXT NOT NULL,
        status_since_ms BIGINT NOT NULL,
        set_by_hand INTEGER NOT NULL DEFAULT 0,
        is_active INTEGER NOT NULL,
        position BIGINT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        deleted_ms BIGINT);
      CREATE INDEX service_organization ON service (organization_id, position, id) WHERE deleted_ms IS NULL;

      CREATE TABLE service_monitor (
        service_id BIGINT NOT NULL REFERENCES service(id),
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        PRIMARY KEY (service_id, monitor_id));
      CREATE INDEX service_monitor_monitor ON service_monitor (monitor_id);

      CREATE TABLE incident (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved')),
        cause TEXT NOT NULL CHECK (cause IN ('manual', 'monitor')),
        started_ms BIGINT NOT NULL,
        acknowledged_ms BIGINT,
        resolved_ms BIGINT,
        postmortem TEXT,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        deleted_ms BIGINT,
        CHECK ((status = 'resolved') = (resolved_ms IS NOT NULL)));
      CREATE INDEX incident_organization ON incident (organization_id, started_ms) WHERE deleted_ms IS NULL;

      CREATE TABLE incident_service (
        incident_id BIGINT NOT NULL REFERENCES incident(id),
        service_id BIGINT NOT NULL REFERENCES service(id),
        from_state TEXT NOT NULL,
        to_state TEXT NOT NULL,
        PRIMARY KEY (incident_id, service_id));
      CREATE INDEX incident_service_service ON incident_service (service_id);

      CREATE TABLE incident_monitor (
        incident_id BIGINT NOT NULL REFERENCES incident(id),
        monitor_id BIGINT NOT NULL REFERENCES monitor(id),
        is_open INTEGER NOT NULL,
        PRIMARY KEY (incident_id, monitor_id));
      CREATE UNIQUE INDEX incident_monitor_open ON incident_monitor (monitor_id) WHERE is_open = 1;

      CREATE TABLE incident_update (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        incident_id BIGINT NOT NULL REFERENCES incident(id),
        status TEXT NOT NULL,
        message TEXT NOT NULL,
        author TEXT NOT NULL,
        created_ms BIGINT NOT NULL);
      CREATE INDEX incident_update_incident ON incident_update (incident_id, id);

      CREATE TABLE status_page (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        slug TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        is_public INTEGER NOT NULL,
        revision BIGINT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL);
      CREATE INDEX status_page_organization ON status_page (organization_id);

      CREATE TABLE status_page_service (
        page_id BIGINT NOT NULL REFERENCES status_page(id),
        service_id BIGINT NOT NULL REFERENCES service(id),
        position BIGINT NOT NULL,
        PRIMARY KEY (page_id, service_id));
      CREATE INDEX status_page_service_service ON status_page_service (service_id);
      """)
}
