import HTTPServer

/// What the live feed needs of a server; calls keep their order per connection and topic.
public protocol LiveTransport: Sendable {
  func send(_ text: [UInt8], to connection: ConnectionID)
  func join(_ connection: ConnectionID, topic: UInt64)
  func broadcast(topic: UInt64, frame: [UInt8], event: [UInt8], latest: UInt64?)
  func close(_ connection: ConnectionID, code: UInt16)
}

extension HTTPServer: LiveTransport {}

/// Why a live connection is closed, in numbers that clients read.
enum LiveClose {
  static let unknown: UInt16 = 4001
  static let badTicket: UInt16 = 4002
  static let noAccess: UInt16 = 4003
  static let tooFast: UInt16 = 4008
  static let tryLater: UInt16 = 1013
}

/// One live connection and what it wants to hear.
struct LiveGuest: Sendable {
  enum Form: Sendable { case webSocket, eventStream }

  let feed: Int64
  /// Of a public page, to close it when the page is hidden.
  let page: Int64?
  /// Of an organization's feed, to close it when the right ends.
  let holder: LiveHolder?
  let form: Form
  let since: Int64?
  let epoch: String?
}
