import Domain
import Store
import Testing

@testable import Web

private func event(_ seq: Int64, data: String = "{}") -> FeedEvent { FeedEvent(seq: seq, type: .service, data: data) }

private func window(_ range: ClosedRange<Int64>, seq: Int64? = nil) -> FeedWindow {
  FeedWindow(FeedTail(seq: seq ?? range.upperBound, events: range.map { event($0) }))
}

@Test(
  "a client is answered what it missed, or a reset",
  arguments: [
    (since: nil, epoch: nil, expected: []), (since: 9, epoch: "e", expected: []),
    (since: 7, epoch: "e", expected: [8, 9]),
    (since: 4, epoch: nil, expected: [5, 6, 7, 8, 9]), (since: 3, epoch: "e", expected: nil),
    (since: 10, epoch: "e", expected: nil), (since: 9, epoch: "other", expected: nil),
    (since: nil, epoch: "other", expected: nil), (since: 0, epoch: "e", expected: nil),
  ] as [(since: Int64?, epoch: String?, expected: [Int64]?)])
func replay(since: Int64?, epoch: String?, expected: [Int64]?) {
  switch window(5...9).replay(since: since, epoch: epoch, current: "e") {
  case .reset: #expect(expected == nil)
  case .events(let events): #expect(events.map(\.seq) == expected)
  }
}

@Test("an empty feed takes a client that has seen nothing")
func empty() {
  let window = FeedWindow(FeedTail(seq: 0, events: []))
  #expect(window.replay(since: 0, epoch: nil, current: "e") == .events([]))
  #expect(window.replay(since: 1, epoch: nil, current: "e") == .reset)
}

@Test("what comes twice or out of turn is not taken")
func consecutive() {
  var window = window(1...3)
  #expect(window.append([event(3), event(4), event(6), event(5)]).map(\.seq) == [4, 5])
  #expect(window.seq == 5)
}

@Test("a hole in the stored numbers is never replayed over")
func hole() {
  let window = FeedWindow(FeedTail(seq: 6, events: [event(2), event(3), event(5), event(6)]))
  #expect(window.replay(since: 3, epoch: nil, current: "e") == .reset)
  #expect(window.replay(since: 4, epoch: nil, current: "e") == .events([LiveEvent(event(5)), LiveEvent(event(6))]))
}

@Test("the window holds so many events, and a replay so many bytes")
func bounds() {
  var long = window(1...1)
  _ = long.append((2...2000).map { event($0) })
  #expect(long.events.count == Limits.liveReplayEventsMax)
  let big = String(repeating: "x", count: 1000)
  var heavy = FeedWindow(FeedTail(seq: 0, events: []))
  _ = heavy.append((1...200).map { event($0, data: "\"\(big)\"") })
  #expect(heavy.replay(since: 0, epoch: nil, current: "e") == .reset)
}

@Test("a message has the contract's shape, and its event stream form carries the number as its id")
func shape() {
  let message = LiveEvent(event(812, data: #"{"id":"svc_1"}"#))
  #expect(
    String(decoding: message.message, as: UTF8.self)
      == #"{"type":"service_status_update","seq":812,"data":{"id":"svc_1"}}"#)
  #expect(
    String(decoding: message.framed, as: UTF8.self)
      == "id: 812\nevent: service_status_update\ndata: {\"type\":\"service_status_update\",\"seq\":812,\"data\":{\"id\":\"svc_1\"}}\n\n"
  )
}

@Test(
  "only this server's own pages may connect from a browser",
  arguments: [
    (origin: nil, host: "a.example", allowed: true), (origin: "https://a.example", host: "a.example", allowed: true),
    (origin: "http://localhost:8080", host: "localhost:8080", allowed: true),
    (origin: "https://a.example:443", host: "A.example", allowed: true),
    (origin: "https://base.example", host: "internal:8080", allowed: true),
    (origin: "https://a.example.evil.test", host: "a.example", allowed: false),
    (origin: "https://a.example@evil.test", host: "a.example", allowed: false),
    (origin: "null", host: "a.example", allowed: false),
    (origin: "http://a.example:81", host: "a.example", allowed: false),
    (origin: "file://", host: "a.example", allowed: false), (origin: "https://a.example", host: nil, allowed: false),
  ] as [(origin: String?, host: String?, allowed: Bool)])
func origins(origin: String?, host: String?, allowed: Bool) {
  #expect(OriginRule.allows(origin: origin, host: host, base: "https://base.example") == allowed)
}
