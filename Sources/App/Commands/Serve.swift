import Curl
import Domain
import Engine
import HTTPServer
import JSON
import Notify
import SQLite
import Store
import Web

extension Command {
  /// The whole product in one process.
  static let serve = Command(
    name: "serve", usage: "", summary: "Runs monitoring, the web interface, the API and status pages.",
    settings: serveSettings,
    body: { arguments in
      Signals.hold()
      let log = Log(world: .system)
      let settings = try InstanceSettings(arguments)
      let folder = try DataFolder(arguments["data"] ?? "data")
      let instance: Instance
      do {
        instance = try await Instance(settings, folder: folder, log: log)
      } catch let error as ServerError {
        throw settings.cannotListen(error)
      } catch let error as SQLiteError {
        throw CommandFailure(code: error.exitCode, message: "the database in \(folder.path) cannot be used: \(error)")
      } catch let error as MigrationError {
        throw CommandFailure(code: ExitCode.badData, message: error.sentence)
      }
      Console.line("Listening on \(instance.url)")
      if let token = try await instance.access.prepareSetup() {
        Console.line("Create the first account: \(settings.baseURL ?? instance.url)/setup?token=\(token)")
      }
      let signal = await Signals.first()
      log.event("stopping", [("signal", JSON(signal))])
      await instance.stop()
      return ExitCode.ok
    })

  private static let serveSettings = [
    .listen,
    Setting("data", "DIR", standard: "data", help: "The folder of the database and the key."),
    Setting("base-url", "URL", help: "The address people use, where a proxy stands before martlet.") {
      (try? WebURL($0)) == nil ? "give an http or https address." : nil
    },
    Setting("trusted-proxy", "ADDRESS[,…]", help: "Addresses or networks whose X-Forwarded-For is believed.") {
      $0.split(separator: ",").allSatisfy { AddressRange(String($0)) != nil } ? nil : "give addresses or CIDR networks."
    },
    Setting("signup", "open|invite", standard: "invite", help: "Who may make an account after the first.") {
      Access.SignUp(rawValue: $0) == nil ? "give open or invite." : nil
    },
    Setting("smtp-url", "URL", help: "The mail server: smtp://user:password@host:587 or smtps://host.") {
      do throws(WebURL.ParseError) {
        _ = try MailServer($0)
        return nil
      } catch { return error.description }
    },
    Setting("mail-from", "ADDRESS", standard: "martlet@localhost", help: "The sender of mails.") {
      MailAddress.isPlausible($0) ? nil : "give a mail address."
    },
    Setting(
      "cluster-token-file", "FILE",
      help: "A file with a secret of yours that lets workers into any region; may be changed while it runs."),
    Setting("metrics-token-file", "FILE", help: "A file with a secret that shows /metrics to other machines."),
    Setting("ca-file", "FILE", help: "A PEM bundle of authorities to trust instead of the system's."),
    Setting("dns", "ADDRESS[:PORT][,…]", help: "DNS servers to ask instead of the system's."),
    .rootServers,
  ]
}

extension Setting {
  /// Asked past the DNS servers of the place.
  static let rootServers = Setting(
    "root-servers", "ADDRESS[:PORT][,…]", standard: WayOut.rootServers,
    help: "Servers of the DNS's root. When checks fail, two of them that answer prove a way out; none asks nobody."
  ) {
    $0 == "none" || WayOut.areServers($0) ? nil : "give two or more IP addresses, or none."
  }

  /// Where `serve` and `demo` listen.
  static let listen = Setting(
    "listen", "HOST:PORT", standard: "127.0.0.1:8080", help: "Where to listen; port 0 picks a free one."
  ) {
    ListenAddress($0) == nil ? "give an address and a port, such as 127.0.0.1:8080." : nil
  }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `:8080`.
struct ListenAddress {
  let host: String
  let port: Int

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    let host = text[..<colon]
    self.port = port
    self.host =
      host.isEmpty
      ? "0.0.0.0" : host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
  }
}

extension InstanceSettings {
  /// From arguments whose values were checked one by one.
  init(_ arguments: Arguments) throws {
    if let listen = arguments["listen"].flatMap(ListenAddress.init) {
      host = listen.host
      port = listen.port
    }
    baseURL = arguments["base-url"]
    trustedProxies = (arguments["trusted-proxy"] ?? "").split(separator: ",").compactMap { AddressRange(String($0)) }
    signUp = arguments["signup"].flatMap(Access.SignUp.init) ?? .invite
    mailServer = try arguments["smtp-url"].map { try MailServer($0) }
    mailFrom = arguments["mail-from"] ?? mailFrom
    caFile = arguments["ca-file"]
    dnsServers = arguments["dns"]
    rootServers = arguments.rootServers
    clusterTokenFile = arguments["cluster-token-file"]
    metricsTokenFile = arguments["metrics-token-file"]
  }

  func cannotListen(_ error: ServerError) -> CommandFailure {
    CommandFailure(
      code: ExitCode.badConfiguration,
      message: "cannot listen on \(host):\(port): \(error.message). Name another with --listen.")
  }
}

extension Arguments {
  var rootServers: String? { self["root-servers"].flatMap { $0 == "none" ? nil : $0 } }
}

extension SQLiteError {
  fileprivate var exitCode: Int32 {
    switch kind {
    case .corrupt: ExitCode.badData
    case .io: ExitCode.ioError
    default: ExitCode.badConfiguration
    }
  }
}

extension MigrationError {
  var sentence: String {
    switch self {
    case .newer(let number):
      "the database was written by a newer martlet (step \(number)). Run that version, or restore a backup."
    case .changed(let number):
      "step \(number) of the database's schema is not the one this martlet knows. Restore a backup."
    }
  }
}
