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
