import Foundation
import Glibc
import TestSupport

/// An authority and leaves of every kind, made by the openssl program in a folder that goes with this value.
final class Certificates: Sendable {
  let folder: URL
  var authority: String { folder.appending(path: "ca.pem").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "probe-tls-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try
      "[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index\nserial=serial\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=supplied\n"
      .write(to: folder.appending(path: "ca.conf"), atomically: true, encoding: .utf8)
    try "".write(to: folder.appending(path: "index"), atomically: true, encoding: .utf8)
    try "01".write(to: folder.appending(path: "serial"), atomically: true, encoding: .utf8)
    try selfSigned("ca", subject: "/CN=Test authority")
    try selfSigned("lone", subject: "/CN=lone")
    try leaf("good", names: "IP:127.0.0.1,DNS:good.probe.test", from: "20200101000000Z", to: "20990101000000Z")
    try leaf("other", names: "DNS:other.probe.test", from: "20200101000000Z", to: "20990101000000Z")
    try leaf("expired", names: "IP:127.0.0.1", from: "20200101000000Z", to: "20210101000000Z")
    try leaf("early", names: "IP:127.0.0.1", from: "20980101000000Z", to: "20990101000000Z")
  }

  deinit {
    // Nothing depends on the folder being gone: the system clears its temporary files.
    _ = try? FileManager.default.removeItem(at: folder)
  }

  private func selfSigned(_ name: String, subject: String) throws {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    let names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    try openssl(["req", "-x509", "-days", "30", "-subj", subject, "-out", "\(name).pem"] + key + names)
  }

  private func leaf(_ name: String, names: String, from: String, to: String) throws {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    try openssl(["req", "-new", "-subj", "/CN=\(name)", "-out", "\(name).csr"] + key)
    try "subjectAltName=\(names)\n"
      .write(to: folder.appending(path: "\(name).ext"), atomically: true, encoding: .utf8)
    let signed = ["-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "\(name).ext", "-batch", "-notext"]
    let dates = ["-startdate", from, "-enddate", to]
    try openssl(["ca", "-config", "ca.conf", "-in", "\(name).csr", "-out", "\(name).pem"] + signed + dates)
  }

  private func openssl(_ words: [String]) throws {
    let child = try ChildProcess(["openssl"] + words, folder: folder)
    guard child.wait() == 0 else { throw POSIXError(.EINVAL) }
  }
}

/// A program found on the path, silent, in a folder; it goes with this value.
final class ChildProcess: @unchecked Sendable {
  private let id: pid_t
  private var status: Int32?

  init(_ words: [String], folder: URL) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let whole = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder.path] + words
    let arguments = whole.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, whole[0], &actions, nil, arguments, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    self.id = id
  }

  deinit {
    guard status == nil else { return }
    kill(id, SIGKILL)
    wait()
  }

  var isRunning: Bool {
    var found: Int32 = 0
    if status == nil, waitpid(id, &found, WNOHANG) == id { status = found }
    return status == nil
  }

  /// Waits for its end; what waitpid says, 0 for a good end.
  @discardableResult
  func wait() -> Int32 {
    var found: Int32 = 0
    if status == nil, waitpid(id, &found, 0) == id { status = found }
    return status ?? -1
  }
}

/// OpenSSL's own test server on loopback: answers every GET with 200 under one of the certificates.
final class TLSServer: @unchecked Sendable {
  let port: UInt16
  private let process: ChildProcess

  var url: String { "https://127.0.0.1:\(port)/" }

  init(_ certificates: Certificates, _ name: String, more: [String] = []) throws {
    // The program does not say in time which port it was given, so it is told one that was free a moment ago.
    port = try ScriptedServer { _ in }.port
    let kind = more.contains("-HTTP") ? [] : ["-www"]
    let words = ["openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "\(name).pem", "-key", "\(name).key"]
    process = try ChildProcess(words + kind + more, folder: certificates.folder)
    let end = ContinuousClock.now + .seconds(10)
    while true {
      guard let fd = connected(to: port) else {
        guard process.isRunning, .now < end else { throw POSIXError(.ECONNREFUSED) }
        usleep(10_000)
        continue
      }
      close(fd)
      return
    }
  }
}

/// Passes the bytes of a connection on to a server behind, and back, until either side ends.
func relay(_ connection: ScriptedServer.Connection, to port: UInt16) {
  guard let behind = connected(to: port) else { return }
  defer { close(behind) }
  var waiting = [
    pollfd(fd: connection.fd, events: Int16(POLLIN), revents: 0), pollfd(fd: behind, events: Int16(POLLIN), revents: 0),
  ]
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while poll(&waiting, 2, 10_000) > 0 {
    for (index, other) in [(0, behind), (1, connection.fd)] where waiting[index].revents != 0 {
      let count = recv(waiting[index].fd, &buffer, buffer.count, 0)
      guard count > 0, send(other, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
    }
  }
}

private func connected(to port: UInt16) -> Int32? {
  let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_port = port.bigEndian
  inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
  let code = withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
  if code == 0 { return fd }
  close(fd)
  return nil
}
