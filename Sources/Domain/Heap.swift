/// A binary min-heap: the smallest element first, O(log n) to add and to take. Owned by the value that holds it.
/// Its code goes into the modules that use it: they order their own types millions of times.
public struct Heap<Element: Comparable> {
  @usableFromInline var items: [Element] = []

  @inlinable public init() {}

  /// Builds the heap in O(n).
  @inlinable public init(_ elements: [Element]) {
    items = elements
    for i in stride(from: items.count / 2 - 1, through: 0, by: -1) { sink(i) }
  }

  @inlinable public var count: Int { items.count }
  @inlinable public var isEmpty: Bool { items.isEmpty }
  @inlinable public var first: Element? { items.first }

  @inlinable public mutating func push(_ element: Element) {
    items.append(element)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard items[child] < items[parent] else { return }
      items.swapAt(child, parent)
      child = parent
    }
  }

  @inlinable public mutating func pop() -> Element? {
    guard let last = items.popLast() else { return nil }
    guard let smallest = items.first else { return last }
    items[0] = last
    sink(0)
    return smallest
  }

  @inlinable mutating func sink(_ start: Int) {
    var parent = start
    while true {
      var smallest = parent
      let left = 2 * parent + 1
      if left < items.count, items[left] < items[smallest] { smallest = left }
      if left + 1 < items.count, items[left + 1] < items[smallest] { smallest = left + 1 }
      if smallest == parent { return }
      items.swapAt(parent, smallest)
      parent = smallest
    }
  }
}

extension Heap: Sendable where Element: Sendable {}
