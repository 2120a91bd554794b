import Domain

/// A report that waits for the store, and who is to hear what became of it.
struct Incoming {
  var report: RunReport
  var ticket: Ticket?
  /// Its place in the ticket.
  var place: Int
}

/// What a worker delivered at once, and is to hear about. Owned by the engine's actor.
final class Ticket {
  private var answers: [ReportAnswer?]
  private var left: Int
  private var hear: (([ReportAnswer]) -> Void)?

  init(count: Int, hear: @escaping ([ReportAnswer]) -> Void) {
    answers = Array(repeating: nil, count: count)
    left = count
    self.hear = hear
  }

  func answer(_ place: Int, _ answer: ReportAnswer) {
    guard answers[place] == nil else { return }
    answers[place] = answer
    left -= 1
    if left == 0 { end() }
  }

  /// What has no answer by now will get none.
  func end() {
    hear?(answers.map { $0 ?? .busy })
    hear = nil
  }
}

/// A worker that waits for jobs of its region.
final class Waiter {
  private var continuation: CheckedContinuation<Void, Never>?

  init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }

  func wake() {
    continuation?.resume()
    continuation = nil
  }
}
