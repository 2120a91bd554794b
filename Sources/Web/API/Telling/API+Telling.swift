import HTTPServer

extension API {
  /// Services, incidents, status pages, channels, notifications, live changes and public pages.
  func telling(_ call: Call) async throws -> Response {
    switch call.operation {
    case .listChannels: return try await ChannelAPI.list(call.known(), context)
    case .createChannel: return try await ChannelAPI.create(call.known(), context)
    case .showChannel: return try await ChannelAPI.show(call.known(), context)
    case .updateChannel: return try await ChannelAPI.update(call.known(), context)
    case .deleteChannel: return try await ChannelAPI.delete(call.known(), context)
    case .testChannel: return try await ChannelAPI.test(call.known(), context)
    case .listNotifications: return try await NotificationAPI.list(call.known(), context)
    case .resendNotification: return try await NotificationAPI.resend(call.known(), context)
    default: throw Problem.notFound
    }
  }
}
