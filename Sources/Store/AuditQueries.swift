import Domain
import JSON
import SQLite

/// Writes the audit row of a privileged change, in the transaction that makes the change.
public enum Audit {
  /// `action` is `<thing>.<verb>` (`monitor.create`); `detail` names what changed and never holds a secret.
  public static func record(
    _ action: String, subject: String?, detail: JSON = .object([]), scope: TenantScope, by principal: Principal,
    in db: Connection, world: World
  ) throws {
    try db.run(
      """
      INSERT INTO audit_log (public_id, organization_id, at_ms, actor_kind, actor_public_id, actor_name, address,
        action, subject_public_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      """,
      [
        .text(world.newID(PublicID<AuditTag>.self).text), .int(scope.organization.raw), .int(world.now().ms),
        .text(principal.kind.rawValue), Value(principal.publicID), .text(principal.name), Value(principal.address),
        .text(action), Value(subject), .text(detail.text),
      ])
  }
}

/// One line of the audit log.
public struct AuditRow: Hashable, Sendable {
  public let id: PublicID<AuditTag>
  public let at: Instant
  public let actorKind: String
  public let actorID: String?
  public let actorName: String
  public let address: String?
  public let action: String
  public let subject: String?
  public let detail: JSON
}

/// Reads of the audit log.
public enum AuditQueries {
  /// Newest first.
  public static func list(scope: TenantScope, offset: Int, rows: Int, in db: Connection) throws -> [AuditRow] {
    try db.rows(
      """
      SELECT public_id, at_ms, actor_kind, actor_public_id, actor_name, address, action, subject_public_id, detail
      FROM audit_log WHERE organization_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3
      """, [.int(scope.organization.raw), Value(rows), Value(offset)]
    ) {
      AuditRow(
        id: PublicID(stored: $0.text(0)), at: Instant(ms: $0.int(1)), actorKind: $0.text(2), actorID: $0.textOrNil(3),
        actorName: $0.text(4), address: $0.textOrNil(5), action: $0.text(6), subject: $0.textOrNil(7),
        detail: try JSON(parsing: $0.text(8)))
    }
  }

  /// What subjects are called now, by their public ids: names of things, titles of incidents, user agents of sessions.
  /// What is gone for good is absent.
  public static func names(
    of subjects: Set<String>, scope: TenantScope, in db: Connection
  ) throws -> [String: String] {
    var found: [String: String] = [:]
    for subject in subjects {
      guard let sql = nameQueries[subject.prefix { $0 != "_" }] else { continue }
      found[subject] = try db.first(sql, [.text(subject), .int(scope.organization.raw)]) { $0.text(0) }
    }
    return found
  }

  /// By the prefix of the id. People and their sessions belong to no organization: its own log must have named them, which
  /// the caller read it from.
  private static let nameQueries: [Substring: String] = {
    func own(_ column: String, of table: String) -> String {
      "SELECT \(column) FROM \(table) WHERE public_id = $1 AND organization_id = $2"
    }
    return [
      "mon": own("name", of: "monitor"), "svc": own("name", of: "service"), "inc": own("title", of: "incident"),
      "pag": own("name", of: "status_page"), "chn": own("name", of: "channel"), "key": own("name", of: "api_key"),
      "inv": own("email", of: "invitation"),
      "reg": "SELECT name FROM region WHERE public_id = $1 AND (organization_id IS NULL OR organization_id = $2)",
      "org": "SELECT name FROM organization WHERE public_id = $1 AND id = $2",
      "usr": "SELECT name FROM account WHERE public_id = $1 AND $2 > 0",
      "ses": "SELECT user_agent FROM session WHERE public_id = $1 AND organization_id = $2",
      "ntf": """
      SELECT c.name FROM notification n JOIN channel c ON c.id = n.channel_id
      WHERE n.public_id = $1 AND n.organization_id = $2
      """,
    ]
  }()

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first("SELECT COUNT(*) FROM audit_log WHERE organization_id = $1", [.int(scope.organization.raw)]) {
      Int($0.int(0))
    } ?? 0
  }
}
