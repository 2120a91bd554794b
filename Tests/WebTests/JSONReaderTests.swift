import Domain
import HTTPServer
import JSON
import Testing

@testable import Web

@Suite("The strict reader of bodies")
struct JSONReaderTests {
  enum Colour: String, CaseIterable { case red, green }

  private func reader(_ text: String, type: String? = "application/json") throws -> JSONReader {
    try JSONReader(
      Request(
        method: "POST", target: "/", headers: type.map { [Header("content-type", $0)] } ?? [],
        body: Array(text.utf8), peer: "127.0.0.1"))
  }

  private func problem(_ text: String, _ read: (JSONReader) -> Void) -> Problem? {
    do {
      let reader = try reader(text)
      read(reader)
      try reader.finish()
      return nil
    } catch { return error as? Problem }
  }

  @Test("it answers what stands there")
  func reads() throws {
    let body = try reader(
      #"{"name":"é","n":5.0,"colour":"green","at":"2026-01-01T00:00:00Z","list":[{"x":1}],"none":null,"on":true}"#)
    #expect(body.text("name") == "é")
    #expect(body.int("n", 1...9) == 5)
    #expect(body.choice("colour", Colour.self) == .green)
    #expect(body.instantOrNull("at", or: nil)?.rfc3339 == "2026-01-01T00:00:00.000Z")
    #expect(body.objects("list", 0...3, or: []) { $0.int("x", 0...9) } == [1])
    #expect(body.proseOrNull("none", 0...9, or: "before") == nil)
    #expect(body.bool("on", or: false))
    #expect(body.text("absent", or: "kept") == "kept")
    try body.finish()
  }

  @Test("everything that is wrong is named at once, by JSON pointer")
  func names() {
    let found = problem(#"{"name":5,"colour":"blue","list":[{"x":99,"y":1},7],"a/b~c":1}"#) {
      _ = $0.text("name")
      _ = $0.choice("colour", Colour.self)
      _ = $0.objects("list", 0...3, or: []) { $0.int("x", 0...9) }
      _ = $0.text("gone")
    }
    #expect(found?.status == 422)
    #expect(
      found?.errors.map(\.pointer) == ["/name", "/colour", "/list/0/x", "/list/0/y", "/list/1", "/gone", "/a~1b~0c"])
  }

  @Test(
    "hostile bodies are refused before anybody reads them",
    arguments: [
      (String(repeating: "[", count: 100_000), 400), (#"{"a":1,"a":2}"#, 400), ("{\"a\":\"\u{0}\"}", 400),
      (#"{"a":NaN}"#, 400), (#"{"a":1e999}"#, 400), ("", 422), ("[]", 422), ("null", 422), ("{", 400),
      (#"{"a":"\ud800"}"#, 400), (#"{"a":"\u0000"}"#, 422), (#"{"a":99999999999999999999}"#, 422),
      (#"{"a":{}}"#, 422), (#"{"a":["x"]}"#, 422), (#"{"a":" "}"#, 422), (#"{"a":"\u202e"}"#, 422),
    ])
  func hostile(_ text: String, _ status: Int) {
    #expect(problem(text) { _ = $0.text("a") }?.status == status)
  }

  @Test("another content type is told which one is wanted")
  func contentType() {
    #expect(throws: Problem.self) { try reader("a=1", type: "application/x-www-form-urlencoded") }
  }

  @Test("queries decode strictly")
  func queries() throws {
    let query = try RequestQuery(target: "/x?q=a+b%C3%BC&page=3&rows=100#f")
    #expect(query["q"] == "a bü")
    #expect(try Paging(query) == Paging(page: 3, rows: 100))
    for target in ["/?a=%", "/?a=%zz", "/?a=%ff", "/?a=1&a=2", "/?a=%00"] {
      #expect(throws: Problem.self, "\(target)") { try RequestQuery(target: target) }
    }
    for target in ["/?page=0", "/?page=x", "/?page=", "/?rows=101", "/?page=99999999999999999999", "/?page=1.0"] {
      #expect(throws: Problem.self, "\(target)") { try Paging(try RequestQuery(target: target)) }
    }
  }
}
