import JSON

/// Shapes of what people are told: services, incidents, status pages, channels, notifications, live changes, public pages.
enum TellingShapes {
  static let components: [(String, Schema)] = ChannelShapes.components

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listChannels, .createChannel, .showChannel, .updateChannel, .deleteChannel, .testChannel, .listNotifications,
      .resendNotification:
      ChannelShapes.shape(operation)
    default: OperationShape(operation.rawValue, tag: "telling")
    }
  }
}
