/// What a timer wakes.
public protocol TimerTarget: AnyObject {
  /// `tag` is what the timer was set with.
  func timerFired(tag: Int)
}

/// A timer that was set; stays valid until it fires or is cancelled, and is then ignored.
public struct TimerID: Equatable, Sendable {
  fileprivate var slot: Int32
  fileprivate var generation: UInt32
  public static let none = TimerID(slot: -1, generation: 0)
}

/// Deadlines in nanoseconds, earliest first; setting and cancelling cost O(log n) and allocate nothing in the steady state.
struct TimerHeap {
  private struct Slot {
    var target: (any TimerTarget)?
    var tag = 0
    var generation: UInt32 = 0
    var position: Int32 = -1
  }
  private struct Node {
    var ns: UInt64
    var slot: Int32
  }

  private var nodes: [Node] = []
  private var slots: [Slot] = []
  private var free: [Int32] = []

  var count: Int { nodes.count }
  var earliestNs: UInt64? { nodes.first?.ns }

  mutating func add(_ ns: UInt64, _ target: any TimerTarget, tag: Int) -> TimerID {
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
    } else {
      slot = Int32(slots.count)
      slots.append(Slot())
    }
    slots[Int(slot)].target = target
    slots[Int(slot)].tag = tag
    nodes.append(Node(ns: ns, slot: slot))
    rise(nodes.count - 1)
    return TimerID(slot: slot, generation: slots[Int(slot)].generation)
  }

  mutating func cancel(_ id: TimerID) {
    guard id.slot >= 0, slots[Int(id.slot)].generation == id.generation else { return }
    remove(at: Int(slots[Int(id.slot)].position))
  }

  /// The earliest timer that is due, removed.
  mutating func popDue(_ nowNs: UInt64) -> (ns: UInt64, target: any TimerTarget, tag: Int)? {
    guard let first = nodes.first, first.ns <= nowNs, let target = slots[Int(first.slot)].target else { return nil }
    let tag = slots[Int(first.slot)].tag
    remove(at: 0)
    return (first.ns, target, tag)
  }

  private mutating func remove(at index: Int) {
    let slot = Int(nodes[index].slot)
    slots[slot].target = nil
    slots[slot].generation &+= 1
    slots[slot].position = -1
    free.append(Int32(slot))
    let last = nodes.removeLast()
    guard index < nodes.count else { return }
    nodes[index] = last
    rise(index)
    sink(Int(slots[Int(last.slot)].position))
  }

  private mutating func rise(_ start: Int) {
    var index = start
    let node = nodes[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard node.ns < nodes[parent].ns else { break }
      place(nodes[parent], at: index)
      index = parent
    }
    place(node, at: index)
  }

  private mutating func sink(_ start: Int) {
    var index = start
    let node = nodes[index]
    while true {
      var child = 2 * index + 1
      guard child < nodes.count else { break }
      if child + 1 < nodes.count, nodes[child + 1].ns < nodes[child].ns { child += 1 }
      guard nodes[child].ns < node.ns else { break }
      place(nodes[child], at: index)
      index = child
    }
    place(node, at: index)
  }

  private mutating func place(_ node: Node, at index: Int) {
    nodes[index] = node
    slots[Int(node.slot)].position = Int32(index)
  }
}
