import Domain
import Engine
import Glibc
import JSON
import Notify
import Sodium
import Store
import Web

/// A throw-away instance that watches the demo's own targets: nothing of it stays, nothing of it needs the internet.
struct Demo: Sendable {
  let instance: Instance
  let targets: DemoTargets
  let email = "demo@example.com"
  let password: String
  let folder: String
  /// The slug of the public page.
  private(set) var page = ""

  init(_ settings: InstanceSettings, log: Log) async throws {
    let above = Environment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array((above + "/martlet-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CommandFailure(code: ExitCode.failure, message: "no folder can be made under \(above). Is the disk full?")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    password = Base32.encode(Sodium.random(10))
    do {
      targets = try DemoTargets()
      instance = try await Instance(settings, folder: try DataFolder(folder), log: log)
    } catch {
      Self.remove(folder)
      throw error
    }
    do { page = try await fill() } catch {
      await stop()
      throw error
    }
  }

  /// An account, a monitor and a service for each target: what a person would click together. Returns the page's slug.
  private func fill() async throws -> String {
    let access = instance.access
    let client = Access.Client(address: "127.0.0.1", userAgent: "martlet demo")
    let session = try await access.signUp(
      Access.NewAccount(email: email, password: password, name: "Demo"), organization: "Harbourline",
      setupToken: try await access.prepareSetup(), client: client)
    guard let identity = try await access.identify(session: session.token, client: client) else {
      throw CommandFailure(code: ExitCode.failure, message: "the demo's own account was refused.")
    }
    let store = instance.store
    for target in targets.all {
      var monitor = MonitorSettings(name: target.name, url: target.url)
      monitor.intervalS = 5
      monitor.timeoutMs = 3000
      monitor.attempts = 2
      monitor.degradedAfterMs = target.degradedAfterMs
      monitor.tags = ["demo"]
      if let days = target.certificateDays {
        monitor.verifyTLS = false
        monitor.assertions = [Assertion(.certificateDays, .gt, String(days))]
      }
      try await store.write { [monitor, world = store.world, sealer = store.sealer] db in
        let id = try MonitorQueries.create(
          monitor, scope: identity.scope, by: identity.principal, in: db, world: world, sealer: sealer)
        _ = try ServiceDesk(scope: identity.scope, by: identity.principal, in: db, world: world)
          .create(ServiceDraft(name: target.service, monitors: [id]), state: .byMonitors)
      }
    }
    let pages = try await store.read { db in try StatusPageQueries.list(scope: identity.scope, in: db) }
    return pages.first?.slug ?? ""
  }

  func stop() async {
    await instance.stop()
    await targets.stop()
    Self.remove(folder)
  }

  private static func remove(_ folder: String) {
    for name in ["martlet.db", "martlet.db-wal", "martlet.db-shm", "secret.key", "lock"] { unlink(folder + "/" + name) }
    rmdir(folder)
  }
}
