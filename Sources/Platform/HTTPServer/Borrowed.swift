import CBeast

extension cb_slice {
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(data: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count: bytes.count)
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: count) }
  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// A field name, which is a token and thus ASCII.
  var lowercased: String {
    String(unsafeUninitializedCapacity: count) { buffer in
      for (index, byte) in bytes.enumerated() {
        buffer.initializeElement(at: index, to: byte &- 0x41 < 26 ? byte | 0x20 : byte)
      }
      return count
    }
  }
}

extension RequestHead {
  init(_ head: cb_head) {
    self.init(
      method: head.method.string, target: head.target.string, host: head.host.string,
      ifNoneMatch: head.if_none_match.data == nil ? nil : head.if_none_match.string,
      hasCookieOrAuthorization: head.has_credentials, peer: head.peer.string)
  }
}

extension Request {
  init(_ head: cb_head, body: cb_slice) {
    let fields = UnsafeBufferPointer(start: head.headers, count: head.header_count)
    self.init(
      method: head.method.string, target: head.target.string,
      headers: fields.map { Header($0.name.lowercased, $0.value.string) }, body: Array(body.bytes),
      peer: head.peer.string)
  }
}

extension HTTPServer.Configuration {
  /// All but `host`, which must outlive the call that reads it.
  var settings: cb_config {
    var settings = cb_config()
    settings.port = UInt16(clamping: port)
    settings.second_milliseconds = UInt32(clamping: secondMilliseconds)
    settings.connections_max = UInt32(clamping: connectionsMax)
    settings.connections_per_address_max = UInt32(clamping: connectionsPerAddressMax)
    settings.head_bytes_max = UInt32(clamping: headBytesMax)
    settings.headers_max = UInt32(clamping: headersMax)
    settings.head_seconds = UInt32(clamping: headSeconds)
    settings.body_seconds = UInt32(clamping: bodySeconds)
    settings.idle_seconds = UInt32(clamping: idleSeconds)
    settings.write_stall_seconds = UInt32(clamping: writeStallSeconds)
    settings.handler_seconds = UInt32(clamping: handlerSeconds)
    settings.heartbeat_seconds = UInt32(clamping: heartbeatSeconds)
    settings.socket_idle_seconds = UInt32(clamping: webSocketIdleSeconds)
    settings.message_bytes_max = UInt32(clamping: webSocketMessageBytesMax)
    settings.queue_bytes_max = UInt32(clamping: queueBytesMax)
    settings.controls_per_second_max = UInt32(clamping: webSocketControlsPerSecondMax)
    return settings
  }
}
