import Foundation
import Glibc
import Synchronization

/// A TCP server on loopback whose answers are written by the test: each connection runs the script on its own thread.
public final class ScriptedServer: @unchecked Sendable {
  /// One accepted connection, for its script alone.
  public struct Connection {
    public let fd: Int32

    /// Reads up to the empty line; what it read as text.
    @discardableResult
    public func readHead() -> String {
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while recv(fd, &byte, 1, 0) == 1 {
        bytes.append(byte)
        if bytes.suffix(4) == [13, 10, 13, 10] { break }
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// One line without its end; nil when the peer has gone.
    public func readLine() -> String? {
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while recv(fd, &byte, 1, 0) == 1 {
        if byte == 0x0a { return String(decoding: bytes.last == 0x0d ? bytes.dropLast() : bytes[...], as: UTF8.self) }
        bytes.append(byte)
      }
      return nil
    }

    public func read(_ count: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      let got = bytes.withUnsafeMutableBytes { recv(fd, $0.baseAddress, count, Int32(MSG_WAITALL)) }
      return Array(bytes.prefix(max(got, 0)))
    }

    /// False when the peer has gone.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }

    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    public func answer(_ status: String = "200 OK", headers: [String] = [], body: String = "ok") {
      let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
      send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    public func pause(_ ms: UInt32) { usleep(ms * 1000) }

    /// Closes with RST.
    public func reset() {
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Waits until the peer closes.
    public func waitForClose() {
      var byte: UInt8 = 0
      while recv(fd, &byte, 1, 0) > 0 {}
    }
  }

  public let port: UInt16
  private let listener: Int32
  private let seen = Mutex<(connections: Int, heads: [String])>((0, []))

  public var url: String { "http://127.0.0.1:\(port)" }
  public var connections: Int { seen.withLock { $0.connections } }
  public var heads: [String] { seen.withLock { $0.heads } }

  public init(
    address: String = "127.0.0.1", port wanted: UInt16 = 0, _ script: @escaping @Sendable (Connection) -> Void
  )
    throws
  {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = wanted.bigEndian
    inet_pton(AF_INET, address, &name.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let fd = listener
    let code = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(fd, $0, size) == 0 && listen(fd, 64) == 0 && getsockname(fd, $0, &size) == 0
      }
    }
    guard code else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    port = UInt16(bigEndian: name.sin_port)
    let accepting = Thread { [weak self] in
      while true {
        let peer = accept(fd, nil, nil)
        guard peer >= 0 else { return }
        // A child of the tests that kept it open would keep the peer from seeing the close.
        _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
        self?.seen.withLock { $0.connections += 1 }
        Thread.detachNewThread {
          script(Connection(fd: peer))
          close(peer)
        }
      }
    }
    accepting.start()
  }

  /// For scripts that want to show what they were asked.
  public func remember(_ head: String) { seen.withLock { $0.heads.append(head) } }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
