import Domain
import HTTPServer
import JSON

extension Response {
  public static func json(_ json: JSON, status: Int = 200, headers: [Header] = []) -> Response {
    Response(status: status, headers: [Header("content-type", "application/json")] + headers, body: json.bytes)
  }

  public static let noContent = Response(status: 204)

  /// A page of a list: `{total, page, rows, results}`.
  public static func list(_ results: [JSON], total: Int, _ paging: Paging) -> Response {
    .json([
      "total": .int(Int64(total)), "page": .int(Int64(paging.page)), "rows": .int(Int64(paging.rows)),
      "results": .array(results),
    ])
  }

  /// A piece of a time series: `{results, next}`.
  public static func series(_ results: [JSON], next: String?) -> Response {
    .json(["results": .array(results), "next": JSON(next)])
  }

  /// 303: the next request is a GET of `path`.
  public static func seeOther(_ path: String, headers: [Header] = []) -> Response {
    Response(status: 303, headers: [Header("location", path)] + headers)
  }
}

extension JSON {
  public init(_ instant: Instant) { self = .string(instant.rfc3339) }
  public init(_ instant: Instant?) { self = instant.map { .string($0.rfc3339) } ?? .null }
  public init<Tag>(_ id: PublicID<Tag>) { self = .string(id.text) }
}
