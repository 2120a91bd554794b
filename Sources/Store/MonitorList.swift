import Domain
import SQLite

/// What a list of monitors is asked for.
public struct MonitorFilter: Sendable {
  public enum Sort: String, Sendable, CaseIterable { case state, name, created, interval, uptime }

  public var text = ""
  public var status: MonitorStatus?
  public var tag: String?
  public var sort = Sort.state
  public var page = 1
  public var rows = 20

  public init() {}
}

/// An organization's monitors as a list: one page of it, its counts, its tags. At a hundred thousand monitors none of this
/// reads rows that it does not show, but for a search, for the order by uptime and for the order by interval.
extension MonitorQueries {
  /// One page of the list and how many there are in all. `counts` are those of the organization, when they are known
  /// already: they are not counted again.
  public static func list(
    _ filter: MonitorFilter, counts: [MonitorStatus: Int]? = nil, scope: TenantScope, in db: Connection, sealer: Sealer,
    now: Instant
  ) throws -> (total: Int, rows: [MonitorRow]) {
    var conditions = ["m.organization_id = $1", "m.deleted_ms IS NULL"]
    var values: [Value] = [.int(scope.organization.raw)]
    func bind(_ value: Value) -> String {
      values.append(value)
      return "$\(values.count)"
    }
    if !filter.text.isEmpty {
      let pattern = bind(.text("%" + likeEscaped(filter.text.lowercased()) + "%"))
      conditions.append(
        """
        (lower(m.name) LIKE \(pattern) ESCAPE '\\' OR lower(m.url) LIKE \(pattern) ESCAPE '\\'
          OR EXISTS (SELECT 1 FROM monitor_tag s WHERE s.monitor_id = m.id AND lower(s.tag) LIKE \(pattern) ESCAPE '\\'))
        """)
    }
    if let status = filter.status { conditions.append("m.status = \(bind(.int(status.code)))") }
    if let tag = filter.tag {
      conditions.append(
        "m.id IN (SELECT t.monitor_id FROM monitor_tag t WHERE t.organization_id = $1 AND t.tag = \(bind(.text(tag))))")
    }
    let filtered = "FROM monitor m WHERE \(conditions.joined(separator: " AND "))"
    if filter.sort == .state {
      let isWhole = filter.text.isEmpty && filter.status == nil && filter.tag == nil
      return try worstFirst(filter, filtered, values, counts: isWhole ? counts : nil, in: db, sealer: sealer)
    }
    let total = try db.first("SELECT count(*) \(filtered)", values) { Int($0.int(0)) } ?? 0
    let order =
      switch filter.sort {
      case .state, .name: "m.name, m.id"
      case .created: "m.id DESC"
      case .interval: "m.interval_s, m.name, m.id"
      case .uptime:
        "\(downShare(from: bind(.int(now.ms - uptimeWindowMs)), to: bind(.int(now.ms)))) DESC, m.name, m.id"
      }
    let limit = bind(.int(Int64(filter.rows)))
    let offset = bind(.int(Int64((filter.page - 1) * filter.rows)))
    let rows = try db.rows(
      "SELECT \(MonitorRow.columns) \(filtered) ORDER BY \(order) LIMIT \(limit) OFFSET \(offset)", values
    ) { try MonitorRow($0, sealer: sealer) }
    return (total, try knowingParents(rows, in: db))
  }

  /// State by state, so that each walks an index in the order of names: sorting by a rank reads every row first.
  private static func worstFirst(
    _ filter: MonitorFilter, _ filtered: String, _ values: [Value], counts: [MonitorStatus: Int]?, in db: Connection,
    sealer: Sealer
  ) throws -> (total: Int, rows: [MonitorRow]) {
    let counts = try counts ?? byStatus("SELECT m.status, count(*) \(filtered) GROUP BY m.status", values, in: db)
    let sql = ofStatus(filtered, after: values.count)
    var rows: [MonitorRow] = []
    var skip = (filter.page - 1) * filter.rows
    for status in worstFirst {
      let count = counts[status] ?? 0
      let wanted = min(filter.rows - rows.count, count - skip)
      if wanted > 0 {
        rows += try db.rows(sql, values + [.int(status.code), Value(wanted), Value(skip)]) {
          try MonitorRow($0, sealer: sealer)
        }
      }
      skip = max(0, skip - count)
    }
    return (counts.values.reduce(0, +), try knowingParents(rows, in: db))
  }

