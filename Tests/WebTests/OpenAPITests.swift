import Foundation
import JSON
import Testing

@testable import Web

@Suite("The OpenAPI document")
struct OpenAPITests {
  private let document = OpenAPI.document("1.2.3")

  @Test("it has each operation once, with its parameters, its answer and its errors")
  func operations() throws {
    var found: [String] = []
    for path in try #require(document["paths"]?.members) {
      for method in try #require(path.value.members) {
        let operation = try #require(APIOperation(rawValue: method.value["operationId"]?.string ?? ""))
        found.append(operation.rawValue)
        #expect(method.name.uppercased() == operation.endpoint.method.rawValue)
        let variables = path.name.split(separator: "/").filter { $0.first == "{" }.map { $0.dropFirst().dropLast() }
        let parameters = (method.value["parameters"]?.array ?? []).filter { $0["in"] == "path" }
        #expect(parameters.compactMap { $0["name"]?.string } == variables.map(String.init))
        #expect(method.value["responses"]?[String(operation.shape.status)] != nil)
        #expect((method.value["security"]?.array?.isEmpty == true) == (operation.endpoint.policy == .everyone))
      }
    }
    #expect(found.sorted() == APIOperation.allCases.map(\.rawValue).sorted())
  }

  @Test("each reference leads somewhere")
  func references() throws {
    let names = Set(try #require(document["components"]?["schemas"]?.members).map(\.name))
    var seen: [String] = []
    func walk(_ json: JSON) {
      switch json {
      case .object(let members):
        if let ref = json["$ref"]?.string { seen.append(ref) }
        members.forEach { walk($0.value) }
      case .array(let items): items.forEach(walk)
      default: break
      }
    }
    walk(document)
    #expect(!seen.isEmpty)
    for ref in seen { #expect(names.contains(ref.replacingOccurrences(of: "#/components/schemas/", with: ""))) }
  }

  @Test(
    "it can be written to a file for a validator",
    .enabled(if: ProcessInfo.processInfo.environment["MARTLET_OPENAPI"] != nil, "MARTLET_OPENAPI names no file"))
  func writes() throws {
    let path = try #require(ProcessInfo.processInfo.environment["MARTLET_OPENAPI"])
    try Data(document.bytes).write(to: URL(fileURLWithPath: path))
  }
}
