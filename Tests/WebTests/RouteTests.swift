import HTTPServer
import JSON
import Testing

@testable import Web

@Suite("Routes")
struct RouteTests {
  let table = RouteTable<APIOperation>()

  @Test("each operation's link leads back to it, with and without the last slash", arguments: APIOperation.allCases)
  func roundTrip(_ operation: APIOperation) {
    let names = operation.endpoint.segments.filter { $0.first == "{" }
    let arguments = names.indices.map { "a b/ü%\($0)".replacing("/", with: "-") }
    let path = operation.path(arguments)
    for target in [path, path.hasSuffix("/") ? String(path.dropLast()) : path + "/", path + "?x=1"] {
      let match = table.match(method: operation.endpoint.method.rawValue, target: target)
      #expect(match == .found(Route(operation: operation, arguments: arguments)), "\(target)")
    }
  }

  @Test("two operations never share a method and a place")
  func distinct() {
    let places = APIOperation.allCases.map { operation in
      operation.endpoint.method.rawValue + " "
        + operation.endpoint.segments.map { $0.first == "{" ? "{}" : String($0) }.joined(separator: "/")
    }
    #expect(Set(places).count == places.count)
  }

  @Test("HEAD is GET; another method is told which ones there are")
  func methods() {
    #expect(
      table.match(method: "HEAD", target: "/api/v1/health") == .found(Route(operation: .health, arguments: [])))
    #expect(table.match(method: "PUT", target: "/api/v1/monitors/") == .wrongMethod(allow: ["GET", "HEAD", "POST"]))
    #expect(
      table.match(method: "POST", target: "/api/v1/sessions/ses_1") == .wrongMethod(allow: ["DELETE"]))
  }

  @Test(
    "a path that is not written in the one way leads nowhere",
    arguments: [
      "", "api/v1/health", "/api/v1//health", "//api/v1/health", "/api/v1/health//", "/api/v1/./health",
      "/api/v1/x/../health", "/api/v1/%2e%2e/health", "/api/v1/health%2F", "/api/v1/hea%00lth", "/api/v1/health%",
      "/api/v1/%ff", "/api/v1/Health", "/api/v1", "/api/v1/", "/api/v1/monitors/a/b/c", "/api/v1/public/services",
    ])
  func refused(_ target: String) {
    #expect(table.match(method: "GET", target: target) == .nothing)
  }
}