  /// Those of one status; `after` that many values come the status, how many, and how many to leave out.
  static func ofStatus(_ filtered: String, after values: Int) -> String {
    """
    SELECT \(MonitorRow.columns) \(filtered) AND m.status = $\(values + 1)
    ORDER BY m.name, m.id LIMIT $\(values + 2) OFFSET $\(values + 3)
    """
  }

  /// What "lowest uptime first" looks back on.
  public static let uptimeWindowMs = 30 * Instant.dayMs

  /// Time down over time known, as SQL; nothing known counts as never down.
  private static func downShare(from: String, to: String) -> String {
    let start = "CASE WHEN s.since_ms > \(from) THEN s.since_ms ELSE \(from) END"
    let length = "(coalesce(s.until_ms, \(to)) - \(start))"
    let known = [MonitorStatus.up, .degraded, .down].map { String($0.code) }.joined(separator: ", ")
    return """
      (SELECT coalesce(1.0 * sum(CASE WHEN s.state = \(MonitorStatus.down.code) THEN \(length) ELSE 0 END)
        / nullif(sum(\(length)), 0), 0) FROM monitor_state s
        WHERE s.monitor_id = m.id AND s.state IN (\(known)) AND (s.until_ms IS NULL OR s.until_ms > \(from)))
      """
  }

  /// Every status, what needs somebody first.
  static let worstFirst: [MonitorStatus] = [
    .down, .unconfirmed, .degraded, .unknown, .pending, .maintenance, .paused, .up,
  ]

  private static func likeEscaped(_ text: String) -> String {
    var out = ""
    for character in text {
      if character == "%" || character == "_" || character == "\\" { out.append("\\") }
      out.append(character)
    }
    return out
  }

  public static func count(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(counting, [.int(scope.organization.raw)]) { Int($0.int(0)) } ?? 0
  }

  static let counting = "SELECT count(*) FROM monitor WHERE organization_id = $1 AND deleted_ms IS NULL"

  public static func counts(scope: TenantScope, in db: Connection) throws -> [MonitorStatus: Int] {
    try byStatus(countingStatuses, [.int(scope.organization.raw)], in: db)
  }

  static let countingStatuses = """
    SELECT status, count(*) FROM monitor WHERE organization_id = $1 AND deleted_ms IS NULL GROUP BY status
    """

  private static func byStatus(_ sql: String, _ values: [Value], in db: Connection) throws -> [MonitorStatus: Int] {
    var out: [MonitorStatus: Int] = [:]
    try db.each(sql, values) { row in
      if let status = MonitorStatus(code: row.int(0)) { out[status] = Int(row.int(1)) }
    }
    return out
  }

  /// Checks that fall due in a day by the plan in force.
  public static func checksPerDay(scope: TenantScope, in db: Connection) throws -> Int {
    try db.first(countingChecks, [.int(scope.organization.raw)]) { Int($0.int(0)) } ?? 0
  }

  static let countingChecks = """
    SELECT coalesce(sum(x.n * (86400000 / x.interval_ms)), 0) FROM (SELECT region_id, interval_ms, count(*) AS n
      FROM monitor_plan WHERE organization_id = $1 AND to_ms IS NULL GROUP BY region_id, interval_ms) x
    """

  /// In the order of the alphabet; two hundred at most. One step into the index for each tag, however many monitors bear it.
  public static func tags(scope: TenantScope, in db: Connection) throws -> [String] {
    try db.rows(listingTags, [.int(scope.organization.raw)]) { $0.text(0) }
  }

  static let listingTags = """
    WITH RECURSIVE found(tag) AS (
      SELECT min(tag) FROM monitor_tag WHERE organization_id = $1
      UNION ALL SELECT (SELECT min(t.tag) FROM monitor_tag t WHERE t.organization_id = $1 AND t.tag > found.tag)
        FROM found WHERE found.tag IS NOT NULL)
    SELECT tag FROM found WHERE tag IS NOT NULL LIMIT 200
    """
}
