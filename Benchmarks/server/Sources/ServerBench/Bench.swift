import Glibc
import HTTPServer

/// Serves what `scripts/bench-server` measures: a cached page, an event stream and a WebSocket, both of one topic.
@main struct Bench {
  static func main() async {
    let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8900
    raiseDescriptorLimit()
    var configuration = HTTPServer.Configuration(
      host: "127.0.0.1", port: port, connectionsMax: 1_000_000, connectionsPerAddressMax: 1_000_000)
    configuration.idleSeconds = 600
    configuration.webSocketIdleSeconds = 600
    configuration.heartbeatSeconds = 600
    let handler = BenchHandler()
    do {
      let server = try HTTPServer(configuration, handler: handler)
      handler.use(server)
      while true { sleep(1000) }
    } catch {
      let words = "\(error.operation): \(error.message)\n"
      words.utf8CString.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count - 1) }
      exit(1)
    }
  }
}

private func raiseDescriptorLimit() {
  var limit = rlimit()
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  guard getrlimit(resource, &limit) == 0 else { return }
  limit.rlim_cur = limit.rlim_max
  _ = setrlimit(resource, &limit)
}
