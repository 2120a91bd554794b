import CAres
import CLinux
import Glibc

/// Names of the hosts file; read again when it has changed, looked at no more than once a second.
struct HostsFile {
  private let path: String
  private var byName: [String: [IPAddress]] = [:]
  private var checkedNs: UInt64 = 0
  private var modified = (Int.min, Int.min)
  private static let bytesMax = 4 << 20

  init(path: String) { self.path = path }

  mutating func addresses(of name: String, nowNs: UInt64) -> [IPAddress] {
    if checkedNs == 0 || nowNs &- checkedNs > 1_000_000_000 {
      checkedNs = nowNs
      reloadIfChanged()
    }
    return byName[name] ?? []
  }

  private mutating func reloadIfChanged() {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return byName = [:] }
    defer { close(fd) }
    var facts = stat()
    guard fstat(fd, &facts) == 0 else { return }
    let stamp = (facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec)
    guard stamp != modified else { return }
    modified = stamp
    var bytes = [UInt8](repeating: 0, count: min(max(Int(facts.st_size), 0), Self.bytesMax))
    let count = bytes.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
    parse(bytes.prefix(max(count, 0)))
  }

  private mutating func parse(_ bytes: ArraySlice<UInt8>) {
    byName = [:]
    for line in bytes.split(separator: 0x0a) {
      let text = line.prefix { $0 != UInt8(ascii: "#") }
      let words = text.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
      guard let first = words.first, let address = IPAddress(String(decoding: first, as: UTF8.self)) else { continue }
      for word in words.dropFirst() {
        byName[String(decoding: word, as: UTF8.self).lowercased(), default: []].append(address)
      }
    }
  }
}
