import Domain
import HTTPServer
import JSON

/// Why a request is not granted, as `application/problem+json` (RFC 9457): a code for machines, a sentence for people.
public struct Problem: Error, Equatable, Sendable {
  /// One thing wrong with the input; `pointer` is a JSON pointer (RFC 6901) or `?name` for the query.
  public struct Detail: Hashable, Sendable {
    public let pointer: String
    public let detail: String

    public init(_ pointer: String, _ detail: String) {
      self.pointer = pointer
      self.detail = detail
    }
  }

  public let status: Int
  public let code: String
  /// What happened and what to do next; never a secret, never another organization's.
  public let detail: String
  public var errors: [Detail] = []
  /// Retry-After, Allow, WWW-Authenticate.
  public var headers: [Header] = []

  public init(_ status: Int, _ code: String, _ detail: String) {
    self.status = status
    self.code = code
    self.detail = detail
  }

  /// For an absent id and for another organization's id alike, byte for byte.
  public static let notFound = Problem(404, "not_found", "There is nothing here, or nothing that you may see.")

  public static let unauthenticated: Problem = {
    var problem = Problem(
      401, "unauthenticated", "Log in, or send an API key as \"Authorization: Bearer mk_…\".")
    problem.headers = [Header("www-authenticate", "Bearer realm=\"martlet\"")]
    return problem
  }()

  public static let forbidden = Problem(403, "forbidden", "Your role or your key's scope does not allow this.")

  /// Well-formed input with something wrong in it.
  public static func invalid(_ errors: [Detail]) -> Problem {
    var problem = Problem(422, "invalid", "Some values cannot be accepted; see errors.")
    problem.errors = errors
    return problem
  }

  public static func invalid(_ pointer: String, _ detail: String) -> Problem { invalid([Detail(pointer, detail)]) }

  public static func conflict(_ code: String, _ detail: String) -> Problem { Problem(409, code, detail) }

  public static func tooMany(retryAfterS: Int, _ detail: String) -> Problem {
    var problem = Problem(429, "too_many_requests", detail)
    problem.headers = [Header("retry-after", String(max(1, retryAfterS)))]
    return problem
  }

  public static func wrongMethod(allow: [String]) -> Problem {
    var problem = Problem(405, "method_not_allowed", "This place takes \(allow.joined(separator: ", ")).")
    problem.headers = [Header("allow", allow.joined(separator: ", "))]
    return problem
  }

  /// The database or a queue cannot take it now.
  public static func unavailable(_ detail: String) -> Problem {
    var problem = Problem(503, "unavailable", detail)
    problem.headers = [Header("retry-after", "5")]
    return problem
  }

  public var title: String {
    switch status {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 503: "Service Unavailable"
    default: "Internal Server Error"
    }
  }

  public var json: JSON {
    var members: [JSON.Member] = [
      .init("type", "about:blank"), .init("title", .string(title)), .init("status", .int(Int64(status))),
      .init("detail", .string(detail)), .init("code", .string(code)),
    ]
    if !errors.isEmpty {
      members.append(
        .init("errors", .array(errors.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)] })))
    }
    return .object(members)
  }

  public var response: Response {
    Response(
      status: status, headers: [Header("content-type", "application/problem+json")] + headers,
      body: Array(json.text.utf8))
  }
}
