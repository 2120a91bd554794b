import Foundation
import Glibc
import Synchronization

/// A DNS server on loopback whose answers are written by the test.
final class DNSServer: @unchecked Sendable {
  enum Answer {
    case addresses([String])
    case nameError
    case serverFailure
    case refused
    case silence
  }

  let port: UInt16
  private let fd: Int32
  private let asked = Mutex<[String]>([])

  /// `name type` of each question for a name in order, such as `www.test A`.
  var questions: [String] { asked.withLock { $0.filter { $0 != Self.root } } }
  /// How often the root was asked for, which an engine does by itself.
  var rootQuestions: Int { asked.withLock { $0.count { $0 == Self.root } } }
  private static let root = " NS"
  var configuration: String { "127.0.0.1:\(port)" }

  init(
    delayMs: UInt32 = 0, pauses: Pauses = Pauses(),
    _ answer: @escaping @Sendable (_ name: String, _ isV6: Bool) -> Answer
  ) throws {
    fd = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let fd = fd
    let bound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(fd, $0, size) == 0 && getsockname(fd, $0, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: name.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        var packet = [UInt8](repeating: 0, count: 1500)
        var peer = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &peer) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(fd, &packet, 1500, 0, $0, &length) }
        }
        guard count > 12 else { return }
        let query = Array(packet.prefix(count))
        let (name, type, end) = Self.question(query)
        self?.asked.withLock { $0.append("\(name) \(type == 28 ? "AAAA" : type == 2 ? "NS" : "A")") }
        guard let reply = Self.reply(query, end, type, answer(name, type == 28)) else { continue }
        let (to, size) = (peer, length)
        // Each answer waits on its own, so that questions asked together are answered together.
        Thread.detachNewThread {
          pauses.pause(delayMs)
          var to = to
          _ = withUnsafePointer(to: &to) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(fd, reply, reply.count, 0, $0, size) }
          }
        }
      }
    }
  }

  deinit {
    shutdown(fd, Int32(SHUT_RDWR))
    close(fd)
  }

  private static func question(_ packet: [UInt8]) -> (String, UInt16, Int) {
    var labels: [String] = []
    var at = 12
    while at < packet.count, packet[at] != 0 {
      let length = Int(packet[at])
      labels.append(String(decoding: packet[(at + 1)...].prefix(length), as: UTF8.self))
      at += length + 1
    }
    return (labels.joined(separator: "."), UInt16(packet[at + 1]) << 8 | UInt16(packet[at + 2]), at + 5)
  }

  private static func reply(_ query: [UInt8], _ end: Int, _ type: UInt16, _ answer: Answer) -> [UInt8]? {
    var code: UInt8 = 0
    var records: [[UInt8]] = []
    switch answer {
    case .silence: return nil
    case .nameError: code = 3
    case .serverFailure: code = 2
    case .refused: code = 5
    case .addresses(let texts):
      for text in texts {
        var bytes = [UInt8](repeating: 0, count: 16)
        if type == 28, inet_pton(AF_INET6, text, &bytes) == 1 {
          records.append([0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 0, 0, 16] + bytes)
        } else if type == 1, inet_pton(AF_INET, text, &bytes) == 1 {
          records.append([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4] + bytes.prefix(4))
        }
      }
    }
    let head = [query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
    return head + query[12..<end] + records.flatMap { $0 }
  }
}
