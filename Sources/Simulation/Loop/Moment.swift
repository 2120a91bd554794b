import Domain
import Engine
import Wire
import Worker

/// What the loop waits for.
enum Moment {
  /// `isForced`: also when another turn comes first.
  case turn(isForced: Bool)
  case begin(Int64)
  case end(Int64)
  case fault(Int)
  case faultEnd(Int)
  case outbox
  case audit
  case edit(Int)

  // At a worker of a life.
  case tick(Int, life: Int, Int)
  case answered(Int, life: Int, Int64, Answer)
  case gaveUp(Int, life: Int, Int64)
  case spoolRead(Int, life: Int, Int)
  /// One that was asked to end waits no longer for what it has under way.
  case drained(Int, life: Int)

  // At the control plane.
  case arrive(Int, life: Int, WorkerID, Int64, Request)
  /// A request for jobs waited long enough.
  case waited(Int, Int64)
  /// A worker would count as silent now.
  case silent(Int, Int)
}

/// A moment's place in the order of things: by time, then by when it was thought of.
struct Planned: Comparable {
  let at: Instant
  let order: Int64
  let moment: Moment
  static func < (a: Planned, b: Planned) -> Bool { (a.at, a.order) < (b.at, b.order) }
  static func == (a: Planned, b: Planned) -> Bool { (a.at, a.order) == (b.at, b.order) }
}
