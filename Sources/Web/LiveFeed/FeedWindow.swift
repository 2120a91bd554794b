import Domain
import JSON
import Store

/// The newest events of one feed, in memory: what every reconnecting client is answered from. A pure value.
struct FeedWindow: Sendable {
  /// The last event that was broadcast.
  private(set) var seq: Int64
  /// Consecutive, ending with `seq`.
  private(set) var events: [LiveEvent]

  /// What a client that says where it stopped is to be sent.
  enum Replay: Equatable {
    case events([LiveEvent])
    case reset
  }

  init(_ tail: FeedTail) {
    seq = tail.seq
    events = tail.events.map(LiveEvent.init)
    // A hole in the numbers would be a missed event: only what is whole up to the end counts.
    if let hole = events.indices.last(where: { events[$0].seq != seq - Int64(events.count - 1 - $0) }) {
      events.removeFirst(hole + 1)
    }
    trim()
  }

  /// Takes the events that follow; answers those that are new.
  mutating func append(_ more: [FeedEvent]) -> [LiveEvent] {
    var fresh: [LiveEvent] = []
    for event in more where event.seq == seq + 1 {
      seq = event.seq
      fresh.append(LiveEvent(event))
    }
    events += fresh
    trim()
    return fresh
  }

  /// Without `since` nothing was missed; an unknown epoch, a number from the future and a backlog that no longer reaches
  /// back are a reset.
  func replay(since: Int64?, epoch: String?, current: String) -> Replay {
    if let epoch, epoch != current { return .reset }
    guard let since else { return .events([]) }
    guard since >= 0, since <= seq, since >= seq - Int64(events.count) else { return .reset }
    let missed = Array(events.suffix(Int(seq - since)))
    return missed.reduce(0) { $0 + $1.message.count } > Limits.liveReplayBytesMax ? .reset : .events(missed)
  }

  private mutating func trim() {
    if events.count > Limits.liveReplayEventsMax { events.removeFirst(events.count - Limits.liveReplayEventsMax) }
  }
}

/// One event as its bytes: made once, sent to everybody.
struct LiveEvent: Hashable, Sendable {
  let seq: Int64
  let type: FeedEventType
  /// `{"type":…,"seq":…,"data":…}`
  let message: [UInt8]

  init(_ event: FeedEvent) {
    seq = event.seq
    type = event.type
    message = Array("{\"type\":\"\(event.type.rawValue)\",\"seq\":\(event.seq),\"data\":\(event.data)}".utf8)
  }

  /// The same as a server-sent event.
  var framed: [UInt8] { LiveMessage.frame(message, name: type.rawValue, id: seq) }
}

/// The messages around the events.
enum LiveMessage {
  static func hello(seq: Int64, epoch: String) -> [UInt8] {
    JSON.object([.init("type", "hello"), .init("seq", .int(seq)), .init("epoch", .string(epoch))]).bytes
  }

  static func reset(seq: Int64, epoch: String) -> [UInt8] {
    JSON.object([.init("type", "reset"), .init("seq", .int(seq)), .init("epoch", .string(epoch))]).bytes
  }

  /// An event of an event stream (WHATWG HTML, 9.2); the message is one line.
  static func frame(_ message: [UInt8], name: String, id: Int64? = nil) -> [UInt8] {
    var out: [UInt8] = []
    if let id { out += "id: \(id)\n".utf8 }
    out += "event: \(name)\ndata: ".utf8
    out += message
    out += "\n\n".utf8
    return out
  }
}
