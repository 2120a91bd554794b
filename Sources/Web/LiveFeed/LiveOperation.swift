/// The live surface: sockets, event streams, polling. Sockets decide by themselves who may listen and say it by a close code.
public enum LiveOperation: String, Surface {
  case publicSocket, organizationSocket
  case publicEvents, organizationEvents
  case publicChanges, organizationChanges

  public static let root = "/"
  public static let endsInSlash = true

  public var endpoint: Endpoint {
    switch self {
    case .publicSocket: Endpoint(.get, "ws/status/public/{slug}", .everyone)
    case .organizationSocket: Endpoint(.get, "ws/status/org/{id}", .everyone)
    case .publicEvents: Endpoint(.get, "events/status/public/{slug}", .everyone)
    case .organizationEvents: Endpoint(.get, "events/status/org", .read)
    case .publicChanges: Endpoint(.get, "events/status/public/{slug}/changes", .everyone)
    case .organizationChanges: Endpoint(.get, "events/status/org/changes", .read)
    }
  }
}
