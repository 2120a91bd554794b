import Domain
import Engine
import HTTPServer
import JSON
import Store

/// What somebody who is known may do in the organization at hand.
public enum Authority: Hashable, Sendable {
  case role(Role)
  case readKey, writeKey

  public var mayWrite: Bool {
    switch self {
    case .role(let role): role.mayWrite
    case .writeKey: true
    case .readKey: false
    }
  }

  /// Owner or admin in person: members, keys, the audit log.
  public var mayAdminister: Bool {
    if case .role(let role) = self { role.mayWrite } else { false }
  }

  public func allows(_ policy: Policy) -> Bool {
    switch policy {
    case .everyone, .read: true
    case .session: if case .role = self { true } else { false }
    case .write: mayWrite
    case .admin: mayAdminister
    case .owner: self == .role(.owner)
    }
  }
}

/// What every API handler may read, whoever asks.
public protocol RequestReading: Sendable {
  var request: Request { get }
  var arguments: [String] { get }
  var query: RequestQuery { get }
}

extension RequestReading {
  /// The body as a strict reader; throws 400 or 415.
  public func body() throws(Problem) -> JSONReader { try JSONReader(request) }

  /// A variable segment as an id: what has another shape is as absent as an id that does not exist.
  public func id<Tag>(_ type: PublicID<Tag>.Type = PublicID<Tag>.self, at index: Int = 0) throws(Problem)
    -> PublicID<Tag>
  {
    guard arguments.indices.contains(index), let id = PublicID<Tag>(arguments[index]) else { throw .notFound }
    return id
  }

  public func paging() throws(Problem) -> Paging { try Paging(query) }
}

/// A request of somebody who is known and whom the route's policy lets in.
public struct APIRequest: RequestReading {
  public let request: Request
  public let arguments: [String]
  public let query: RequestQuery
  /// The one organization this request may see.
  public let scope: TenantScope
  /// On whose behalf writes happen.
  public let principal: Principal
  public let authority: Authority
  /// Present when a person asks with a session, absent for keys.
  public let session: SignedIn?

  public init(
    request: Request, arguments: [String], query: RequestQuery, scope: TenantScope, principal: Principal,
    authority: Authority, session: SignedIn?
  ) {
    self.request = request
    self.arguments = arguments
    self.query = query
    self.scope = scope
    self.principal = principal
    self.authority = authority
    self.session = session
  }
}

/// A request of anybody: public pages, logging in.
public struct PublicRequest: RequestReading {
  public let request: Request
  public let arguments: [String]
  public let query: RequestQuery
  /// Numeric, as the trusted proxies tell it.
  public let clientAddress: String

  public init(request: Request, arguments: [String], query: RequestQuery, clientAddress: String) {
    self.request = request
    self.arguments = arguments
    self.query = query
    self.clientAddress = clientAddress
  }
}
