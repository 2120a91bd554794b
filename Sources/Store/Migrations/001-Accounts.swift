extension Migration {
  /// Organizations, people, what they log in with, and what they did.
  static let accounts = Migration(
    number: 1, name: "accounts",
    sql: """
      CREATE TABLE installation (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        created_ms BIGINT NOT NULL,
        setup_token_hash BLOB,
        setup_closed_ms BIGINT,
        live_epoch TEXT NOT NULL);

      CREATE TABLE organization (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        slug TEXT NOT NULL UNIQUE,
        private_targets INTEGER NOT NULL DEFAULT 0,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL);

      CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL);

      CREATE TABLE member (
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        account_id BIGINT NOT NULL REFERENCES account(id),
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (organization_id, account_id));
      CREATE INDEX member_account ON member (account_id);

      CREATE TABLE session (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        token_hash BLOB NOT NULL UNIQUE,
        account_id BIGINT NOT NULL REFERENCES account(id),
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        user_agent TEXT NOT NULL,
        address TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        seen_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL);
      CREATE INDEX session_account ON session (account_id);

      CREATE TABLE api_key (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        key_id TEXT NOT NULL UNIQUE,
        secret_hash BLOB NOT NULL,
        name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
        created_by BIGINT NOT NULL REFERENCES account(id),
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT,
        used_ms BIGINT,
        deleted_ms BIGINT);
      CREATE INDEX api_key_organization ON api_key (organization_id);

      CREATE TABLE invitation (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        email TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
        token_hash BLOB NOT NULL UNIQUE,
        created_by BIGINT NOT NULL REFERENCES account(id),
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL,
        accepted_ms BIGINT,
        deleted_ms BIGINT);
      CREATE INDEX invitation_organization ON invitation (organization_id);

      CREATE TABLE password_reset (
        id INTEGER PRIMARY KEY,
        account_id BIGINT NOT NULL REFERENCES account(id),
        token_hash BLOB NOT NULL UNIQUE,
        created_ms BIGINT NOT NULL,
        expires_ms BIGINT NOT NULL,
        used_ms BIGINT);

      CREATE TABLE audit_log (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        organization_id BIGINT NOT NULL REFERENCES organization(id),
        at_ms BIGINT NOT NULL,
        actor_kind TEXT NOT NULL CHECK (actor_kind IN ('account', 'api_key', 'system')),
        actor_public_id TEXT,
        actor_name TEXT NOT NULL,
        address TEXT,
        action TEXT NOT NULL,
        subject_public_id TEXT,
        detail TEXT NOT NULL);
      CREATE INDEX audit_log_organization ON audit_log (organization_id, id);
      """)
}
