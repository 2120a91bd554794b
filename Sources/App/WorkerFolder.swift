import CLinux
import Glibc
import JSON
import Worker

/// Who a worker is to its control plane, kept from one start to the next.
struct WorkerIdentity {
  var controlPlane: String
  var region: String
  var worker: String
  var token: String
}

/// The folder of a worker: its identity and its spool, held by one process at a time. No request's secret is ever in it.
struct WorkerFolder {
  let path: String

  var spool: String { path + "/spool" }
  private var file: String { path + "/worker.json" }

  init(_ path: String) throws(CommandFailure) {
    self.path = path
    do throws(DurableFile.Failure) { try DurableFile.makeFolder(path) } catch {
      throw Self.refused("The folder \(path) cannot be made (\(error)). Name another with --data.")
    }
    let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw Self.refused("The folder \(path) cannot be written (\(Self.reason)). Name another with --data.")
    }
    // Held until the process ends: the descriptor is nobody's to close.
    switch clinux_lock(lock) {
    case 1: break
    case 0: throw Self.refused("Another worker holds the folder \(path). Stop it, or name another with --data.")
    default: throw Self.refused("The folder \(path) cannot be locked (\(Self.reason)). Name another with --data.")
    }
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private static func refused(_ message: String) -> CommandFailure {
    CommandFailure(code: ExitCode.badConfiguration, message: message)
  }

  /// Nil before the first enrolment.
  func identity() throws(CommandFailure) -> WorkerIdentity? {
    guard access(file, F_OK) == 0 else { return nil }
    let json = try? JSON(parsing: Self.text(file))
    guard let plane = json?["control_plane"]?.string, let region = json?["region"]?.string,
      let worker = json?["worker_id"]?.string, let token = json?["api_token"]?.string
    else { throw Self.refused("\(file) is damaged. Remove it and enroll again.") }
    return WorkerIdentity(controlPlane: plane, region: region, worker: worker, token: token)
  }

  /// There is never half of it, and once this has returned no crash brings the one before back.
  func keep(_ identity: WorkerIdentity) throws(CommandFailure) {
    let json: JSON = [
      "control_plane": .string(identity.controlPlane), "region": .string(identity.region),
      "worker_id": .string(identity.worker), "api_token": .string(identity.token),
    ]
    do throws(DurableFile.Failure) { try DurableFile.replace(file, with: json.bytes) } catch {
      throw Self.refused("\(file) cannot be written in full: \(error). Is the disk full?")
    }
  }

  /// A small text file without the white space around it.
  static func text(_ path: String) throws(CommandFailure) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw refused("\(path) cannot be read: \(reason).") }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let n = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    guard n >= 0 else { throw refused("\(path) cannot be read: \(reason).") }
    let white: (UInt8) -> Bool = { $0 <= 0x20 }
    let text = bytes[..<n].drop(while: white).reversed().drop(while: white).reversed()
    return String(decoding: text, as: UTF8.self)
  }

  static var hostname: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
