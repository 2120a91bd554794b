import Domain
import JSON
import RE2

/// What an answer is held against: the parts that assertions may ask for.
struct Answer {
  var status: Int
  var head: [UInt8]
  var body: [UInt8]
  var certificateDays: Double?
  var totalMs: Double
}

/// A monitor's assertions, compiled; without one on the status code 200–299 is up.
struct AssertionSet: Sendable {
  private let compiled: [CompiledAssertion]
  private let checksStatus: Bool
  let readsBody: Bool
  /// Anything beyond the status code is looked at.
  let readsAnswer: Bool

  init(_ assertions: [Assertion]) throws(TargetError) {
    var compiled: [CompiledAssertion] = []
    for (index, assertion) in assertions.enumerated() {
      compiled.append(try CompiledAssertion(assertion, pointer: "/assertions/\(index)"))
    }
    self.compiled = compiled
    checksStatus = assertions.contains { $0.source == .statusCode }
    readsAnswer = !assertions.isEmpty
    readsBody = assertions.contains { $0.source == .json || $0.source == .body }
  }

  /// The first assertion that does not hold, as a failure; `nowNs` is a monotonic clock.
  func failure(_ answer: Answer, nowNs: @escaping () -> UInt64) -> Failure? {
    if !checksStatus, !(200...299).contains(answer.status) {
      return Failure(.statusCode, .assertion, "The status code is \(answer.status), not 200 to 299.")
    }
    guard !compiled.isEmpty else { return nil }
    let deadlineNs = nowNs() + UInt64(Limits.assertionMs) * 1_000_000
    var document: Result<JSON, JSONError>?
    for assertion in compiled {
      if assertion.source == .json, document == nil { document = Self.parse(answer.body) }
      let outcome = assertion.check(answer, document, StepBudget(deadlineNs: deadlineNs, nowNs: nowNs))
      if outcome == .outOfTime || nowNs() > deadlineNs { return Self.outOfTime(assertion) }
      if case .no(let seen) = outcome {
        let reason: FailureReason = assertion.source == .statusCode ? .statusCode : .assertion
        return Failure(reason, .assertion, String("\(assertion.sentence); \(seen).".prefix(300)))
      }
    }
    return nil
  }

  private static func parse(_ body: [UInt8]) -> Result<JSON, JSONError> {
    do throws(JSONError) { return .success(try JSON(parsing: body)) } catch { return .failure(error) }
  }

  private static func outOfTime(_ assertion: CompiledAssertion) -> Failure {
    Failure(
      .assertionTimeout, .assertion,
      String("The assertion took longer than \(Limits.assertionMs) ms: \(assertion.sentence).".prefix(300)))
  }
}

/// How long an evaluation may go on; asks the clock once in a while only.
final class StepBudget {
  private let deadlineNs: UInt64
  private let nowNs: () -> UInt64
  private var steps = 0
  private(set) var isSpent = false

  init(deadlineNs: UInt64, nowNs: @escaping () -> UInt64) {
    self.deadlineNs = deadlineNs
    self.nowNs = nowNs
  }

  /// False when time is up.
  func step() -> Bool {
    steps &+= 1
    if steps & 255 == 0, nowNs() > deadlineNs { isSpent = true }
    return !isSpent
  }
}
