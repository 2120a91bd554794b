import CBeast
import Synchronization

/// One request between its arrival and its answer. The loop answers when the handler ended inside the callback; a task
/// that ended later posts. Which of the two it was is decided by one atomic.
final class Exchange: Sendable {
  private enum Phase: UInt8, AtomicRepresentable { case inCallback, answered, left }

  private let phase = Atomic(Phase.inCallback)
  private let early = Mutex<Response?>(nil)
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// True when the callback will send `response`; false when the caller has to post it.
  func keepForCallback(_ response: Response) -> Bool {
    early.withLock { $0 = response }
    return phase.compareExchange(expected: .inCallback, desired: .answered, ordering: .acquiringAndReleasing).exchanged
  }

  /// The callback is about to return: the response that is there already, if any.
  func leaveCallback() -> Response? {
    guard phase.exchange(.left, ordering: .acquiringAndReleasing) == .answered else { return nil }
    return early.withLock { $0.take() }
  }

  func hold(_ running: Task<Void, Never>) { task.withLock { $0 = running } }

  func cancel() { task.withLock { $0 }?.cancel() }
}

/// The callbacks of an event stream or a WebSocket, owned by the connection.
private final class StreamOwner: Sendable {
  let callbacks: WebSocketCallbacks

  init(_ callbacks: WebSocketCallbacks) { self.callbacks = callbacks }
}

// The loop's callbacks. They are top-level functions because a closure could carry an actor's isolation.

func headArrived(_ context: UnsafeMutableRawPointer?, _ id: UInt64, _ head: UnsafePointer<cb_head>?) -> Int64 {
  guard let context, let head = head?.pointee else { return 0 }
  let loop = Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
  let request = RequestHead(head)
  if head.has_body { return Int64(max(0, loop.handler.bodyBytesMax(request))) }
  guard request.method == "GET" || request.method == "HEAD", let cached = loop.handler.cached(request) else { return 0 }
  if let tags = request.ifNoneMatch, cached.matches(tags) {
    cached.notModified.withUnsafeBytes { bytes in
      withAnswer(bytes[...], cached.notModifiedStatusLineCount) { cb_answer_now(loop.server, id, $0) }
    }
  } else {
    cached.bytes.withUnsafeBytes { bytes in
      let sent = request.method == "HEAD" ? bytes[..<cached.headCount] : bytes[...]
      withAnswer(sent, cached.statusLineCount) { cb_answer_now(loop.server, id, $0) }
    }
  }
  return -1
}

func requestArrived(
  _ context: UnsafeMutableRawPointer?, _ id: UInt64, _ head: UnsafePointer<cb_head>?, _ body: cb_slice
) {
  guard let context, let head = head?.pointee else { return }
  let loop = Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
  let isHead = head.method.string == "HEAD"
  let mayWait = loop.handler.mayWait(RequestHead(head))
  guard loop.beginHandler(mayWait: mayWait) else {
    return answer(id, with: .busy, isHead: isHead, on: loop, isInCallback: true)
  }
  let request = Request(head, body: body)
  let exchange = Exchange()
  let task = Task.immediate {
    let response = await loop.handler.respond(to: request)
    loop.endHandler(mayWait: mayWait)
    if !exchange.keepForCallback(response) { answer(id, with: response, isHead: isHead, on: loop, isInCallback: false) }
  }
  if let response = exchange.leaveCallback() {
    answer(id, with: response, isHead: isHead, on: loop, isInCallback: true)
  } else {
    exchange.hold(task)
    cb_adopt(loop.server, id, Unmanaged.passRetained(exchange as AnyObject).toOpaque())
  }
}

func exchangeGone(_ owner: UnsafeMutableRawPointer?) {
  guard let owner else { return }
  (Unmanaged<AnyObject>.fromOpaque(owner).takeUnretainedValue() as? Exchange)?.cancel()
}

func streamOpened(_ owner: UnsafeMutableRawPointer?, _ id: UInt64) {
  stream(owner)?.opened(ConnectionID(raw: id))
}

func streamMessage(_ owner: UnsafeMutableRawPointer?, _ id: UInt64, _ text: cb_slice) {
  stream(owner)?.message(ConnectionID(raw: id), Array(text.bytes))
}

func streamClosed(_ owner: UnsafeMutableRawPointer?, _ id: UInt64) {
  stream(owner)?.closed(ConnectionID(raw: id))
}

func ownerReleased(_ owner: UnsafeMutableRawPointer?) {
  guard let owner else { return }
  Unmanaged<AnyObject>.fromOpaque(owner).release()
}

private func stream(_ owner: UnsafeMutableRawPointer?) -> WebSocketCallbacks? {
  guard let owner else { return nil }
  return (Unmanaged<AnyObject>.fromOpaque(owner).takeUnretainedValue() as? StreamOwner)?.callbacks
}

private func answer(_ id: UInt64, with response: Response, isHead: Bool, on loop: Loop, isInCallback: Bool) {
  let wire: Wire
  var kind = CB_PLAIN
  var topic: UInt64 = 0
  var owner: StreamOwner?
  switch response.body {
  case .bytes(let body):
    wire = Wire(status: response.status, headers: response.headers, body: body, writesBody: !isHead)
  case .events(let name, let first, let opened, let closed):
    if isHead {
      wire = Wire(status: response.status, headers: response.headers, body: [], writesBody: false)
    } else {
      wire = Wire(stream: first, status: response.status, headers: response.headers)
      (kind, topic) = (CB_EVENTS, name)
      owner = StreamOwner(WebSocketCallbacks(opened: opened, closed: closed))
    }
  case .webSocket(let name, let callbacks):
    wire = Wire(stream: [], status: 101, headers: response.headers)
    (kind, topic) = (CB_WEBSOCKET, name)
    owner = StreamOwner(callbacks)
  }
  wire.bytes.withUnsafeBytes { bytes in
    withAnswer(bytes[...], wire.statusLineCount) { plain in
      var full = plain.pointee
      full.kind = Int32(kind)
      full.topic = topic
      full.owner = owner.map { Unmanaged.passRetained($0 as AnyObject).toOpaque() }
      isInCallback ? cb_answer_now(loop.server, id, &full) : cb_answer_later(loop.server, id, &full)
    }
  }
}

private func withAnswer(
  _ bytes: Slice<UnsafeRawBufferPointer>, _ statusLineCount: Int, _ body: (UnsafePointer<cb_answer>) -> Void
) {
  let whole = UnsafeRawBufferPointer(rebasing: bytes)
  var answer = cb_answer()
  answer.status_line = cb_slice(UnsafeRawBufferPointer(rebasing: whole[..<statusLineCount]))
  answer.rest = cb_slice(UnsafeRawBufferPointer(rebasing: whole[statusLineCount...]))
  body(&answer)
}

extension Response {
  /// No handler may be started now.
  fileprivate static var busy: Response {
    let body = #"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The server is busy."}"#
    let headers = [Header("Content-Type", "application/problem+json"), Header("Retry-After", "1")]
    return Response(status: 503, headers: headers, body: Array(body.utf8))
  }
}
