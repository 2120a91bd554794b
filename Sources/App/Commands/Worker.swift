import CLinux
import Curl
import Domain
import Glibc
import HTTPServer
import JSON
import Synchronization
import Wire
import Worker

extension Command {
  /// Checks from another place, for a control plane elsewhere.
  static let worker = Command(
    name: "worker", usage: "", summary: "Does the checks of one region for a control plane elsewhere.",
    settings: [
      Setting("control-plane", "URL", help: "The control plane's address; https unless it is on this machine.") {
        ControlPlaneAddress.problem($0)
      },
      Setting("region", "NAME", help: "The region that this worker works for; '*' looks for those that have none."),
      Setting(
        "cluster-token-file", "FILE", help: "A file with the operator's token, or a region's; for the first start."),
      Setting("token", "TOKEN", help: "That token itself, as the regions page shows it."),
      Setting("data", "DIR", standard: "worker-data", help: "The folder of its identity and of results that wait."),
      Setting("listen", "HOST:PORT", standard: "127.0.0.1:0", help: "Where /health and /metrics answer.") {
        ListenAddress($0) == nil ? "give an address and a port, such as 127.0.0.1:9090." : nil
      },
      Setting("canary", "URL[,…]", help: "Places that always answer: when none does, it is the network here.") {
        Canaries.problem($0)
      },
      Setting("spool-megabytes", "N", standard: "256", help: "Room for results while the control plane is away.") {
        number($0, in: 1...1_000_000)
      },
      Setting("ca-file", "FILE", help: "A PEM bundle of authorities to trust instead of the system's."),
      Setting("dns", "ADDRESS[:PORT][,…]", help: "DNS servers to ask instead of the system's."), .rootServers,
    ],
    body: { arguments in
      Signals.hold()
      return try await WorkerProcess(arguments).run()
    })
}

/// `martlet worker`, wired.
private struct WorkerProcess {
  private let arguments: Arguments
  private let folder: WorkerFolder
  private let url: WebURL
  private let log = Log(world: .system)

  init(_ arguments: Arguments) throws {
    self.arguments = arguments
    guard let address = arguments["control-plane"] else {
      throw UsageError(message: "--control-plane is needed: the address of martlet serve.")
    }
    url = try WebURL(address)
    folder = try WorkerFolder(arguments["data"] ?? "worker-data")
  }

  func run() async throws -> Int32 {
    let running = Mutex<Worker?>(nil)
    let signals = Task { [log] in
      let signal = await Signals.first()
      log.event("stopping", [("signal", JSON(signal))])
      // Before it is enrolled there is nothing to finish.
      guard let worker = running.withLock({ $0 }) else { leave(ExitCode.ok) }
      await worker.leave()
    }
    var transfers = TransferClient.Configuration()
    transfers.caFile = arguments["ca-file"] ?? transfers.caFile
    transfers.resolver.servers = arguments["dns"]
    transfers.loadsAuthoritiesFirst = false
    transfers.connectionsKept = 6
    let client = try OutboundClient(configuration: transfers)
    defer { client.stop() }
    let identity = try await identify(client)
    var settings = Worker.Settings(
      controlPlane: url, worker: identity.worker, token: identity.token, spoolFolder: folder.spool,
      journal: folder.path + "/under-way")
    settings.core.canaries = Canaries.list(arguments["canary"] ?? "")
    settings.spool.bytesMax = (Int(arguments["spool-megabytes"] ?? "") ?? 256) << 20
    // What ended is to leave the journal at once: after a crash only what was under way is suspected.
    settings.probe.batchMs = 10
    settings.probe.caFile = arguments["ca-file"] ?? settings.probe.caFile
    settings.probe.dnsServers = arguments["dns"]
    settings.probe.rootServers = arguments.rootServers
    let log = log
    let worker = try Worker(settings, client: client, world: .system) { log.event("worker", [("note", .string($0))]) }
    let server = try WorkerStatus.listen(
      ListenAddress(arguments["listen"] ?? "") ?? ListenAddress("127.0.0.1:0")!, worker)
    Console.line("Working for region \(identity.region) of \(url.description) as \(identity.worker)")
    Console.line("Status on http://127.0.0.1:\(server.port)/metrics")
    running.withLock { $0 = worker }
    let reason = await worker.run()
    signals.cancel()
    await server.drain(seconds: 1)
    guard let reason else { return ExitCode.ok }
    throw CommandFailure(code: ExitCode.refused, message: reason)
  }

