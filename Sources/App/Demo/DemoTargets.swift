import CLinux
import CTLSTarget
import HTTPServer
import Sodium

/// The demo's own little services on loopback: healthy, slow, flapping, failing, and one whose certificate ends soon.
final class DemoTargets: Sendable {
  struct Target: Sendable {
    let name: String
    let url: String
    let service: String
    /// Slower than this is degraded.
    let degradedAfterMs: Int?
    /// The certificate is self-signed, so only its end is checked.
    let certificateDays: Int?
  }

  let all: [Target]
  private let server: HTTPServer

  init() throws {
    server = try HTTPServer(
      .init(host: "127.0.0.1", port: 0, connectionsMax: 256, connectionsPerAddressMax: 256), handler: DemoServices())
    let base = "http://127.0.0.1:\(server.port)"
    var targets = [
      Target(name: "Website", url: base + "/website", service: "Website", degradedAfterMs: nil, certificateDays: nil),
      Target(name: "API", url: base + "/api", service: "API", degradedAfterMs: 500, certificateDays: nil),
      Target(name: "Search (slow)", url: base + "/slow", service: "Search", degradedAfterMs: 300, certificateDays: nil),
      Target(
        name: "Webhooks (flapping)", url: base + "/flapping", service: "Webhooks", degradedAfterMs: nil,
        certificateDays: nil),
      Target(
        name: "Billing (failing)", url: base + "/failing", service: "Billing", degradedAfterMs: nil,
        certificateDays: nil),
    ]
    let tls = ctlstarget_start(5)
    if tls != 0 {
      targets.append(
        Target(
          name: "Shop (certificate ends in 5 days)", url: "https://127.0.0.1:\(tls)/", service: "Shop",
          degradedAfterMs: nil, certificateDays: 7))
    }
    all = targets
  }

  func stop() async { await server.drain(seconds: 1) }
}

private struct DemoServices: RequestHandler {
  func cached(_ head: RequestHead) -> CachedResponse? { nil }
  func bodyBytesMax(_ head: RequestHead) -> Int { 1024 }

  func respond(to request: Request) async -> Response {
    let jitter = Int64(Sodium.random(1)[0])
    switch request.target {
    case "/website": return await answer(200, afterMs: 12 + jitter / 16)
    case "/api": return await answer(200, afterMs: 30 + jitter / 4)
    case "/slow": return await answer(200, afterMs: 420 + jitter)
    case "/flapping":
      // Ninety seconds up, sixty down, by the clock, so that everybody sees the same.
      let second = clinux_realtime_us() / 1_000_000 % 150
      return await answer(second < 90 ? 200 : 503, afterMs: 8)
    case "/failing": return await answer(500, afterMs: 5)
    default: return await answer(404, afterMs: 0)
    }
  }

  private func answer(_ status: Int, afterMs: Int64) async -> Response {
    do {
      try await Task.sleep(for: .milliseconds(afterMs))
    } catch {
      return Response(status: 503)  // the client left
    }
    let word = status == 200 ? "ok" : status == 404 ? "no such demo service" : "the demo breaks this on purpose"
    return Response(
      status: status, headers: [Header("Content-Type", "application/json")],
      body: Array("{\"status\":\"\(word)\"}".utf8))
  }
}
