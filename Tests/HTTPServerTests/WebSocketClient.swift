/// Frames of RFC 6455 over a raw client; sends masked with zeroes, which is a mask.
extension RawClient {
  enum Opcode: UInt8 { case text = 1, binary = 2, close = 8, ping = 9, pong = 10 }

  struct Frame: Equatable {
    var opcode: Opcode
    var payload: [UInt8]
    var text: String { String(decoding: payload, as: UTF8.self) }
    /// Of a close frame.
    var code: Int { payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : 0 }
  }

  static let handshake =
    "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

  /// A client with its handshake done; `server` counts it then.
  static func webSocket(port: Int, receiveBuffer: Int32? = nil) throws -> RawClient {
    let client = try RawClient(port: port, receiveBuffer: receiveBuffer)
    try client.send(handshake)
    let head = try client.read(until: "\r\n\r\n")
    guard head.hasPrefix("HTTP/1.1 101 "), head.lowercased().contains("s3pplmbitxaq9kygzzhzrbk+xoo=") else {
      throw Failure("no handshake: \(head)")
    }
    return client
  }

  func send(_ opcode: Opcode, _ payload: [UInt8]) throws {
    var frame: [UInt8] = [0x80 | opcode.rawValue]
    switch payload.count {
    case 0..<126: frame.append(0x80 | UInt8(payload.count))
    case 126..<65536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default: frame += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    try send(frame + [0, 0, 0, 0] + payload)
  }

  func send(text: String) throws { try send(.text, Array(text.utf8)) }

  func frame() throws -> Frame {
    let head = try read(2)
    guard head[0] & 0x80 != 0, let opcode = Opcode(rawValue: head[0] & 0x0f), head[1] & 0x80 == 0 else {
      throw Failure("a frame starts with \(head)")
    }
    var count = Int(head[1])
    if count == 126 { count = try read(2).reduce(0) { $0 << 8 | Int($1) } }
    if count == 127 { count = try read(8).reduce(0) { $0 << 8 | Int($1) } }
    return Frame(opcode: opcode, payload: try read(count))
  }

  /// The next frame that is neither ping nor pong.
  func message() throws -> Frame {
    while true {
      let next = try frame()
      if next.opcode != .ping, next.opcode != .pong { return next }
    }
  }
}
