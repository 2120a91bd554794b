import Domain
import Store

/// Which hours and days are ready to be packed: a pure decision.
struct ClosePlan: Equatable {
  /// The newest hour that is over, with time for its last results to come in; nil when it is packed already.
  var hour: Int64?
  /// Days that are complete by then, and closed ones in which something came late.
  var days: [Int64] = []

  /// `late` are hours of which the log still holds something.
  init(closed: Closed, late: some Sequence<Int64>, now: Instant, graceMs: Int64) {
    let last = (now - graceMs).hour - 1
    guard last > closed.hour else { return }
    hour = last
    let complete = (last + 1).flooredDivision(by: 24) - 1
    let reopened = Set(late.map { $0.flooredDivision(by: 24) }.filter { $0 <= closed.day })
    days = reopened.sorted() + (closed.day < complete ? Array(closed.day + 1...complete) : [])
  }
}
