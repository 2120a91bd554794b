import HTTPServer
import JSON

/// The OpenAPI 3.1 document, made from the same operations that answer.
enum OpenAPI {
  static func response(_ version: String) -> Response { .json(document(version)) }

  static func document(_ version: String) -> JSON {
    var paths: [(String, [JSON.Member])] = []
    for operation in APIOperation.allCases {
      let path = template(operation)
      let member = JSON.Member(operation.endpoint.method.rawValue.lowercased(), self.operation(operation))
      if let at = paths.firstIndex(where: { $0.0 == path }) {
        paths[at].1.append(member)
      } else {
        paths.append((path, [member]))
      }
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Martlet", "version": .string(version),
        "description": """
        Uptime monitoring and status pages. Paths answer with and without the last slash; HEAD is GET without a body; \
        unknown fields and parameters are refused by name; another organization's id answers like an absent one.
        """,
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "paths": .object(paths.map { .init($0.0, .object($0.1)) }),
      "components": [
        "schemas": .object(
          OpenAPIComponents.schemas.map { .init($0.0, $0.1.json) } + [.init("Problem", problem.json)]),
        "securitySchemes": [
          "key": ["type": "http", "scheme": "bearer", "description": "An API key, mk_<keyid>_<secret>."],
          "session": [
            "type": "apiKey", "in": "cookie", "name": "martlet",
            "description": "The cookie of a login; __Host-martlet over TLS. Writes need this site's Origin.",
          ],
        ],
      ],
    ]
  }

  private static func template(_ operation: APIOperation) -> String {
    let template = APIOperation.root + operation.endpoint.template
    return template.hasSuffix(".json") ? template : template + "/"
  }

  private static func operation(_ operation: APIOperation) -> JSON {
    let shape = operation.shape
    var members: [JSON.Member] = [
      .init("operationId", .string(operation.rawValue)), .init("summary", .string(shape.summary)),
      .init("tags", [.string(shape.tag)]),
    ]
    let parameters = pathParameters(operation) + shape.query.map(queryParameter)
    if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
    if let body = shape.body {
      var content: [JSON.Member] = [.init("schema", body.json)]
      if let example = shape.example { content.append(.init("example", example)) }
      members.append(
        .init(
          "requestBody",
          ["required": .bool(shape.bodyIsRequired), "content": ["application/json": .object(content)]]))
    }
    members.append(.init("responses", responses(operation)))
    members.append(.init("security", security(operation.endpoint.policy)))
    return .object(members)
  }

  private static func pathParameters(_ operation: APIOperation) -> [JSON] {
    operation.endpoint.segments.filter { $0.first == "{" }.map { segment in
      [
        "name": .string(String(segment.dropFirst().dropLast())), "in": "path", "required": true,
        "schema": ["type": "string", "minLength": 1],
      ]
    }
  }

  private static func queryParameter(_ parameter: OperationShape.Parameter) -> JSON {
    [
      "name": .string(parameter.name), "in": "query", "required": false,
      "description": .string(parameter.about), "schema": parameter.schema.json,
    ]
  }

  private static func responses(_ operation: APIOperation) -> JSON {
    let shape = operation.shape
    var success: [JSON.Member] = [.init("description", .string(shape.summary))]
    if let answer = shape.answer {
      success.append(.init("content", ["application/json": ["schema": answer.json]]))
    }
    var members = [JSON.Member(String(shape.status), .object(success))]
    for status in errorStatuses(operation) {
      members.append(
        .init(
          String(status),
          [
            "description": .string(Problem(status, "", "").title),
            "content": ["application/problem+json": ["schema": Schema.ref("Problem").json]],
          ]))
    }
    return .object(members)
  }

  /// What follows from the policy, the path, the query and the body, with what the operation adds.
  private static func errorStatuses(_ operation: APIOperation) -> [Int] {
    let shape = operation.shape
    var statuses: Set<Int> = [400, 405, 422, 429, 500, 503]
    if operation.endpoint.policy != .everyone { statuses.formUnion([401, 403]) }
    if operation.endpoint.template.contains("{") { statuses.insert(404) }
    if operation.endpoint.method != .get { statuses.formUnion([403, 413, 415]) }
    statuses.formUnion(shape.errors)
    statuses.remove(shape.status)
    return statuses.sorted()
  }

  private static func security(_ policy: Policy) -> JSON {
    switch policy {
    case .everyone: []
    case .session, .admin, .owner: [["session": []]]
    case .read, .write: [["key": []], ["session": []]]
    }
  }

  private static let problem = Schema.object([
    .always("type", .string), .always("title", .string), .always("status", .integer), .always("detail", .string),
    .always("code", .string.described("For machines; never renamed.")),
    .maybe("errors", .array(.object([.always("pointer", .string), .always("detail", .string)]))),
  ])
}
