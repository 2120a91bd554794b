import HTTPServer
import Synchronization

final class BenchHandler: RequestHandler {
  private let page: CachedResponse
  private let server = Mutex<HTTPServer?>(nil)
  private static let frame = [UInt8](repeating: UInt8(ascii: "x"), count: 254)
  private static let event =
    Array("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 246) + Array("\n\n".utf8)

  init() {
    page = CachedResponse(
      status: 200,
      headers: [
        Header("Content-Type", "text/html; charset=utf-8"), Header("Cache-Control", "no-cache"),
        Header("Content-Security-Policy", "default-src 'self'"), Header("X-Even", "same size as the other's"),
      ], body: [UInt8](repeating: UInt8(ascii: "p"), count: 1024), etag: "\"0123456789abcdef\"")
  }

  func use(_ server: HTTPServer) { self.server.withLock { $0 = server } }

  func cached(_ head: RequestHead) -> CachedResponse? { head.target == "/cached" ? page : nil }
  func bodyBytesMax(_ head: RequestHead) -> Int { 0 }

  func respond(to request: Request) async -> Response {
    switch request.target {
    case "/socket":
      let broadcast: @Sendable (ConnectionID, [UInt8]) -> Void = { [self] _, _ in
        server.withLock { $0 }?.broadcast(topic: 1, frame: Self.frame, event: Self.event, latest: nil)
      }
      return Response(status: 101, stream: .webSocket(topic: 1, WebSocketCallbacks(message: broadcast)))
    case "/events":
      let headers = [Header("Content-Type", "text/event-stream")]
      return Response(
        status: 200, headers: headers,
        stream: .events(topic: 1, first: Array(": hi\n\n".utf8), opened: { _ in }, closed: { _ in }))
    case "/broadcast":
      server.withLock { $0 }?.broadcast(topic: 1, frame: Self.frame, event: Self.event, latest: nil)
      return Response(status: 204)
    case "/handler": return Response(status: 200, body: [UInt8](repeating: UInt8(ascii: "p"), count: 1024))
    default: return Response(status: 404)
    }
  }
}
