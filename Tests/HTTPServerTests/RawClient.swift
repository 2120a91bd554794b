import Glibc

/// A blocking socket to the loopback that sends and reads bytes as they are. Reads end after ten seconds, so that a
/// broken server fails a test instead of hanging it.
final class RawClient {
  private(set) var descriptor: Int32
  private var pending: [UInt8] = []

  init(port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure("socket: errno \(errno)") }
    var wait = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure("connect: errno \(errno)") }
  }

  deinit { disconnect() }

  func disconnect() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
  }

  /// Leaves with a reset.
  func abort() {
    var off = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    disconnect()
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure("send: errno \(errno)") }
      sent += count
    }
  }

  /// More bytes; empty at the end of the stream.
  private func receive() throws -> [UInt8] {
    let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
      count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
      if count == 0 { lastError = errno }
    }
    return chunk
  }
  private var lastError: Int32 = 0

  func read(_ count: Int) throws -> [UInt8] {
    while pending.count < count {
      let more = try receive()
      if more.isEmpty { throw Failure("the stream ended after \(pending.count) of \(count) bytes") }
      pending += more
    }
    defer { pending.removeFirst(count) }
    return Array(pending.prefix(count))
  }

  func read(until end: String) throws -> String {
    let end = Array(end.utf8)
    var searched = 0
    while true {
      while searched + end.count <= pending.count {
        if pending[searched] == end[0], pending[searched..<searched + end.count].elementsEqual(end) {
          return String(decoding: try read(searched + end.count), as: UTF8.self)
        }
        searched += 1
      }
      let more = try receive()
      if more.isEmpty { throw Failure("the stream ended: \(String(decoding: pending, as: UTF8.self))") }
      pending += more
    }
  }

  /// Everything up to the end of the stream.
  func readAll() throws -> String {
    while true {
      let more = try receive()
      if more.isEmpty { break }
      pending += more
    }
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// One response with a Content-Length.
  func response(hasBody: Bool = true) throws -> Reply {
    let head = try read(until: "\r\n\r\n")
    var lines = head.split(separator: "\r\n").map(String.init)
    let status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
    let headers = lines.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
    }
    var reply = Reply(status: status, headers: Dictionary(headers) { $1 })
    if hasBody, let length = reply.headers["content-length"].flatMap({ Int($0) }) {
      reply.body = String(decoding: try read(length), as: UTF8.self)
    }
    return reply
  }
}

struct Reply {
  var status: Int
  var headers: [String: String]
  var body = ""
}

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
