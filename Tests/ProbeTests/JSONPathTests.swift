import Foundation
import JSON
import Testing

@testable import Probe

@Suite("JSONPath")
struct JSONPathTests {
  static let suitePath: String? = {
    let environment = ProcessInfo.processInfo.environment["MARTLET_JSONPATH_CTS"]
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let candidates: [String?] = [environment, package.appending(path: "../shared/data/jsonpath-cts.json").path]
    return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  @Test("passes the compliance suite of RFC 9535", .enabled(if: suitePath != nil, "the suite's file is not here"))
  func compliance() throws {
    let bytes = try Data(contentsOf: URL(filePath: #require(Self.suitePath)))
    let cases = try #require(try JSON(parsing: Array(bytes))["tests"]?.array)
    #expect(cases.count == 703)
    var wrong: [String] = []
    for test in cases where !passes(test) { wrong.append(test["name"]?.string ?? "?") }
    #expect(wrong == [])
  }

  private func passes(_ test: JSON) -> Bool {
    let selector = test["selector"]?.string ?? ""
    let isInvalid = test["invalid_selector"]?.bool ?? false
    guard let path = try? JSONPath(selector) else { return isInvalid }
    guard !isInvalid, let document = test["document"] else { return false }
    let budget = StepBudget(deadlineNs: .max) { 0 }
    guard let nodes = path.select(in: document, budget) else { return false }
    let allowed = test["result"].map { [$0] } ?? test["results"]?.array ?? []
    return allowed.contains { JSONPath.equal($0, .array(nodes)) }
  }

  @Test("gives up when its time is over")
  func bounded() throws {
    let document = JSON.array((0..<300).map { _ in .array((0..<300).map { .int($0) }) })
    let path = try JSONPath("$..[?count($..*) > 1]..*")
    let start = ContinuousClock.now
    let budget = StepBudget(deadlineNs: 1) { start.duration(to: .now) > .milliseconds(50) ? 2 : 0 }
    #expect(path.select(in: document, budget) == nil)
    #expect(start.duration(to: .now) < .milliseconds(500))
  }
}