  /// With a new token, as at each start; with the old one where the control plane cannot be asked now.
  private func rotated(_ known: WorkerIdentity, _ client: OutboundClient) async throws -> WorkerIdentity {
    var identity = known
    do throws(Enroller.Refused) {
      identity.token = try await Enroller.rotate(at: url, token: known.token, client: client)
    } catch {
      guard error.mayPass else { throw CommandFailure(code: ExitCode.refused, message: error.description) }
      log.event("token_kept", [("reason", .string(error.description))])
      return known
    }
    // On disk before it is used: from its first use on it is the only one. Where the disk takes nothing the old one goes on.
    do throws(CommandFailure) { try folder.keep(identity) } catch {
      log.event("token_kept", [("reason", .string(error.message))])
      return known
    }
    return identity
  }

  /// Who this worker is: as it was told before, or by enrolling now, which is tried again while nobody answers.
  private func identify(_ client: OutboundClient) async throws -> WorkerIdentity {
    if let known = try folder.identity() {
      guard known.controlPlane == url.description, arguments["region"].map({ $0 == known.region }) ?? true else {
        throw CommandFailure(
          code: ExitCode.badConfiguration,
          message:
            "\(folder.path) belongs to region \(known.region) of \(known.controlPlane); name another with --data.")
      }
      return try await rotated(known, client)
    }
    guard let region = arguments["region"] else { throw UsageError(message: "--region is needed.") }
    guard let token = try arguments["token"] ?? arguments["cluster-token-file"].map(WorkerFolder.text) else {
      throw UsageError(message: "--token or --cluster-token-file is needed for the first start.")
    }
    let asked = Enrolment(token: token, region: region, hostname: WorkerFolder.hostname, version: Martlet.version)
    var pauseMs = 500
    while true {
      do {
        let enrolled = try await Enroller.enroll(at: url, asked, client: client)
        let identity = WorkerIdentity(
          controlPlane: url.description, region: region, worker: enrolled.worker, token: enrolled.token)
        try folder.keep(identity)
        return identity
      } catch let refused as Enroller.Refused {
        guard refused.mayPass else {
          throw CommandFailure(code: ExitCode.refused, message: "not enrolled: \(refused.description)")
        }
        log.event("enrolment_waits", [("reason", .string(refused.description))])
        try await Task.sleep(for: .milliseconds(pauseMs))
        pauseMs = min(pauseMs * 2, 15_000)
      }
    }
  }
}

private enum ControlPlaneAddress {
  /// A token and what is measured go over the wire: outside this machine only under TLS.
  static func problem(_ text: String) -> String? {
    guard let url = try? WebURL(text) else { return "give an http or https address." }
    if url.isTLS || url.host == "localhost" { return nil }
    let isLoopback = url.address != nil && (url.host.hasPrefix("127.") || url.host == "::1")
    return isLoopback ? nil : "give an https address: the control plane is not on this machine."
  }
}

/// `/health` and `/metrics` of a worker, for those who watch it.
private struct WorkerStatus: RequestHandler {
  let worker: Worker

  static func listen(_ address: ListenAddress, _ worker: Worker) throws -> HTTPServer {
    do throws(ServerError) {
      return try HTTPServer(
        .init(host: address.host, port: address.port, connectionsMax: 64, connectionsPerAddressMax: 64),
        handler: WorkerStatus(worker: worker))
    } catch {
      throw CommandFailure(
        code: ExitCode.badConfiguration,
        message: "cannot listen on \(address.host):\(address.port): \(error.message). Name another with --listen.")
    }
  }

  func cached(_ head: RequestHead) -> CachedResponse? { nil }
  func bodyBytesMax(_ head: RequestHead) -> Int { 0 }

  func respond(to request: Request) async -> Response {
    let sight = await worker.sight
    switch request.target {
    case "/health":
      let body: JSON = ["status": "ok", "control_plane": sight.isAway ? "away" : "ok"]
      return Response(status: 200, headers: [Header("content-type", "application/json")], body: body.bytes)
    case "/metrics":
      let isOpen = request.header("accept")?.contains("application/openmetrics-text") == true
      let text = WorkerMetrics(sight, isOpenMetrics: isOpen)
      return Response(status: 200, headers: [Header("content-type", text.type)], body: Array(text.text.utf8))
    default: return Response(status: 404)
    }
  }
}
